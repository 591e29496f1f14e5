"""What the restricted unpickler makes of files is told in plain records, and one file cannot spoil the others."""

from __future__ import annotations

import json
import os

import pytest

from unpickled import sandbox, specimens
from unpickled.errors import SandboxError, SetupError
from unpickled.pickles import assemble
from unpickled.restricted import WeightsOnly, answers, loading, weights_only
from unpickled.restricted.answers import one_line, read_answer


@pytest.fixture(scope="module", autouse=True)
def walled():
    """Only where bubblewrap works; where tests count it has to."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())


def torch_zip(*ops):
    data = assemble([("PROTO", 2), *ops, "STOP"])
    from unpickled.specimens.torch_files import stored

    return stored({"a/data.pkl": data, "a/version": b"3\n", "a/byteorder": b"little"})


def key(name):
    return ("BINUNICODE", name)


MIXED = [
    "EMPTY_DICT",
    *[key("epoch"), ("BININT1", 3), "SETITEM"],
    *[key("args"), "EMPTY_LIST", key("adam"), "APPEND", "SETITEM"],
    *[key("line\nbreak\x1b[31m"), "NONE", "SETITEM"],
]
GIANT = [  # a storage of 2**44 bytes that the archive does not have
    *["MARK", key("storage"), ("GLOBAL", "torch FloatStorage"), key("0"), key("cpu")],
    *[("LONG1", 1 << 42), "TUPLE", "BINPERSID"],
]
DEEP = [*["EMPTY_LIST"] * 20_000, *["APPEND"] * 19_999]
FILES = {
    "mixed.pt": torch_zip(*MIXED),
    "giant.pt": torch_zip(*GIANT),
    "deep.pt": torch_zip(*DEEP),
    "builtin.pt": torch_zip(("GLOBAL", "builtins eval"), key("1"), "TUPLE1", "REDUCE"),
    "dotted.pt": torch_zip(("GLOBAL", "a.b c.d")),
    "long name.pt": torch_zip(("GLOBAL", f"m {'n' * 5000}")),
    "bytes.pt": torch_zip(("SHORT_BINBYTES", b"x")),
    "called.pt": torch_zip("EMPTY_DICT", "EMPTY_TUPLE", "REDUCE"),
    "cut.pt": torch_zip(*MIXED)[:-30],
    "memo.pt": torch_zip(("BINGET", 7)),
    "nul\udcff.pt": torch_zip(*MIXED),
    "many.pt": torch_zip(
        *[
            "EMPTY_DICT",
            *(op for n in range(300) for op in (key("é" * 400 + str(n)), "NONE", "SETITEM")),
        ]
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """All files at once, in one child."""
    home = tmp_path_factory.mktemp("files")
    for name, data in FILES.items():
        (home / name).write_bytes(data)
    names = [*FILES, "none.pt", "folder"]
    (home / "folder").mkdir()
    (home / "pipe").unlink(missing_ok=True)
    os.mkfifo(home / "pipe")
    ids = ["torch-plain", "torch-canary", "legacy-plain", "legacy-canary", "text", "gguf", "empty"]
    made = {one: specimens.write(one, home, marker=home / "canary") for one in ids}
    paths = [*(home / name for name in names), home / "pipe", *made.values()]
    records = weights_only(paths, seconds=20)
    assert [record.path for record in records] == [str(path) for path in paths]
    assert not (home / "canary").exists()
    return dict(zip([*names, "pipe", *made], records, strict=True))


@pytest.mark.parametrize("name", ["torch-plain", "legacy-plain"])
def test_an_honest_file_is_loaded(found, name):
    """Its tensors are counted, and the record says where it was loaded."""
    record = found[name]
    assert (record.outcome, record.tensors, record.others, record.error) == ("loaded", 2, (), "")
    assert record.isolation == sandbox.WALLED
    assert 0 < record.seconds < 20


@pytest.mark.parametrize(
    ("name", "named", "said"),
    [
        ("torch-canary", "os.mkdir", "blocks"),
        ("legacy-canary", "os.mkdir", "blocks"),
        ("builtin.pt", "builtins.eval", "not on torch's list"),
        ("dotted.pt", "a.b.c.d", "not on torch's list"),
        ("bytes.pt", "", "opcode SHORT_BINBYTES"),
        ("called.pt", "", "unrecognized function"),
    ],
)
def test_a_refusal_names_what_was_refused(found, name, named, said):
    """The global in full, as the pickle has it; for an opcode its name; no advice of torch's."""
    record = found[name]
    assert (record.outcome, record.error, record.named) == ("refused", "UnpicklingError", named)
    assert said in record.message
    assert len(record.message) < 160
    for advice in ("weights_only", "http", "Please", "\n"):
        assert advice not in record.message


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("text", "UnpicklingError", "no PyTorch file: text"),
        ("gguf", "UnpicklingError", "no PyTorch file: GGUF"),
        ("empty", "EOFError", "empty"),
        ("none.pt", "FileNotFoundError", "there is no such file"),
        ("folder", "NotAFileError", "a folder"),
        ("pipe", "NotAFileError", "a named pipe"),
        ("cut.pt", "RuntimeError", ""),
        ("memo.pt", "KeyError", ""),
        ("giant.pt", "RuntimeError", ""),
    ],
)
def test_everything_else_is_a_failure_with_its_reason(found, name, error, said):
    """What is no file, no PyTorch file, damaged or too large was not refused: it failed."""
    record = found[name]
    assert (record.outcome, record.error, record.named) == ("failed", error, "")
    assert said in record.message


