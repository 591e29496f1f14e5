"""environment.yml, pyproject.toml and the locks say the same versions."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest

LINE = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]*))?", re.MULTILINE)


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text):
    found = {}
    for name, version, marker in LINE.findall(text):
        found.setdefault(normal(name), set()).add((version, marker.strip()))
    return found


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def locks(root):
    return {
        name: pins((root / "locks" / f"{name}.txt").read_text())
        for name in ("learn", "scale", "dev", "torch", "conda")
    }


def wanted(project, *extras):
    rows = project["dependencies"] + [
        r for e in extras for r in project["optional-dependencies"][e]
    ]
    return {normal(re.split(r"[\[=]", row)[0]): row.split("==")[1] for row in rows}


def test_every_direct_dependency_is_pinned_exactly(project):
    """A range in pyproject.toml would let two machines differ."""
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    assert all(
        re.fullmatch(r"[\w.-]+(\[[\w,]+\])?==[\w.]+", row) for group in groups for row in group
    )


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("learn", ["build"]), ("scale", ["build", "scale"]), ("dev", ["build", "scale", "dev"])],
)
def test_the_lock_holds_what_pyproject_asks_for(project, locks, lock, extras):
    """A pin that was changed in pyproject.toml alone is caught before anybody installs."""
    locked = locks[lock] | locks["torch"]
    assert {n: {v for v, _ in locked[n]} for n in wanted(project, *extras)} == {
        n: {v} for n, v in wanted(project, *extras).items()
    }


def test_the_learners_lock_is_part_of_the_developers(locks):
    """Learners run the very versions that the tests ran, and so does who grades on several machines."""
    versions = {
        lock: {n: {v for v, _ in rows} for n, rows in locks[lock].items()} for lock in locks
    }
    assert versions["learn"].items() <= versions["scale"].items() <= versions["dev"].items()


def test_every_locked_file_has_its_hash(root):
    """pip --require-hashes refuses a file that was changed on its way."""
    for name in ("learn", "scale", "dev"):
        text = re.sub(r"\\\n\s*", " ", (root / "locks" / f"{name}.txt").read_text())
        rows = [row for row in text.splitlines() if row and not row.startswith("#")]
        assert len(rows) > 100
        assert all("--hash=sha256:" in row for row in rows)


def test_the_site_has_the_versions_that_the_tests_ran_with(root, locks):
    """What both the site and the developers' environment have is of one version."""
    found = tomllib.loads((root / "locks" / "site.toml").read_text())["wheel"]
    site = {normal(one["name"]): one["version"] for one in found}
    both = site.keys() & locks["dev"].keys()
    assert {"anywidget", "ipywidgets", "picklescan", "traitlets", "filelock"} <= both
    assert {name: {site[name]} for name in both} == {
        name: {version for version, _ in locks["dev"][name]} for name in both
    }


def test_no_gpu_stack_is_locked(locks):
    """A learner's laptop does not download CUDA for an eight-row state dict."""
    assert not [
        n for lock in locks.values() for n in lock if n.startswith(("nvidia-", "cuda-", "triton"))
    ]


def test_conda_reads_the_same_locks_and_python(root, project, locks):
    """environment.yml holds no version of its own but Python's, and what pip reads for it has every pin."""
    assert locks["conda"] == locks["dev"] | locks["torch"]
    text = (root / "environment.yml").read_text()
    lines = [line.strip(" -") for line in text.splitlines() if line.strip().startswith("- ")]
    assert [line for line in lines if "locks/" in line] == ["requirement locks/conda.txt"]
    python = next(line for line in lines if line.startswith("python="))
    minor = int(python.removeprefix("python=3."))
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    assert int(low) <= minor < int(high)
    assert not [line for line in lines if "==" in line]


def test_pip_takes_what_conda_hands_to_it(root):
    """As conda does it: one file, one run of pip, in an environment that has nothing of it yet."""
    asked = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--dry-run"]
    tried = subprocess.run(
        [*asked, "--no-deps", "--no-index", "--ignore-installed", "-r", "locks/conda.txt"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    # Without an index it finds nothing to fetch: that, and no quarrel over hashes, is how it ends.
    assert "No matching distribution found" in tried.stderr
    assert "hash" not in tried.stderr.lower()


@pytest.mark.parametrize(
    ("name", "version"),
    [("numpy", "2.2.6"), ("torch", "2.13.0"), ("picklescan", "1.0.5"), ("modelscan", "0.8.8")],
)
def test_the_pins_that_the_lessons_facts_rest_on_are_installed(name, version):
    """The figures in the lesson were measured with these versions."""
    assert metadata.version(name).partition("+")[0] == version


def test_the_version_is_said_once(project):
    """The package, its metadata and pyproject.toml agree."""
    import unpickled

    assert unpickled.__version__ == project["version"] == metadata.version("unpickled")
