"""Write locks/site.toml: Pyodide and the pure-Python wheels of the zero-install site, each with its sum.

usage: tools/lock_site.py      Run by tools/lock.sh. The versions are those of locks/dev.txt, wherever it has the
package.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

ROOT = Path(__file__).resolve().parents[1]
WANTED = (
    "anywidget",
    "comm",
    "filelock",
    "ipython",
    "ipywidgets",
    "micropip",
    "picklescan",
)
LEFT_OUT = {
    "jedi",
    "parso",
    "jupyterlab-widgets",
    "widgetsnbextension",
    "pexpect",
    "ptyprocess",
    "psutil",
}
"""jedi is large and can be done without; two run on the other side of a widget, which is in the site; the rest wants
processes."""

HEAD = """\
# What the zero-install site is made of beside this package, pinned. Made by: make lock
# npm's name of the one is pyodide; the others are projects of PyPI. Sums, and no address:
# the clients know their registries.
"""


def pinned() -> dict[str, str]:
    """The versions of locks/dev.txt, by project."""
    text = (ROOT / "locks" / "dev.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def resolved() -> dict[str, str]:
    """All that the wanted projects need, on the Python of Pyodide."""
    known = pinned()
    asked = "\n".join(
        [*(f"{name}=={known[name]}" if name in known else name for name in WANTED), "packaging"]
    )
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder, "held.txt")
        held.write_text("\n".join(f"{name}=={version}" for name, version in known.items()))
        uv = [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "compile",
            "-",
            "--constraint",
            str(held),
        ]
        options = [
            "--python-version",
            "3.14",
            "--python-platform",
            "linux",
            "--no-annotate",
            "--no-header",
            "--quiet",
        ]
        ran = subprocess.run(
            [*uv, *options], input=asked, capture_output=True, text=True, check=True
        )
    found = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", ran.stdout, re.MULTILINE))
    return {name: version for name, version in found.items() if name not in LEFT_OUT}


def wheel(name: str, version: str, folder: Path) -> dict[str, object]:
    """Bring one wheel and describe it."""
    before = {*folder.iterdir()}
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "-q",
        "download",
        "--no-deps",
    ]
    anywhere = ["--only-binary", ":all:", "--python-version", "3.14", "--platform", "any"]
    pure = ["--implementation", "py", "--abi", "none", "-d", str(folder)]
    subprocess.run([*pip, *anywhere, *pure, f"{name}=={version}"], check=True)
    (path,) = {*folder.iterdir()} - before
    with zipfile.ZipFile(path) as opened:
        tops = {
            entry.split("/")[0].removesuffix(".py")
            for entry in opened.namelist()
            if entry.endswith(".py")
        }
    imports = sorted(top for top in tops if top.isidentifier())
    return {
        "name": name,
        "version": version,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "imports": imports,
    }


def main() -> None:
    """Resolve, bring, and write."""
    asked = ["npm", "view", f"pyodide@{PYODIDE_VERSION}", "dist.integrity"]
    integrity = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    lines = [HEAD, "[pyodide]", f'version = "{PYODIDE_VERSION}"', f'integrity = "{integrity}"']
    with tempfile.TemporaryDirectory() as folder:
        for name, version in sorted(resolved().items()):
            told = wheel(name, version, Path(folder))
            rows = [f"{key} = {value!r}".replace("'", '"') for key, value in told.items()]
            lines += ["", "[[wheel]]", *rows]
    (ROOT / "locks" / "site.toml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
