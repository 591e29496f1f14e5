"""Watching: whenever a source is saved, what it makes is made anew and the open page reloads.

watchfiles tells what was saved, as the system reports it (or by polling, where a shared folder reports nothing: set
WATCHFILES_FORCE_POLLING=true). PDF and pictures are left for a build, since printing takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from unpickled.authoring.building import build
from unpickled.authoring.serving import Server
from unpickled.content import deck_lessons, load_course, load_deck
from unpickled.errors import CourseError, SetupError

__all__ = ["watch"]

FOLDERS = ("course", "quizzes", "labs")
WRITTEN = frozenset((".md", ".py", ".toml"))
SHOWN = 3  # faults at the foot of a page
PATIENCE = 80  # milliseconds of quiet after a save: editors write a file in several steps


def watch(
    root: Path,
    lesson: str = "",
    *,
    port: int = 0,
    say: Callable[[str], None],
    stop: Event | None = None,
) -> None:
    """Build, serve and build again at each save, until stopped.

    Args:
        root: the course's folder.
        lesson: build what belongs to this lesson or lab; everything if empty.
        port: to serve at, on this machine alone; 0 for any free one.
        say: called with a line for the author.
        stop: ends the watch when it is set, within a second; Ctrl-C does too, by a KeyboardInterrupt.

    Raises:
        ContentError: there is no such lesson.
        SetupError: watchfiles is not installed, or the port is taken.
        KeyboardInterrupt: on Ctrl-C; the server is closed by then.
    """
    try:
        import watchfiles  # noqa: PLC0415 - only authors have it
    except ImportError as error:
        raise SetupError("watchfiles", "it is not installed", "Run: tools/setup.sh dev") from error
    folders = [root / name for name in FOLDERS if (root / name).is_dir()]
    with Server(root, port) as server:
        changes = watchfiles.watch(
            *folders,
            watch_filter=lambda _, path: _is_written(root, Path(path)),
            debounce=800,
            step=PATIENCE,
            stop_event=stop,
            rust_timeout=500,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        next(changes)  # from here on no save is missed
        _make(root, lesson, server, say)
        say(f"Open {server.address} and write; Ctrl-C ends it.")
        for saved in changes:
            for path in sorted({Path(path) for _, path in saved}):
                say(f"saved {path.relative_to(root)}")
            if saved:
                _make(root, lesson, server, say)


def _make(root: Path, lesson: str, server: Server, say: Callable[[str], None]) -> None:
    """Build, and tell the pages; a fault is shown to the author, who is about to mend it."""
    try:
        report = build(root, lesson, quick=True)
        faults = list(_broken_rules(root, lesson))
    except CourseError as fault:
        say(str(fault))
        server.tell(fault=str(fault), built=False)
        return
    for path in report.written:
        say(f"wrote {path.relative_to(root)}")
    for broken in faults:
        say(broken)
    more = f"\n… and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    server.tell(fault="\n".join(faults[:SHOWN]) + more, built=bool(report.written))


def _broken_rules(root: Path, lesson: str) -> Iterator[str]:
    """Yield what the decks' own rules say: bounds, claims, times. `author check` has more, and takes longer."""
    from unpickled.authoring.deck_checks import deck_faults  # noqa: PLC0415 - a build needs none of it

    for name in deck_lessons(root):
        if lesson in ("", name):
            faults = deck_faults(root, load_deck(name, root), load_course(root))
            yield from (str(fault) for fault in faults)


def _is_written(root: Path, path: Path) -> bool:
    """Tell whether a file is one that authors write: no notebook, no draft of an editor, nothing hidden."""
    parts = path.relative_to(root).parts
    return path.suffix in WRITTEN and not any(part.startswith((".", "#", "~")) for part in parts)
