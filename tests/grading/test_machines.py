"""A class graded by workers on a cluster: the same gradebook, no pickle on the way; whoever vanishes loses nothing."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from unpickled import sandbox
from unpickled.grading import CourseFolder, GradingError, Manner, grade, init, queue
from unpickled.grading.machines import Address
from unpickled.grading.machines import cluster as cluster_side

from . import machines
from .made import Notebook
from .made_port import DOUBLE, NOTE, port_checkout

pytest.importorskip("distributed", reason="Dask is not installed: tools/setup.sh scale")
LAB, QUIZ = "L4.8", "L4.4.2-quiz"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def handed_in(once):
    """A course whose lab asks through the port, with a small class of all kinds."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())

    def build(base):
        port_checkout(base / "checkout", ROOT)
        init(base / "course", base / "checkout")
        release = base / "course" / "release"
        answers = {
            "ada": DOUBLE,
            "bob": "def double(x):\n    return x + 2\n",
            "eve": "double = object()\nprint(double == double)\n",
            "kim": DOUBLE + "import os\nos._exit(1)\n",
            "zoe": DOUBLE + "import time\ntime.sleep(1)\n",
        }
        for student, double in answers.items():
            lab = Notebook(release / LAB / f"{LAB}.ipynb").answer(double)
            lab.answer(NOTE, "note-answer").write(
                base / "course" / "submitted" / student / LAB, f"{LAB}.ipynb"
            )
        quiz = Notebook(release / QUIZ / f"{QUIZ}.ipynb").answer("safetensors", "q2")
        quiz.write(base / "course" / "submitted" / "ada" / QUIZ, f"{QUIZ}.ipynb")

    return once("for-machines", build)


@pytest.fixture
def course(handed_in, tmp_path):
    shutil.copytree(handed_in / "course", tmp_path / "course")
    return CourseFolder.open(tmp_path / "course")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers: four processes beside this one."""
    with machines.Cluster(tmp_path_factory.mktemp("cluster")) as made:
        made.worker()
        made.worker()
        yield made


def by_key(outcomes):
    return {(one.assignment, one.student): one for one in outcomes}


@pytest.mark.long
def test_two_workers_give_what_this_machine_gives(course, cluster, tmp_path):
    """Points, states, reasons and evidence of everybody; the graded notebooks, too."""
    shutil.copytree(course.path, tmp_path / "here")
    here = CourseFolder.open(tmp_path / "here")
    told = []
    manner = Manner(scheduler=cluster.address, tell=told.append)
    there = by_key(grade(course, queue(course), manner))
    assert there == by_key(grade(here, queue(here)))
    assert there[LAB, "ada"].score == 8
    machines.wait_for(lambda: not list(cluster.folder.rglob("unpickled-desk-*")), 10)
    assert not told
    for path in sorted((here.path / "autograded").rglob("*.ipynb")):
        name = path.relative_to(here.path)
        theirs, ours = (json.loads((one.path / name).read_text()) for one in (course, here))
        assert theirs["cells"] == ours["cells"], name


@pytest.mark.long
def test_a_worker_that_is_killed_in_the_middle_loses_nothing(course, cluster):
    """Its submission is done again elsewhere, and what it had started is dead; a new worker may join meanwhile."""
    slow = [f"zoe{number}" for number in range(4)]
    for name in slow:
        shutil.copytree(course.submitted(LAB, "zoe"), course.submitted(LAB, name))
    told = []
    manner = Manner(scheduler=cluster.address, tell=told.append)
    outcomes = grade(course, queue(course, [LAB], slow), manner)
    done = [next(outcomes)]
    first = cluster.workers[0]
    desks = children_of(first.pid)
    assert desks
    first.kill()
    first.wait()
    cluster.worker()
    done += outcomes
    assert sorted((one.student, one.score) for one in done) == [(name, 8) for name in slow]
    assert any("done again elsewhere" in line for line in told)
    machines.wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in desks), 10)


@pytest.mark.long
def test_a_run_that_is_broken_off_lets_the_workers_go(course, cluster):
    """In two seconds, and the next run has them at once."""
    students = ["ada", "zoe"]
    outcomes = grade(course, queue(course, [LAB], students), Manner(scheduler=cluster.address))
    next(outcomes)
    started = time.monotonic()
    outcomes.close()
    assert time.monotonic() - started < 3  # 2 on a machine that has a processor to spare
    told = []
    manner = Manner(scheduler=cluster.address, tell=told.append)
    left = list(grade(course, queue(course, [LAB], students), manner))
    assert [(one.state, one.score) for one in left] == [("graded", 8)] * 2
    assert not [line for line in told if "another run" in line]


def children_of(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, ValueError):
            continue
    return found


ATTACK = """
import asyncio, os, sys
from distributed import Client, Security
from distributed.core import rpc
from distributed.protocol import pickle
url, marker, *files = sys.argv[1:]
safe = Security(tls_ca_file=files[0], tls_client_cert=files[1], tls_client_key=files[2], require_encryption=True)

