"""The port over plain data alone: what a check sees of a learner whose notebook ran somewhere else.

With it a test proves that a check needs nothing but the port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unpickled.checking.plain import Plain
from unpickled.checking.port import File, Student, inner_name
from unpickled.errors import StudentError

__all__ = ["Recorded", "Recording"]

_Key = tuple[str, str]


class Recorded:
    """A student as a list of questions and their answers.

    Args:
        answers: by the kind of question and its text, the answer or the error.
    """

    def __init__(self, answers: Mapping[_Key, Plain | StudentError]) -> None:
        self._answers = dict(answers)

    def value(self, name: str) -> Plain:
        """Return the value that was recorded."""
        return self._answer("value", name)

    def call(self, function: str, *args: Plain | File) -> Plain:
        """Return the result that was recorded for that function with those very arguments."""
        return self._answer("call", _written(function, args))

    def file(self, name: str) -> bytes:
        """Return the file that was recorded."""
        data = self._answer("file", inner_name(name))
        if type(data) is not bytes:
            raise StudentError(f"there is no file {name} that can be read")
        return data

    def _answer(self, kind: str, question: str) -> Plain:
        try:
            answer = self._answers[kind, question]
        except KeyError:
            raise StudentError(f"nobody recorded the {kind} {question[:80]}") from None
        if isinstance(answer, StudentError):
            raise answer
        return answer


class Recording:
    """Passes every question on to another student, and keeps the answers.

    Args:
        student: who answers.
    """

    def __init__(self, student: Student) -> None:
        self._student = student
        self._answers: dict[_Key, Plain | StudentError] = {}

    def value(self, name: str) -> Plain:
        """Ask for a value, and keep it."""
        try:
            answer = self._student.value(name)
        except StudentError as error:
            self._answers["value", name] = error
            raise
        self._answers["value", name] = answer
        return answer

    def call(self, function: str, *args: Plain | File) -> Plain:
        """Ask for a call, and keep what it gave."""
        key = ("call", _written(function, args))
        try:
            answer = self._student.call(function, *args)
        except StudentError as error:
            self._answers[key] = error
            raise
        self._answers[key] = answer
        return answer

    def file(self, name: str) -> bytes:
        """Ask for a file, and keep it."""
        try:
            answer = self._student.file(name)
        except StudentError as error:
            self._answers["file", name] = error
            raise
        self._answers["file", name] = answer
        return answer

    def replay(self) -> Recorded:
        """Return a student who knows just what was asked so far."""
        return Recorded(self._answers)


def _written(function: str, args: Sequence[Plain | File]) -> str:
    return f"{function}({', '.join(repr(arg) for arg in args)})"
