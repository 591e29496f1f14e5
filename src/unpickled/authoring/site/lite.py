"""JupyterLite around the course: the folder that it builds from, its settings, and its own command.

Everything is named by a relative address, so the site works under any path, and PyPI is out of reach by a setting.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unpickled.authoring.site.lock import Lock
from unpickled.authoring.site.own_wheel import NAME
from unpickled.errors import SetupError
from unpickled.here import DRIVE

__all__ = ["WORKSPACE", "build_lite", "put_pyodide"]

WORKSPACE = "/tmp/unpickled-workspace"  # noqa: S108 - in a browser; and where tools/record_site.py records, since it is in the files
_EXTENSION = "@jupyterlite/pyodide-kernel-extension"
_EXTENSIONS = (_EXTENSION, "@jupyter-widgets/jupyterlab-manager", "anywidget")
_NO_JEDI = "jedi-0-py3-none-any.whl"
_RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_VARIABLES = {
    "UNPICKLED_WORKSPACE": WORKSPACE,
    "UNPICKLED_PROGRESS": f"{DRIVE}/progress.json",
    "HOME": "/home/pyodide",
}


def put_pyodide(
    folder: Path, archive: Path, lock: Lock, wheels: Mapping[str, Path], own: bytes
) -> list[str]:
    """Lay Pyodide and all wheels into a folder, with an index of them and no address outside of it.

    Args:
        folder: `static/pyodide` of the site.
        archive: Pyodide, as npm packs it.
        lock: what it was made from.
        wheels: other people's wheels, by project.
        own: this package's wheel.

    Returns:
        The projects that the kernel loads when it starts.
    """
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for name in (*_RUNTIME, "pyodide-lock.json"):
            member = packed.extractfile(f"package/{name}")
            if member is None:
                raise SetupError(archive.name, f"there is no {name} in it", "make lock")
            (folder / name).write_bytes(member.read())
    index = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    entries = [_entry(one.name, one.version, wheels[one.name], one.imports) for one in lock.wheels]
    (folder / _NO_JEDI).write_bytes(_empty_wheel())
    entries.append(_entry("jedi", "0", folder / _NO_JEDI, ()))
    entries += [_kernel_wheel(path) for path in sorted(_kernel_wheels())]
    for path in [*wheels.values(), *_kernel_wheels()]:
        shutil.copyfile(path, folder / path.name)
    (folder / NAME).write_bytes(own)
    entries.append(_entry("unpickled", NAME.split("-")[1], folder / NAME, ("unpickled",)))
    index["packages"] = {entry["name"]: entry for entry in entries}
    (folder / "pyodide-lock.json").write_text(json.dumps(index, sort_keys=True), encoding="utf-8")
    return sorted(index["packages"])


def _empty_wheel() -> bytes:
    """Return a wheel with nothing in it.

    The kernel insists on jedi, which has 5,000 files: a second of every start. IPython completes names without it.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        for name, text in (
            ("METADATA", "Metadata-Version: 2.1\nName: jedi\nVersion: 0\n"),
            ("RECORD", ""),
        ):
            entry = zipfile.ZipInfo(f"jedi-0.dist-info/{name}", (1980, 1, 1, 0, 0, 0))
            wheel.writestr(entry, text)
    return packed.getvalue()


def _entry(name: str, version: str, path: Path, imports: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "file_name": path.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": list(imports),
        "depends": [],
        "unvendored_tests": False,
    }


def _kernel_wheels() -> list[Path]:
    """The wheels that the kernel's extension brings itself; of its two stubs of one name, the newer."""
    folder = Path(sys.prefix, "share", "jupyter", "labextensions", _EXTENSION, "static", "pypi")
    found = {path.name.split("-")[0]: path for path in sorted(folder.glob("*.whl"))}
    return [*found.values()]


def _kernel_wheel(path: Path) -> dict[str, Any]:
    name, version = path.name.split("-")[:2]
    return _entry(name.replace("_", "-"), version, path, (name,))


def build_lite(lite: Path, out: Path, packages: list[str], moment: int) -> None:
    """Run JupyterLite's own build.

    Args:
        lite: the folder that holds `contents/` and `static/pyodide/`; settings are written there.
        out: the folder to make.
        packages: what the kernel loads when it starts.
        moment: the time that its files carry, in seconds since 1970.

    Raises:
        SetupError: JupyterLite is not installed, or its build fails.
    """
    if importlib.util.find_spec("jupyterlite_core") is None:
        raise SetupError("the site", "JupyterLite is not installed", "Run it from make site.")
    _write(lite / "jupyter-lite.json", _settings(packages))
    _write(lite / "overrides.json", _OVERRIDES)
    _write(lite / "jupyter_lite_config.json", _config(lite, out, moment))
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    ran = subprocess.run(command, cwd=lite, capture_output=True, text=True, check=False)
    if ran.returncode:
        told = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-15:])
        raise SetupError("the site", f"JupyterLite's build failed:\n{told}")


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")


def _config(lite: Path, out: Path, moment: int) -> dict[str, Any]:
    share = Path(sys.prefix, "share", "jupyter", "labextensions")
    return {
        "LiteBuildConfig": {
            "lite_dir": str(lite),
            "output_dir": str(out),
            "contents": [str(lite / "contents")],
            "apps": ["lab", "notebooks", "tree"],
            "ignore_sys_prefix": ["federated_extensions", "settings"],
            "federated_extensions": [str(share / name) for name in _EXTENSIONS],
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "source_date_epoch": moment,
        }
    }


def _settings(packages: list[str]) -> dict[str, Any]:
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": packages, "env": _VARIABLES},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Unpickled",
            "faviconUrl": "./favicon.svg",
            "litePluginSettings": {f"{_EXTENSION}:kernel": kernel},
        },
    }


_OVERRIDES: Mapping[str, Any] = {
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "kernelShutdown": True},
}
