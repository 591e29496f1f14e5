"""The ways in which a scanner's silence misleads, each by name: none of them may come out as CLEAN."""

from __future__ import annotations

import io
import logging
import os
import pickle
import sys
import zipfile
from pathlib import Path

import pytest

from unpickled.errors import ScanError
from unpickled.pickles import assemble, trace
from unpickled.scanners import NO_BAD_NAME, FileReport, Report, Verdict, scan
from unpickled.specimens import make, write


def by_name(report: FileReport) -> dict[str, Report]:
    return {found.scanner: found for found in report.reports}


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_only_clean_is_clean() -> None:
    """The text for clean promises no more than what was looked for, and no verdict says safe."""
    assert Verdict.CLEAN.text == NO_BAD_NAME == "no known bad name found"
    assert not any("safe" in verdict.text for verdict in Verdict)
    assert {verdict.value for verdict in Verdict} == {
        "clean", "suspicious", "dangerous", "unreadable", "skipped", "failed",
    }  # fmt: skip


def test_skipped_is_not_clean(tmp_path: Path) -> None:
    """modelscan skips a raw pickle named .bin and says `No issues found`: that is SKIPPED, with the reason."""
    report = by_name(scan(write("pickle-as-bin", tmp_path)))["modelscan"]
    assert report.verdict is Verdict.SKIPPED
    assert "legacy PyTorch" in report.note


def test_unparseable_is_not_clean(tmp_path: Path) -> None:
    """picklescan cannot parse a broken pickle and exits 0: that is UNREADABLE."""
    report = by_name(scan(write("broken-data", tmp_path)))["picklescan"]
    assert report.verdict is Verdict.UNREADABLE
    assert "broken at byte" in report.note


@pytest.mark.parametrize(
    "name", ["x.txt", "x.safetensors", "x", "x.bin", "x.PKL", "x.onnx", "x.json"]
)
def test_an_extension_trick_is_not_clean(tmp_path: Path, name: str) -> None:
    """modelscan chooses by extension, in lower case: a pickle under another name is never clean."""
    report = scan(put(tmp_path, name, make("plain-4") or b""))
    assert by_name(report)["modelscan"].verdict is Verdict.SKIPPED
    assert report.verdict is not Verdict.CLEAN


def test_padding_that_a_scanner_trips_over_is_not_clean(tmp_path: Path) -> None:
    """Bytes behind the last pickle stop neither loader nor tracer, but picklescan exits 2: UNREADABLE."""
    path = put(tmp_path, "x.pkl", pickle.dumps(complex(1, 2), 4) + b"\xff\xff padding")
    report = by_name(scan(path))["picklescan"]
    assert report.verdict is Verdict.UNREADABLE
    assert "could not parse" in report.note


def test_the_first_of_several_pickles_is_not_the_file(tmp_path: Path) -> None:
    """Of a legacy .pt modelscan reads one pickle of five: SKIPPED, harmful or not."""
    for name in ("legacy-plain", "legacy-canary"):
        report = by_name(scan(write(name, tmp_path)))["modelscan"]
        assert report.verdict is Verdict.SKIPPED
        assert "1 of 5 pickles" in report.note


def test_a_sixth_pickle_in_a_raw_bin_is_missed_and_told(tmp_path: Path) -> None:
    """picklescan reads six pickles of a raw .bin; what stands behind them makes it SKIPPED, not clean."""
    names = pickle.dumps(complex(1, 2), 4)
    path = put(tmp_path, "many.bin", names * 8 + (make("reduce-canary") or b""))
    report = by_name(scan(path))["picklescan"]
    assert report.verdict is Verdict.SKIPPED
    assert "of 9 pickles" in report.note


def test_compressed_joblib_is_not_clean(tmp_path: Path) -> None:
    """Compressed, the pickle is noise to both: picklescan exits 0, and here nothing is clean."""
    for method in ("zlib", "gzip", "bz2", "lzma", "xz"):
        reports = by_name(scan(write(f"joblib-{method}", tmp_path)))
        assert reports["picklescan"].verdict is Verdict.SKIPPED
        assert "compressed" in reports["picklescan"].note
        assert reports["modelscan"].verdict is Verdict.UNREADABLE