def test_values_that_are_no_tensors_are_named(found):
    """With the keys that lead to them and their types; what a terminal would obey is written out."""
    told = ("epoch: int", "args.0: str", "line break\\x1b[31m: NoneType")
    assert found["mixed.pt"].others == told
    assert found["nul\udcff.pt"].others == told
    assert found["nul\udcff.pt"].path.endswith("nul\udcff.pt")


def test_what_is_told_is_bounded(found):
    """Long names, many values and deep nesting come back short."""
    assert found["many.pt"].outcome == "loaded"
    assert len(found["many.pt"].others) == 50
    assert all(len(other) <= 200 for other in found["many.pt"].others)
    assert len(found["long name.pt"].named) <= 200
    assert len(found["long name.pt"].message) <= 300
    assert found["deep.pt"].outcome == "loaded"
    assert len(found["deep.pt"].others) == 1


SPOILERS = """
import json, os, signal, sys, time
asked = json.load(sys.stdin)
print(flush=True)
fine = dict(outcome="loaded", error="", message="", named="", tensors=1, others=[], seconds=0)
for path in asked["paths"]:
    how = os.path.basename(path)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(60)
    if how == "flood":
        sys.stdout.write("x" * 10_000_000)
    if how == "eat":
        eaten = bytearray(500_000_000)
        time.sleep(60)
    print({"lie": '{"outcome": "fine"}', "babble": "[" * 100_000}.get(how, json.dumps(fine)), flush=True)
"""


def test_a_file_that_ends_the_child_does_not_end_the_others(tmp_path, monkeypatch):
    """Killed, hung, flooded, out of memory, talked nonsense: that file failed, and the next ones are loaded."""
    script = tmp_path / "script.txt"
    script.write_text(SPOILERS)
    monkeypatch.setattr(loading, "_SCRIPT", script)
    monkeypatch.setattr(loading, "_START", 2)
    monkeypatch.setattr(loading, "_TORCH", 300 << 20)
    how = ["a", "kill", "b", "lie", "c", "babble", "d", "flood", "e", "eat", "f", "hang"]
    for name in how:
        (tmp_path / name).write_bytes(b"x")
    records = weights_only([tmp_path / name for name in how], seconds=1)
    assert [record.outcome for record in records] == ["loaded", "failed"] * 6
    told = {name: record.error for name, record in zip(how, records, strict=True)}
    assert told["kill"] == told["lie"] == told["babble"] == told["flood"] == "ChildProcessError"
    assert (told["eat"], told["hang"]) == ("MemoryError", "TimeoutError")


TAKEN_OVER = """
import json, os, runpy, sys, time, types
torch = types.ModuleType("torch")
torch._weights_only_unpickler = types.SimpleNamespace(_read_global_instruction=None)
sys.modules["torch"] = torch
script = runpy.run_path(sys.argv[0].replace("script.txt", "load_each.txt"), run_name="loading")
everything = script["main"].__globals__
above = f"/proc/{os.getpid()}"
def attempt(do):
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "done"
def load(path):
    tries = dict(
        memory=lambda: open(f"{above}/mem", "rb"),
        answers=lambda: open(f"{above}/fd/1", "wb"),
        disk=lambda: open("/tmp/large", "wb").write(bytes(8 << 20)),
        model=lambda: open(path, "ab"),
        say=lambda: print(json.dumps({"outcome": "loaded"}), flush=True),
    )
    others = [f"{name}: {attempt(do)}" for name, do in tries.items()]
    def there():
        return sum(name.isdigit() for name in os.listdir("/proc"))
    until = time.monotonic() + 10
    while there() > 3 and time.monotonic() < until:  # what the last fork started is killed, but may take a moment
        time.sleep(0.005)
    others.append(str(there()))
    try:
        if not os.fork():
            os.setsid()
            os.closerange(0, 100)
            time.sleep(60)
    except BlockingIOError:
        pass
    return {"outcome": "loaded", "error": "", "message": "", "named": "", "tensors": 0, "others": others}
everything["load"] = load
script["main"]()
"""


