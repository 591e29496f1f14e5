"""What there is to look at in a file, and how much of it a scanner looked at.

A scanner that found nothing in what it read has said nothing about the rest. Here our own tracer finds where each
pickle ends; what a scanner left out, or could not parse, turns its "nothing found" into SKIPPED or UNREADABLE.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from unpickled.errors import TraceError
from unpickled.pickles import Import, Limits, OverLimitError, Step, Tracing
from unpickled.scanners.answers import Answer, Look
from unpickled.scanners.verdicts import Verdict
from unpickled.weights import Piece, inside

__all__ = ["Part", "gap", "parts"]

# In the whole file. picklescan takes 10 s and 300 MB for so many, and both grow with them.
_OPCODES = 2_000_000
_PARTS = 5_000
_ENDS = 1_000
_CODES = 100
_BY_NUMBER = frozenset({"EXT1", "EXT2", "EXT4"})
_BROKEN = "it is broken at byte {}"
_JOBLIB = "from byte {} on, joblib keeps raw numbers inside the pickle, which no scanner steps over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a file, measured.

    Attributes:
        where: the archive member; empty for the file itself.
        kind: as in `Piece`.
        format: format id of the piece.
        start: offset of the first pickle in the piece, in bytes.
        end: offset behind the last pickle, in bytes.
        ends: offset behind each pickle, for the first thousand.
        problem: why it could not be read to its end; empty if it could.
        too_large: whether that is a limit, so that the scanners had better not try either.
        codes: numbers of the copyreg extension registry that it imports by, the first of them.
    """

    where: str
    kind: str
    format: str
    start: int = 0
    end: int = 0
    ends: tuple[int, ...] = ()
    problem: str = ""
    too_large: bool = False
    codes: tuple[int, ...] = ()


def parts(path: str | os.PathLike[str]) -> tuple[Part, ...]:
    """Measure every piece of a file, at least one.

    Raises:
        ScanError: if the path is missing, may not be read, or is not a regular file.
    """
    found: list[Part] = []
    seen: set[str] = set()
    opcodes = _OPCODES
    for piece in inside(path):
        if len(found) >= _PARTS:
            found.append(
                Part(
                    where="", kind="closed", format=piece.format, problem="it has too many members"
                )
            )
            break
        part, used = _measure(piece, opcodes)
        opcodes -= used
        found.append(_named_twice(part) if part.where in seen else part)
        seen.add(part.where)
    return tuple(found)


def _named_twice(part: Part) -> Part:
    """Close a second part of the same name: a scanner's answer does not tell which of the two it looked at."""
    problem = part.problem or "two things in it have this name"
    return Part(
        where=part.where, kind="closed", format=part.format, problem=problem, codes=part.codes
    )


def _measure(piece: Piece, opcodes: int) -> tuple[Part, int]:
    """Trace a pickle piece to its end; the number of opcodes used comes second."""
    if piece.kind != "pickle":
        return _unread(piece), 0
    most = max(1, opcodes)
    limits = Limits(opcodes=most, stack=most, memo=most, items=1, text=64)
    steps = Tracing(piece.data, limits, piece.start)
    ends: list[int] = []
    codes: set[int] = set()
    last, numbers, problem, too_large = 0, 0, "", False
    try:
        last, numbers = _ends(steps, piece.pickles, ends, codes)
    except OverLimitError as error:
        too_large, problem = True, f"it is too large to check: {error.problem}"
    except TraceError as error:
        problem = (_JOBLIB if piece.format == "joblib" else _BROKEN).format(error.offset)
    if not problem and numbers:
        problem = _JOBLIB.format(numbers)
    if not problem and len(ends) < piece.pickles:
        problem = f"it ends after {len(ends)} of {piece.pickles} pickles"
    part = Part(
        where=piece.where,
        kind="pickle",
        format=piece.format,
        start=piece.start,
        end=last,
        ends=tuple(ends),
        problem=problem,
        too_large=too_large,
        codes=tuple(sorted(codes)),
    )
    return part, steps.machine.now + 1


