"""What the documents tell people to type exists."""

from __future__ import annotations

import re

import click
import pytest

from unpickled.cli.main import cli

FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PLACES = ("README.md", "CHANGELOG.md", "docs/*.md", "labs/**/*.md", "*/README.md", "course/**/*.py")


def commands(text):
    """Yield the words of each `unpickled …` and the options it is given, from code spans and blocks."""
    code = [line for block in FENCED.findall(text) for line in block.splitlines()]
    code += SPAN.findall(FENCED.sub("", text))
    for line in code:
        for found in re.finditer(r"(?:^|[|;&$#]|bin/|\s)unpickled((?: +[^\s|;&#>]+)+)", line):
            yield line, found[1].split()


def documents(root):
    return sorted({path for place in PLACES for path in root.glob(place)})


def test_every_command_that_a_document_names_exists(root):
    """Each word after `unpickled` is a command of that group, and each option is one that it takes."""
    seen = set()
    for path in documents(root):
        for line, words in commands(path.read_text("utf-8")):
            command, context = cli, click.Context(cli)
            while isinstance(command, click.Group) and words and not words[0].startswith("-"):
                name = words.pop(0)
                if name in {"…", "..."}:
                    break
                command = command.get_command(context, name)
                assert command, f"{path.relative_to(root)}: no command {name!r} in {line!r}"
                seen.add(name)
            options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
            for word in words:
                option = word.split("=")[0].strip(".,)[]")
                if option.startswith("--") and option != "--help":
                    assert option in options, f"{path.relative_to(root)}: {option} in {line!r}"
    assert {"check", "trace", "doctor", "author", "build"} <= seen


def test_every_make_target_that_a_document_names_exists(root):
    """`make …` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in documents(root):
        text = path.read_text("utf-8")
        code = FENCED.findall(text) + SPAN.findall(FENCED.sub("", text))
        for line in code:
            for name in re.findall(r"(?:^|\n|\s)make ([a-z]+)", line):
                assert name in targets, f"{path.relative_to(root)}: make {name} in {line!r}"


@pytest.mark.parametrize("wrong", ["`unpickled chekc x`", "```\nunpickled check --jsn x\n```\n"])
def test_the_gate_sees_a_wrong_command(tmp_path, wrong):
    """The check above can fail."""
    (tmp_path / "README.md").write_text(wrong)
    with pytest.raises(AssertionError, match=r"README\.md"):
        test_every_command_that_a_document_names_exists(tmp_path)
