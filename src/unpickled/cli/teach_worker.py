"""`unpickled teach worker`: a machine more for a class that is graded elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import click

from unpickled.cli.teach_shared import tls_options
from unpickled.cli.terminal import printable

__all__ = ["worker"]


@click.command(
    epilog="Examples:\n\n  unpickled teach worker tcp://127.0.0.1:8786\n\n"
    "  unpickled teach worker tls://10.0.0.5:8786 --tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem\n\n"
    "The scheduler is Dask's own: docs/scaling.md says how it is started, and how certificates are made.",
)
@click.argument("scheduler")
@click.option(
    "--jobs", type=click.IntRange(1, 256), help="Submissions at a time; by default one a processor."
)
@tls_options
def worker(scheduler: str, jobs: int | None, tls: dict[str, Path | None]) -> int:
    """Grade what the cluster of SCHEDULER is given, each submission in a jail, until Ctrl-C.

    It needs the checkout, no course folder and no gradebook. Whoever may speak to the cluster can have it run code: use
    TLS, or a machine that is yours alone.
    """
    from unpickled.grading.machines import address_of  # noqa: PLC0415 - not needed for --help
    from unpickled.grading.machines.needed import require_dask  # noqa: PLC0415
    from unpickled.grading.running import default_jobs  # noqa: PLC0415

    address = address_of(scheduler, **tls)
    require_dask()
    from unpickled.grading.machines.station import serve  # noqa: PLC0415 - it imports all of nbgrader

    def tell(line: str) -> None:
        click.echo(printable(f"{time.strftime('%H:%M:%S')}  {line}"), err=True)

    serve(address, jobs or default_jobs(), tell)
    return 0