def _ends(steps: Iterable[Step], pickles: int, ends: list[int], codes: set[int]) -> tuple[int, int]:
    """Collect where the first pickles end.

    Returns:
        Where the last one ends, after `pickles` of them if not 0; and from where on joblib reads numbers, or 0.
    """
    last = numbers = 0
    wrapped = False
    for step in steps:
        if step.imports:
            wrapped |= _is_wrapper(step.imports)
        if step.opcode == "BUILD" and wrapped:
            numbers = numbers or step.end
        if step.opcode in _BY_NUMBER and len(codes) < _CODES:
            codes.add(step.arg)
        if step.opcode == "STOP":
            last = step.offset + step.size
            if len(ends) < _ENDS:
                ends.append(last)
            if step.pickle + 1 == pickles:
                break
    return last, numbers


def _is_wrapper(name: Import) -> bool:
    """Tell whether joblib reads raw numbers for what is built of this, by whatever way it is named."""
    return name.module.partition(".")[0] == "joblib" or "ArrayWrapper" in name.name


def _unread(piece: Piece) -> Part:
    return Part(
        where=piece.where,
        kind=piece.kind,
        format=piece.format,
        problem=piece.problem,
        too_large=piece.too_large,
    )


def gap(answer: Answer, found: Iterable[Part]) -> tuple[Verdict, str]:
    """Tell what stands between "the scanner flagged nothing" and CLEAN.

    Returns:
        CLEAN and an empty note where it read everything; else UNREADABLE or SKIPPED and the reason, without a
        full stop.
    """
    found = tuple(found)
    broken = [complaint for complaint in answer.complaints if complaint.kind == "failed"]
    if broken:
        return Verdict.FAILED, broken[0].text
    gaps = []
    explained = set()
    for part in found:
        verdict, note = _gap_in(part, answer)
        if verdict is not Verdict.CLEAN:
            gaps.append((verdict, note))
            explained |= {part.where} if verdict is Verdict.UNREADABLE else set()
    gaps += [
        (Verdict.UNREADABLE, f"{complaint.text}{_in(complaint.where)}")
        for complaint in answer.complaints
        if complaint.kind == "unreadable" and complaint.where not in explained
    ]
    if not gaps:
        return Verdict.CLEAN, ""
    gaps.sort(key=lambda entry: entry[0] is not Verdict.UNREADABLE)
    more = len({note for _, note in gaps}) - 1
    verdict, note = gaps[0]
    return verdict, f"{note} (and {more} more)" if more else note


def _gap_in(part: Part, answer: Answer) -> tuple[Verdict, str]:
    if part.kind == "pickle":
        return _gap_in_pickle(part, answer)
    if part.kind == "closed":
        return Verdict.UNREADABLE, f"{part.problem}{_in(part.where)}"
    if part.where in answer.judged:
        return Verdict.CLEAN, ""
    return Verdict.SKIPPED, _why_not(part, answer)


def _gap_in_pickle(part: Part, answer: Answer) -> tuple[Verdict, str]:
    looks = [look for look in answer.looks if look.where == part.where]
    if not looks:
        return Verdict.SKIPPED, _why_not(part, answer)
    if part.problem:
        return Verdict.UNREADABLE, f"{part.problem}{_in(part.where)}"
    reached = _reached(part, looks)
    if reached + 1 >= part.end:  # at the end of the data both scanners step one byte back
        return Verdict.CLEAN, ""
    if any(look.to_the_end for look in looks):
        return Verdict.UNREADABLE, f"it stopped at byte {reached} of {part.end}{_in(part.where)}"
    read = sum(end <= reached + 1 for end in part.ends)
    return Verdict.SKIPPED, f"it read {read} of {len(part.ends)} pickles{_in(part.where)}"


def _reached(part: Part, looks: list[Look]) -> int:
    """Follow the looks from the part's start without a hole; return the offset they come to."""
    reached = part.start
    for look in sorted(looks, key=lambda look: (look.start, look.end)):
        if look.start <= reached:
            reached = max(reached, look.end)
    return reached


def _why_not(part: Part, answer: Answer) -> str:
    """Say why a part was not looked at, in the scanner's words where it gave any."""
    told = next((note.text for note in answer.complaints if note.where == part.where), "")
    if part.kind in {"model", "nothing"}:
        return told or "it reads only pickles, and this format holds none"
    if "<" in part.where or " > " in part.where:
        return f"it did not look inside {part.where.rpartition(' > ')[0] or 'the compressed data'}"
    return f"it did not look at {part.where or 'the file itself'}" + (f": {told}" if told else "")


def _in(where: str) -> str:
    return f" ({where})" if where else ""