def test_a_fork_that_was_taken_over_reaches_nobody(tmp_path, monkeypatch):
    """Neither its parent's memory nor its answers, nor the next file: what it starts ends with it."""
    script = tmp_path / "script.txt"
    script.write_text(TAKEN_OVER)
    original = loading._SCRIPT
    monkeypatch.setattr(loading, "_SCRIPT", script)
    run_python = loading.run_python

    def shown_too(path, *, readable, **options):
        return run_python(path, readable=[*readable, tmp_path / "load_each.txt"], **options)

    monkeypatch.setattr(loading, "run_python", shown_too)
    (tmp_path / "load_each.txt").write_bytes(original.read_bytes())
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
    records = weights_only([tmp_path / "a", tmp_path / "b"])
    told = "memory: PermissionError", "answers: PermissionError", "disk: OSError", "model: OSError"
    for record in records:
        assert record.others == (*told, "say: done", "3")  # bubblewrap, the child and this fork


def test_without_a_wall_nothing_is_loaded_unless_the_user_says_so(tmp_path, monkeypatch):
    """The same rule as for everything untrusted."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "taken away")
    script = tmp_path / "script.txt"
    script.write_text(SPOILERS)
    monkeypatch.setattr(loading, "_SCRIPT", script)
    path = specimens.write("torch-plain", tmp_path)
    with pytest.raises(SandboxError, match="unsafe-no-sandbox"):
        weights_only([path])
    (record,) = weights_only([path], unsafe_no_sandbox=True)
    assert (record.outcome, record.isolation) == ("loaded", sandbox.PLAIN)


def test_without_a_wall_no_other_process_is_ended(tmp_path, monkeypatch):
    """The child is told that the processes around it are not its own."""
    asked = {}

    def run_python(*_, stdin, **__):
        asked.update(json.loads(stdin))
        raise SandboxError("the sandbox", "it is a test")

    monkeypatch.setattr(loading, "run_python", run_python)
    path = specimens.write("torch-plain", tmp_path)
    for lacking, walled in (("taken away", False), ("", True)):
        monkeypatch.setattr(loading, "problem", lambda told=lacking: told)
        with pytest.raises(SandboxError):
            weights_only([path], unsafe_no_sandbox=True)
        assert asked["walled"] is walled


def test_paths_with_dots_and_links_are_followed(tmp_path, monkeypatch):
    """The child has none of the folders on the way; and what may not be shown to it fails alone."""
    script = tmp_path / "script.txt"
    script.write_text(SPOILERS.replace("how = os.path.basename(path)", "how = open(path).read()"))
    monkeypatch.setattr(loading, "_SCRIPT", script)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "model.pt").write_text("fine")
    (tmp_path / "link.pt").symlink_to("model.pt")
    monkeypatch.chdir(tmp_path / "a" / "b")
    (tmp_path / "a" / "two.pt").write_text("fine")
    paths = [
        "../../model.pt",
        "../b/../../link.pt",
        f"{tmp_path}/alias/../two.pt",
        "/proc/self/exe",
    ]
    records = weights_only([*paths, "../../model.pt"])
    assert [record.outcome for record in records] == ["loaded"] * 3 + ["failed", "loaded"]
    assert [record.path for record in records[:4]] == paths
    assert "may not be shown" in records[3].message


def test_a_missing_torch_is_named(tmp_path, monkeypatch):
    """Once, and not as a failure of every file."""
    script = tmp_path / "script.txt"
    script.write_text("import torch_is_not_there")
    monkeypatch.setattr(loading, "_SCRIPT", script)
    with pytest.raises(SetupError, match=r"No module named .torch_is_not_there"):
        weights_only([specimens.write("torch-plain", tmp_path)])


GOOD = {
    "outcome": "refused",
    "error": "E",
    "message": "m",
    "named": "os.mkdir",
    "tensors": 0,
    "others": ["a: int"],
    "seconds": 0.5,
}


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "clean"},
        {"error": 3},
        {"message": None},
        {"named": ["os"]},
        {"tensors": -1},
        {"tensors": True},
        {"tensors": 1e400},
        {"seconds": "1"},
        {"others": "a"},
        {"others": [1]},
    ],
)
def test_an_answer_of_another_form_is_none(change):
    """A child that was taken over does not choose the types of what we hand on."""
    many = read_answer(json.dumps({**GOOD, "others": ["a: int"] * 99}).encode(), "p", "")
    assert isinstance(many, WeightsOnly)
    assert len(many.others) == 50
    with pytest.raises(ValueError, match="no "):
        read_answer(json.dumps({**GOOD, **change}).encode(), "p", "")


def test_one_line_is_one_line():
    """Line breaks, escapes, marks that turn the direction of writing, lone surrogates."""
    shown = one_line("a\r\nb\u2028c\x1b[2J\u202ed\udc80 " + "e" * 1000)
    assert shown.startswith("a b c\\x1b[2J\\u202ed\\udc80 e")
    assert len(shown) == answers._MESSAGE
    assert shown.encode("utf-8")


def test_no_files_need_no_child(monkeypatch):
    """Nothing asked, nothing started."""
    monkeypatch.setattr(loading, "run_python", lambda *_, **__: pytest.fail("it ran"))
    assert weights_only([]) == ()