async def main():
    async with Client(url, security=safe, asynchronous=True, timeout=5) as client:
        await client.wait_for_workers(1, timeout=25)
        workers = list((await client.scheduler.identity())["workers"])
        async def direct(op, **words):
            async with rpc(workers[0], connection_args=safe.get_connection_args("client")) as worker:
                return await getattr(worker, op)(**words)
        tries = [
            lambda: direct("run", function=pickle.dumps(os.mkdir), args=pickle.dumps((marker + "1",))),
            lambda: direct("upload_file", filename="x.py", data=f"import os; os.mkdir({marker + chr(50)!r})".encode()),
            lambda: client.run(os.mkdir, marker + "3"),
            lambda: client.run_on_scheduler(os.mkdir, marker + "4"),
            lambda: client.submit(os.mkdir, marker + "5"),
        ]
        for one in tries:
            try:
                print("tried", await asyncio.wait_for(asyncio.ensure_future(one()), 3))
            except BaseException as error:
                print("tried", type(error).__name__)

asyncio.run(asyncio.wait_for(main(), 55))
"""


def test_neither_worker_nor_scheduler_runs_what_a_peer_sends_as_a_pickle(cluster, tmp_path):
    """Not even one with a certificate, by any of the ways in which Dask runs functions."""
    marker = tmp_path / "made"
    files = [str(cluster.files[name]) for name in ("ca", "node", "node-key")]
    words = [sys.executable, "-c", ATTACK, cluster.url, str(marker), *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.count("tried") == 5, done.stderr
    assert not list(tmp_path.iterdir())


def test_nobody_joins_without_a_certificate_of_this_cluster(cluster, tmp_path):
    """Neither without one, nor with one of another authority that calls itself the same."""
    host, _, port = cluster.url.removeprefix("tls://").partition(":")
    (tmp_path / "other").mkdir()
    other = machines.certificates(tmp_path / "other")
    for files, joins in ((None, False), (other, False), (cluster.files, True)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if files:
            context.load_cert_chain(files["node"], files["node-key"])
        heard = b""
        with (
            suppress(OSError),
            socket.create_connection((host, int(port)), 10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            heard = connection.recv(8)  # Dask's own greeting, of those whom it lets in
        assert bool(heard) == joins


@pytest.fixture
def rogue(tmp_path):
    """The address of a scheduler that answers with pickles, and the folder that loading one makes."""
    place, marker = tmp_path / "address", tmp_path / "marker"
    words = [sys.executable, "-m", "tests.grading.rogue", str(place), str(marker)]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
    machines.wait_for(lambda: place.is_file() and place.read_text())
    yield Address(place.read_text()), marker
    process.kill()
    process.wait()


def test_whatever_a_cluster_answers_nothing_of_it_is_loaded(course, rogue, monkeypatch):
    """Pickles in every place where Dask loads one; each worker takes no part, with the reason; nothing is graded."""
    address, marker = rogue
    monkeypatch.setattr(cluster_side, "PATIENCE", 0.5)
    told = []
    with pytest.raises(GradingError, match="no worker takes part"):
        list(grade(course, queue(course), Manner(scheduler=address, tell=told.append)))
    assert not marker.exists()
    said = "\n".join(told)
    assert said.count("takes no part") == 9
    assert "another version of the course" in said
    assert "it has no jail: no bubblewrap" in said
    assert "it works for another run" in said
    assert said.count("it is none of ours") == 6


@pytest.mark.long
@pytest.mark.parametrize(
    ("files", "problem"),
    [((), "Timed out trying to connect"), (("ca", "node", "ca-key"), "KEY_VALUES_MISMATCH")],
)
def test_a_cluster_that_cannot_be_spoken_to_is_told(course, tmp_path, capfd, files, problem):
    """With the remedy and exit code 2; nothing is graded."""
    from unpickled.cli.main import run

    made = machines.certificates(tmp_path)
    options = ("--tls-ca-file", "--tls-cert", "--tls-key")
    tls = [f"{option}={made[name]}" for option, name in zip(options, files, strict=False)]
    assert run(["teach", "grade", str(course.path), "--scheduler", "127.0.0.1:9", *tls]) == 2
    told = capfd.readouterr().err
    assert "127.0.0.1:9: the cluster cannot be used" in told
    assert problem in told
    assert "Traceback" not in told
    assert not list((course.path / "autograded").iterdir())


def test_without_a_cluster_dask_is_not_imported():
    """Nor is a database driver, by whoever has no need of it."""
    code = "import unpickled.grading.engine, sys; print({'dask', 'distributed', 'psycopg'} & {*sys.modules})"
    words = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
