"""`unpickled learn`: JupyterLab on the course's first page, set up for a learner.

The settings travel as a configuration folder (`cli/jupyter`) that only this server sees: no news prompt,
every cell in the page (`windowingMode: none`), light or dark as the system is, nbgrader's instructor menus off.
What the learner changes in JupyterLab's settings is kept in `.unpickled/` beside the course, so that neither their
other JupyterLab nor this one surprises the other.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click

from unpickled.content import course_root
from unpickled.errors import SetupError

__all__ = ["command", "environment", "learn"]

CONFIG = Path(__file__).parent / "jupyter"
FIRST_PAGE = "course/start.ipynb"


@click.command(
    epilog="Examples:\n\n  unpickled learn\n\n  unpickled learn --port 9000 --no-browser",
    short_help="Open the course in JupyterLab.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    envvar="PORT",
    help="Port on loopback; PORT= does the same.",
)
@click.option(
    "--browser/--no-browser", default=True, help="Open a browser; BROWSER=none keeps it shut."
)
@click.option(
    "--page",
    default=FIRST_PAGE,
    show_default=True,
    help="Notebook to open, below the course's folder.",
)
def learn(port: int | None, browser: bool, page: str) -> None:
    """Open the course in JupyterLab. Ctrl-C twice ends it."""
    root = course_root()
    _require_notebook(root, page)
    if port is not None:
        _require_free(port)
    words = command(root, page, port=port, browser=browser and os.environ.get("BROWSER") != "none")
    sys.stdout.flush()
    os.execve(words[0], words, environment(root))  # noqa: S606 - becomes the server, so signals reach it


def _require_notebook(root: Path, page: str) -> None:
    """Refuse what JupyterLab would open in vain: a file that is not there, outside the folder, or no notebook."""
    path = (root / page).resolve()
    inside = path.is_relative_to(root.resolve()) and path.suffix == ".ipynb"
    if not inside or not path.is_file():
        built = "Run: unpickled author build"
        remedy = built if page == FIRST_PAGE else "See the notebooks under course/."
        raise SetupError(str(root / page), "there is no such notebook of the course", remedy)


def command(root: Path, page: str, *, port: int | None, browser: bool) -> list[str]:
    """Return the argument list that starts JupyterLab on `page`, listening on loopback only."""
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{page}",
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.news_url=None",
    ]
    if port is not None:
        words += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        words.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    return words


def environment(root: Path) -> dict[str, str]:
    """Return the server's environment: our settings first, the environment's programs on PATH."""
    env = {name: value for name, value in os.environ.items() if name not in {"BROWSER", "PORT"}}
    if os.environ.get("BROWSER", "none") != "none":
        env["BROWSER"] = os.environ["BROWSER"]
    state = root / ".unpickled" / "jupyter"
    env["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, [str(CONFIG), env.get("JUPYTER_CONFIG_PATH")])
    )
    env["JUPYTERLAB_SETTINGS_DIR"] = str(state / "settings")
    env["JUPYTERLAB_WORKSPACES_DIR"] = str(state / "workspaces")
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return env


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            problem = f"the port cannot be used: {error.strerror}"
            raise SetupError(
                f"port {port}", problem, "Choose another: make learn PORT=9000"
            ) from error
