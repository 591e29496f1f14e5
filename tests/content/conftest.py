"""A whole course in a temporary folder: the real data and practice items, with pages that say next to nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from unpickled.content import load_course, load_errata, load_practice

CHECKOUT = Path(__file__).resolve().parents[2]
LESSON = "L4.4.2"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the course once; tests copy it."""
    root = tmp_path_factory.mktemp("course")
    (root / "quizzes" / LESSON).mkdir(parents=True)
    shutil.copytree(CHECKOUT / "course" / "data", root / "course" / "data")
    shutil.copy(CHECKOUT / "course" / "course.toml", root / "course")
    shutil.copy(CHECKOUT / "quizzes" / LESSON / "practice.toml", root / "quizzes" / LESSON)
    course, items = load_course(root), load_practice(root)
    errata = load_errata(root)
    (root / "course" / LESSON).mkdir()
    for page in course.pages:
        folder = root / "course" if page is course.start else root / "course" / LESSON
        cards = "".join(
            f'# %%\nlab.card("{item.id}")\n\n' for item in items if item.page == page.id
        )
        named = [erratum.id for erratum in errata if page.id in erratum.pages]
        marks = "".join(
            f"# > **Corrected.** {{# corrects: {one} #}}It is so.\n#\n" for one in named
        )
        head = f"# %% [markdown]\n# # {page.title}\n#\n# Plain words.\n#\n{marks}\n# %%\nfrom unpickled import lab\n\n"
        (folder / f"{page.id}.py").write_text(head + cards)
    return root


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Path:
    """A course of this test's own."""
    root = tmp_path / "course root"
    shutil.copytree(template, root)
    return root


@pytest.fixture
def edit(course: Path) -> Callable[[str, str, str], int]:
    """Replace the first `old` in a file of the course; returns the line on which it begins."""

    def replace(path: str, old: str, new: str) -> int:
        file = course / path
        text = file.read_text()
        assert old in text, f"{path} holds no {old!r}: correct this test"
        file.write_text(text.replace(old, new, 1))
        return text[: text.index(old)].count("\n") + 1

    return replace
