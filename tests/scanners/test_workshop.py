"""The worker process: whatever happens in it, the caller gets an answer in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unpickled.scanners import Verdict, scan, worker
from unpickled.scanners.workshop import Workshop, shared
from unpickled.specimens import write


def script(code: str) -> list[str]:
    return [sys.executable, "-c", f"import json, os, sys, time\nfor line in sys.stdin:\n    {code}"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("time.sleep(60)", "within 0.5 seconds"),
        ("os.abort()", "died"),
        ("sys.exit(0)", "died"),
        ("print('not json', flush=True)", "not be understood"),
        ("print('[1]', flush=True)", "not be understood"),
        ("sys.stdout.write('{'); sys.stdout.flush(); time.sleep(60)", "within 0.5 seconds"),
    ],
)
def test_hang_crash_and_nonsense_are_failed(tmp_path: Path, code: str, reason: str) -> None:
    """A worker that hangs, dies or babbles gives FAILED with the reason, and a new one starts for the next file."""
    workshop = Workshop(script(code), seconds=0.5 if "sleep" in code else 30)
    path = write("plain-4", tmp_path)
    for _ in range(2):
        report = scan(path, workshop=workshop)
        assert {found.verdict for found in report.reports} == {Verdict.FAILED}
        assert all(reason in found.note for found in report.reports)
    workshop.close()


def test_a_short_answer_is_failed(tmp_path: Path) -> None:
    """JSON without the expected fields is no answer."""
    workshop = Workshop(script("""print('{"answer": {"flagged": []}}', flush=True)"""))
    assert scan(write("plain-4", tmp_path), workshop=workshop).verdict is Verdict.FAILED
    workshop.close()


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """After the worker was killed from outside, the next scan works."""
    path = write("plain-4", tmp_path)
    assert scan(path).verdict is Verdict.CLEAN
    process = shared()._process
    assert process is not None
    process.kill()
    process.wait()
    assert scan(path).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("boom"), "raised RuntimeError: boom"),
        (MemoryError(), "GB of memory"),
        (RecursionError(), "nested"),
        (ValueError("bad file /some/where/x.pkl"), "bad file the file"),
    ],
)
def test_what_a_scanner_raises_becomes_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """An exception inside a scanner is a short reason without paths."""
    from unpickled.scanners import with_picklescan

    def fail(path: str) -> None:
        raise error

    monkeypatch.setattr(with_picklescan, "examine", fail)
    reply = worker.answer({"scanner": "picklescan", "path": "/some/where/x.pkl"})
    assert words in reply["error"]
    assert reply["version"]


def test_a_scanner_that_is_not_installed_is_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the scanner there is a reason, not a pass."""

    def missing(name: str) -> str:
        raise worker.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(worker.metadata, "version", missing)
    reply = worker.answer({"scanner": "modelscan", "path": "x"})
    assert (reply["version"], reply["error"]) == ("", "it is not installed")


def test_the_worker_ignores_python_files_in_the_current_folder(tmp_path: Path) -> None:
    """A folder of downloads may hold a json.py or a picklescan.py: neither is imported."""
    for name in ("json", "picklescan", "modelscan", "numpy", "logging"):
        (tmp_path / f"{name}.py").write_text(f"import os; os.mkdir({str(tmp_path / 'ran')!r})")
    write("plain-4", tmp_path)
    code = "from unpickled.scanners import scan; print(scan('plain-4.pkl').verdict)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "clean", done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_relative_path_means_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker may be older than the last change of folder, as in a notebook after `%cd`."""
    write("plain-4", tmp_path / "one")
    write("reduce-canary", tmp_path / "two").rename(tmp_path / "two" / "plain-4.pkl")
    for folder, verdict in (("one", Verdict.CLEAN), ("two", Verdict.DANGEROUS)):
        monkeypatch.chdir(tmp_path / folder)
        assert scan("plain-4.pkl").verdict is verdict


def test_importing_scanners_is_cheap() -> None:
    """Neither a scanner nor numpy nor h5py is imported before, or even by, a scan."""
    code = (
        "import sys, unpickled.scanners, unpickled.specimens, unpickled.weights\n"
        "from unpickled.specimens import catalogue; catalogue()\n"
        "print([n for n in ('picklescan','modelscan','numpy','h5py','rich','torch','joblib') if n in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_worker_ends_with_the_program(tmp_path: Path) -> None:
    """No worker outlives the program that started it, even one that is killed."""
    code = (
        "import os, signal\nfrom unpickled.scanners import scan\nfrom unpickled.scanners.workshop import shared\n"
        f"scan({str(write('plain-4', tmp_path))!r}); print(shared()._process.pid, flush=True)\n"
    )
    for ending in ("", "os.kill(os.getpid(), signal.SIGKILL)"):
        done = subprocess.run(
            [sys.executable, "-c", code + ending], capture_output=True, text=True, check=False
        )
        pid = int(done.stdout)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and _alive(pid):
            time.sleep(0.05)
        assert not _alive(pid)


def test_a_busy_worker_without_a_parent_ends_by_itself(tmp_path: Path) -> None:
    """A worker that hangs in a file after its parent was killed is ended by its own alarm."""
    hang = "import time; from unpickled.scanners import worker as w; w.answer = lambda _: time.sleep(300); w.main()"
    request = (
        b'{"scanner": "picklescan", "path": "x", "seconds": -4}\n'  # five seconds of grace are left
    )
    process = subprocess.Popen(
        [sys.executable, "-c", hang], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(request)
    process.stdin.flush()
    assert process.wait(60) == -signal.SIGALRM


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_interrupting_a_scan_ends_the_worker(tmp_path: Path) -> None:
    """After Ctrl-C no late reply of the old worker can be taken for the next file's."""
    workshop = Workshop(script("time.sleep(60)"))
    path = write("plain-4", tmp_path)
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    with pytest.raises(KeyboardInterrupt):
        scan(path, workshop=workshop)
    assert workshop._process is None


def test_memory_is_bounded(tmp_path: Path) -> None:
    """The worker's address space has an upper bound, and what goes beyond it is refused."""
    scan(write("plain-4", tmp_path))
    process = shared()._process
    assert process is not None
    limits = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
    (line,) = [line for line in limits if line.startswith("Max address space")]
    assert line.split()[3] == str(worker.MEMORY)
    code = "from unpickled.scanners import worker; worker._limit(); bytearray(3 << 30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr


def test_a_fork_starts_its_own_worker(tmp_path: Path) -> None:
    """A forked child does not talk over its parent's pipes."""
    path = write("plain-4", tmp_path)
    scan(path)
    mine = shared()._process
    child = os.fork()
    if child == 0:
        fine = scan(path).verdict is Verdict.CLEAN and shared()._process is not mine
        shared().close()
        os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert scan(path).verdict is Verdict.CLEAN
    assert shared()._process is mine
