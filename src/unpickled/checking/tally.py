"""Adds up the parts of a check: each gives its points or a sentence, and one that fails leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable

from unpickled.checking.port import Outcome
from unpickled.errors import StudentError

__all__ = ["Tally"]


class Tally:
    """The points of one check so far.

    Args:
        maximum: what all parts together give.
    """

    def __init__(self, maximum: float) -> None:
        self._maximum = maximum
        self._points = 0.0
        self._offered = 0.0
        self._feedback: list[str] = []

    def part(self, points: float, test: Callable[[], bool], wrong: str) -> bool:
        """Give points if a test holds, else the sentence; whatever the learner's work raises is told instead.

        Returns:
            Whether the test held.
        """
        return self.share(points, lambda: float(test() is True), wrong) == 1

    def share(self, points: float, test: Callable[[], float], wrong: str) -> float:
        """Give a share of the points, from 0 to 1; the sentence for any less than all."""
        self._offered += points
        try:
            share = min(max(test(), 0.0), 1.0)
        except StudentError as error:
            share, wrong = 0.0, _sentence(error)
        self._points += points * share
        if share < 1 and wrong not in self._feedback:
            self._feedback.append(wrong)
        return share

    def outcome(self) -> Outcome:
        """Return the sum, rounded down to hundredths.

        Raises:
            ValueError: the parts do not add up to the maximum, which is the check's own mistake.
        """
        if abs(self._offered - self._maximum) > 1e-9:
            raise ValueError(f"the parts give {self._offered:g} points of {self._maximum:g}")
        points = min(int(self._points * 100 + 1e-6) / 100, self._maximum)
        return Outcome(points, self._maximum, tuple(self._feedback) or ("Right.",))


def _sentence(error: StudentError) -> str:
    problem = f"{error.problem[:1].upper()}{error.problem[1:]}."
    return f"{problem} {error.remedy}".strip()