def test_numbers_of_joblib_that_read_as_opcodes_are_not_clean(tmp_path: Path) -> None:
    """joblib steps over them, and a tracer that reads on may be led past what comes behind."""
    import joblib
    import numpy as np

    numbers = b"0" + b"N0" * 31
    joblib.dump([np.frombuffer(numbers, np.uint8), 5], tmp_path / "x.joblib")
    data = (tmp_path / "x.joblib").read_bytes()
    start = data.index(numbers)
    padded = data[: data.rindex(b"b", 0, start) + 1] + b"N" + b"0N" * 39 + data[start:]
    path = put(tmp_path, "x.joblib", padded)
    assert joblib.load(path)[1] == 5
    assert [step.opcode for step in trace(padded)][-1] == "STOP"
    report = scan(path)
    assert report.verdict is Verdict.UNREADABLE
    assert "joblib keeps raw numbers" in by_name(report)["picklescan"].note


def test_a_nested_zip_is_not_clean(tmp_path: Path) -> None:
    """Neither opens the inner zip, and both get that as their reason."""
    reports = by_name(scan(write("zip-nested", tmp_path)))
    assert {report.verdict for report in reports.values()} == {Verdict.SKIPPED}
    assert all("inner.zip" in report.note for report in reports.values())


def test_a_clean_pickle_beside_a_hidden_one_is_not_clean(tmp_path: Path) -> None:
    """One member read and one passed over is SKIPPED: picklescan needs a PROTO opcode or an extension."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.pkl", make("plain-4") or b"")
        archive.writestr("weights", make("reduce-canary-0") or b"")
    reports = by_name(scan(put(tmp_path, "two.zip", out.getvalue())))
    assert {report.verdict for report in reports.values()} == {Verdict.SKIPPED}
    assert all("weights" in report.note for report in reports.values())


def test_a_zip_behind_a_pickle_does_not_hide_it(tmp_path: Path) -> None:
    """picklescan takes the file for a zip and never reads the pickle in front: SKIPPED."""
    report = by_name(scan(write("pickle-and-zip", tmp_path)))["picklescan"]
    assert report.verdict is Verdict.SKIPPED


def test_keras_without_tensorflow_is_not_clean(tmp_path: Path) -> None:
    """modelscan needs TensorFlow for .keras: SKIPPED, and the note says so."""
    report = by_name(scan(write("keras-lambda", tmp_path)))["modelscan"]
    assert report.verdict is Verdict.SKIPPED
    assert "TensorFlow" in report.note


@pytest.mark.parametrize("name", ["safetensors", "gguf", "onnx", "h5-plain", "text", "keras-plain"])
def test_a_format_without_pickle_is_not_clean_to_picklescan(tmp_path: Path, name: str) -> None:
    """picklescan exits 0 on what it cannot read: SKIPPED, since there was nothing for it to read."""
    report = by_name(scan(write(name, tmp_path)))["picklescan"]
    assert report.verdict is Verdict.SKIPPED
    assert "reads only pickles" in report.note


def test_an_empty_file_is_not_clean(tmp_path: Path) -> None:
    """Nothing in it, nothing judged."""
    report = scan(write("empty", tmp_path))
    assert report.verdict is Verdict.SKIPPED
    assert "empty" in report.advice


def test_an_unlisted_name_is_shown_though_the_tool_exits_0(tmp_path: Path) -> None:
    """picklescan lists unknown names as suspicious and exits 0; CLEAN here too, but the advice names them."""
    report = scan(write("unlisted-call", tmp_path))
    assert report.verdict is Verdict.CLEAN
    assert [str(name) for name in by_name(report)["picklescan"].unlisted] == ["logging.warning"]
    assert "logging.warning" in report.advice


def test_severities_are_mapped(tmp_path: Path) -> None:
    """modelscan: critical and high are dangerous, medium is suspicious."""

    def named(module: str, name: str) -> Report:
        data = assemble([("PROTO", 2), ("GLOBAL", f"{module} {name}"), "STOP"])
        return by_name(scan(put(tmp_path, "x.pkl", data)))["modelscan"]

    assert (named("os", "mkdir").verdict, named("os", "mkdir").findings[0].severity) == (
        Verdict.DANGEROUS,
        "critical",
    )
    high = named("webbrowser", "open")
    assert (high.verdict, high.findings[0].severity) == (Verdict.DANGEROUS, "high")
    medium = by_name(scan(write("h5-lambda", tmp_path)))["modelscan"]
    assert (medium.verdict, medium.findings[0].severity) == (Verdict.SUSPICIOUS, "medium")


def test_findings_say_where(tmp_path: Path) -> None:
    """A finding names the archive member, relative to the file, the same for both scanners."""
    for report in scan(write("torch-canary", tmp_path)).reports:
        (finding,) = report.findings
        assert (finding.module, finding.name, finding.where) == ("os", "mkdir", "archive/data.pkl")
    for report in scan(write("reduce-canary", tmp_path)).reports:
        assert [finding.where for finding in report.findings] == [""]


def test_a_damaged_member_is_not_clean(tmp_path: Path) -> None:
    """A member whose checksum fails is UNREADABLE, even when the scanner read over it."""
    data = bytearray(make("torch-plain") or b"")
    data[data.index(b"a model") if b"a model" in data else data.index(b"layer.bias")] ^= 0x20
    assert scan(put(tmp_path, "x.pt", bytes(data))).verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("data", [b"(]\xff", b""])
@pytest.mark.parametrize("name", ["a/data.pkl", "a/DATA.PKL"])
def test_a_torch_file_is_not_clean_for_a_pickle_that_torch_does_not_read(
    tmp_path: Path, name: str, data: bytes
) -> None:
    """What torch unpickles cannot be told from its first bytes, and a sound pickle stands beside it."""
    plain = pickle.dumps(1, 2)
    assert (
        scan(zipped(tmp_path, ("a/version", b"3"), ("a/data.pkl", plain))).verdict is Verdict.CLEAN
    )
    report = scan(zipped(tmp_path, ("a/version", b"3"), (name, data), ("a/zz.pkl", plain)))
    assert report.verdict in {Verdict.UNREADABLE, Verdict.SKIPPED}


def test_an_encrypted_member_is_not_clean(tmp_path: Path) -> None:
    """A member under a password cannot be looked at."""
    data = bytearray(make("zip-canary") or b"")
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        where = data.rindex(mark)
        data[where + at] |= 1
    assert scan(put(tmp_path, "x.zip", bytes(data))).verdict in {
        Verdict.UNREADABLE,
        Verdict.DANGEROUS,
    }


def test_real_files_of_the_libraries_are_judged(tmp_path: Path) -> None:
    """What torch, numpy and joblib write without harm is clean wherever a scanner can read it whole."""
    import joblib
    import numpy as np
    import torch

    torch.save({"w": torch.ones(3), "n": 3, "names": {"a", "b"}}, tmp_path / "a.pt")
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    torch.save(model.state_dict(), tmp_path / "b.bin")
    torch.save(torch.optim.Adam(model.parameters()).state_dict(), tmp_path / "c.pth")
    np.savez(tmp_path / "d.npz", a=np.ones(3), b=np.array([1, "x"], dtype=object))
    joblib.dump([1, {"a": (2, 3)}], tmp_path / "e.joblib")
    for path in sorted(tmp_path.iterdir()):
        assert scan(path).verdict is Verdict.CLEAN, path.name


def test_a_scanner_that_raises_is_failed(tmp_path: Path) -> None:
    """picklescan raises for a zip named .npy; modelscan cannot read it: a note, not a traceback, not clean."""
    report = by_name(scan(put(tmp_path, "x.npy", make("zip-canary") or b"")))["picklescan"]
    assert report.verdict is Verdict.FAILED
    assert "raised ValueError" in report.note
    assert str(tmp_path) not in report.note


def test_seven_zip_is_not_clean(tmp_path: Path) -> None:
    """A 7z archive needs a library that is not there."""
    assert scan(put(tmp_path, "x.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40))).verdict is Verdict.FAILED


def test_over_limit_is_not_clean_and_not_handed_on(tmp_path: Path) -> None:
    """Millions of opcodes would fill a scanner's memory: UNREADABLE at once."""
    report = scan(put(tmp_path, "x.pkl", b"\x80\x04" + b"N0" * 1_100_000 + b"N."))
    assert {found.verdict for found in report.reports} == {Verdict.UNREADABLE}
    assert all("not asked" in found.note for found in report.reports)


