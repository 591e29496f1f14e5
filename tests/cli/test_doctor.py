"""`unpickled doctor` finds what is missing and names the one command that mends it."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from unpickled.cli import doctor
from unpickled.cli.main import run


def test_here_the_course_runs(capsys):
    """In the tests' own environment nothing is missing."""
    assert run(["doctor"]) == 0
    assert "The course runs here" in capsys.readouterr().out


def test_json_is_for_programs(capsys):
    """Each finding is an object with a state and a remedy."""
    assert run(["doctor", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "state", "found", "remedy"} == set(rows[0])
    assert all(bool(row["remedy"]) == (row["state"] != "ok") for row in rows)


@pytest.mark.parametrize("found", ["2.3.0", None])
def test_a_wrong_or_missing_package_is_named_with_its_pin(monkeypatch, capsys, found):
    """numpy 2.3 breaks modelscan silently: the doctor says which version belongs here."""
    real = metadata.version

    def version(name):
        if name != "numpy":
            return real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert run(["doctor"]) == 2
    said = capsys.readouterr().out
    assert f"numpy 2.2.6 (found {found or 'none'})" in said
    assert "make clean learn" in said  # `make learn` alone trusts its stamp, and would do nothing


def test_an_old_python_is_told_before_anything_else(monkeypatch):
    """3.13 has no modelscan: that is the first line."""
    monkeypatch.setattr(doctor.sys, "version_info", (3, 13, 0))
    first = doctor.examine()[0]
    assert (first.state, first.name) == ("missing", "Python")


def test_a_missing_program_and_a_missing_course_are_told(monkeypatch, tmp_path):
    """Outside a checkout, and in an environment without its programs, both are named."""
    monkeypatch.setattr(doctor.shutil, "which", lambda name, path=None: None)
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path))
    states = {finding.name: finding.state for finding in doctor.examine()}
    assert states["Programs"] == states["Course"] == "missing"
    assert states["chromium"] == states["bubblewrap"] == "optional"


def test_a_full_disk_is_measured_where_the_environment_is_and_no_remedy_deletes_it(monkeypatch):
    """What mends a full disk must not take the environment along that is being mended."""
    asked = []

    def usage(path):
        asked.append(Path(path))
        return SimpleNamespace(free=2**20)

    monkeypatch.setattr(doctor.shutil, "disk_usage", usage)
    [disk] = [finding for finding in doctor.examine() if finding.name == "Disk"]
    assert asked == [Path(sys.prefix)]
    assert disk.state == "missing"
    assert disk.remedy.endswith("pip cache purge")


def test_the_remedy_for_a_wrong_course_is_a_command(monkeypatch, tmp_path):
    """A variable that leads nowhere is unset by the line that the doctor gives."""
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path))
    [course] = [finding for finding in doctor.examine() if finding.name == "Course"]
    assert course.remedy == "unset UNPICKLED_COURSE"
