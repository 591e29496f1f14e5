"""A PostgreSQL server for the tests: a cluster in a temporary folder, reached by a socket in it, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LACKING = "no PostgreSQL server's programs (initdb, pg_ctl): sudo apt-get install postgresql"
OPTIONS = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=16MB -k {}"


def programs() -> Path:
    """Where initdb is. Without it a test is skipped by name; in CI it fails."""
    found = shutil.which("initdb")  # Debian keeps it off the PATH
    places = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin")),
        *([Path(found).resolve().parent] if found else []),
    ]
    if places:
        return places[-1]
    if os.environ.get("CI"):
        pytest.fail(LACKING)
    pytest.skip(LACKING)


class Server:
    """A running server; `database()` makes a new one and gives its URL."""

    def __init__(self, home: Path, user: str, bin_folder: Path) -> None:
        self.home, self.user, self._bin, self._count = home, user, bin_folder, 0

    def run(self, name: str, *words: str) -> None:
        user = {"user": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(self._bin / name), *words]
        done = subprocess.run(
            command, cwd=self.home, capture_output=True, text=True, check=False, **user
        )
        assert done.returncode == 0, (name, done.stderr, done.stdout)

    def database(self) -> str:
        self._count += 1
        name = f"class_{self._count}"
        self.run("createdb", f"--host={self.home}", name)
        return f"postgresql://{self.user}@/{name}?host={self.home}"


@contextmanager
def server() -> Iterator[Server]:
    """A server that listens on no address; not run by root, since PostgreSQL refuses to be."""
    bin_folder = programs()
    home = Path(tempfile.mkdtemp(prefix="unpickled-pg-"))
    user = "postgres" if os.geteuid() == 0 else "tester"
    if os.geteuid() == 0:
        shutil.chown(home, user)
    made = Server(home, user, bin_folder)
    data = f"--pgdata={home / 'data'}"
    try:
        made.run(
            "initdb", data, "--auth=trust", f"--username={user}", "--no-sync", "--encoding=UTF8"
        )
        log = f"--log={home / 'log'}"
        made.run("pg_ctl", "start", data, log, "--wait", f"--options={OPTIONS.format(home)}")
        try:
            yield made
        finally:
            made.run("pg_ctl", "stop", data, "--mode=immediate")
    finally:
        shutil.rmtree(home, ignore_errors=True)