def test_paths_that_are_no_files_get_a_report(tmp_path: Path) -> None:
    """A missing file is FAILED; a folder and a pipe are SKIPPED without being opened."""
    os.mkfifo(tmp_path / "pipe")
    assert scan(tmp_path / "nope").verdict is Verdict.FAILED
    assert scan(tmp_path / "pipe").verdict is Verdict.SKIPPED
    assert scan(tmp_path).verdict is Verdict.SKIPPED
    assert scan(tmp_path / "nope").reports == ()


def test_a_file_that_changes_meanwhile_is_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict on a file that is no longer the same is no verdict."""
    inner = sys.modules["unpickled.scanners.scan"]
    path = write("plain-4", tmp_path)
    real = inner._report

    def change(*args: object) -> Report:
        path.write_bytes(b"another content")
        return real(*args)

    monkeypatch.setattr(inner, "_report", change)
    report = scan(path)
    assert report.verdict is Verdict.FAILED
    assert "changed" in report.advice


def test_a_file_that_another_takes_the_place_of_meanwhile_is_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of the same size and time."""
    inner = sys.modules["unpickled.scanners.scan"]
    path, other = write("plain-4", tmp_path), tmp_path / "other"
    other.write_bytes(path.read_bytes())
    then = path.stat()
    real = inner._report

    def exchange(*args: object) -> Report:
        if other.exists():
            os.utime(other, ns=(then.st_atime_ns, then.st_mtime_ns))
            other.replace(path)
        return real(*args)

    monkeypatch.setattr(inner, "_report", exchange)
    assert scan(path).verdict is Verdict.FAILED
    assert path.stat().st_mtime_ns == then.st_mtime_ns


def zipped(folder: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return folder / "a.zip"


def test_opcodes_and_members_are_bounded_for_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a member has used, the next ones have not; and of too many members the rest is not measured."""
    inner = sys.modules["unpickled.scanners.coverage"]
    data = assemble([*["NONE", "POP"] * 5, "NONE", "STOP"])
    path = zipped(tmp_path, *((f"{number}.pkl", data) for number in range(5)))
    assert not any(part.problem for part in inner.parts(path))
    monkeypatch.setattr(inner, "_OPCODES", 30)
    assert [part.too_large for part in inner.parts(path)] == [False, False, True, True, True]
    monkeypatch.setattr(inner, "_PARTS", 2)
    *_, last = found = inner.parts(path)
    assert (len(found), last.kind, last.problem) == (3, "closed", "it has too many members")
    assert scan(path).verdict is Verdict.UNREADABLE


def test_a_look_at_one_of_two_of_the_same_name_is_none_at_the_other(tmp_path: Path) -> None:
    """A member can be called as one within another is told; the scanner saw only the first."""
    plain = make("plain-4") or b""
    inner = zipped(tmp_path, ("a.pkl", plain)).read_bytes()
    alone = scan(zipped(tmp_path, ("b.zip > a.pkl", plain)))
    assert alone.verdict is Verdict.CLEAN or by_name(alone)["picklescan"].verdict is Verdict.CLEAN
    both = scan(zipped(tmp_path, ("b.zip", inner), ("b.zip > a.pkl", plain)))
    assert {found.verdict for found in both.reports} == {Verdict.UNREADABLE}
    assert all("two things" in found.note.lower() for found in both.reports)


def test_an_unknown_scanner_is_refused(tmp_path: Path) -> None:
    """A typing error in a scanner's name is not an empty, clean answer."""
    with pytest.raises(ScanError, match="picklescan, modelscan"):
        scan(write("plain-4", tmp_path), scanners=("picklscan",))


def test_no_scanner_is_no_pass(tmp_path: Path) -> None:
    """Asked about nothing, the verdict is SKIPPED."""
    assert scan(write("plain-4", tmp_path), scanners=()).verdict is Verdict.SKIPPED


def test_the_scanners_make_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that a scanner prints or logs reaches the learner's screen."""
    names = ("reduce-canary", "broken-data", "h5-plain", "keras-plain")
    paths = [write(name, tmp_path) for name in names]  # h5py logs what it writes
    with caplog.at_level(logging.DEBUG):
        for path in paths:
            scan(path)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_what_is_imported_by_number_is_told_in_the_advice(tmp_path: Path) -> None:
    """Both scanners pass an extension code, so that the sentence must not read like any other clean one."""
    path = tmp_path / "by-number.pkl"
    path.write_bytes(assemble([("EXT2", 7001), "EMPTY_TUPLE", "REDUCE", ("EXT1", 3), "STOP"]))
    report = scan(path)
    assert report.verdict is Verdict.CLEAN
    assert "by number (extension code 3, 7001), which no scanner resolves" in report.advice
    path.write_bytes(assemble([("GLOBAL", "os mkdir"), ("EXT1", 3), "STOP"]))
    assert "number" not in scan(path).advice


def test_text_has_no_names_and_a_way_to_leave_it_out(tmp_path: Path) -> None:
    """A source file whose first letter is an opcode is text: no made-up names, and the advice fits a repository."""
    report = scan(put(tmp_path, "setup.py", b"cfg = path as\nit is no pickle\nx = 5\n"))
    assert report.format.id == "text"
    assert not any(found.unlisted for found in report.reports)
    assert "--ignore" in report.advice
