"""A student whose notebook runs in a kernel: each question of a check crosses as JSON, and so does each answer.

An answer is data and nothing else: no object of the learner's, no method of one, no comparison by its own rules. It may
be a lie, and then it is that learner's answer.
"""

from __future__ import annotations

from typing import Any

from unpickled.checking import File, Plain, plain
from unpickled.errors import StudentError
from unpickled.kernels import frames
from unpickled.kernels.kernel import Ended, Kernel

__all__ = ["Distant", "TimeIsUp"]

_PROBLEM, _REMEDY, _RAISED = 500, 300, 200  # characters that are passed on


class TimeIsUp(BaseException):
    """A check's questions took too long; it stands outside of `Exception` so that no check goes on after it."""


class Distant:
    """The work of one student, for one check.

    Args:
        kernel: what the notebook runs in.
        deadline: until when the check may ask.
        hidden: the check's inputs are nobody's to know. So what the learner's side says of an answer that does not
            come, which could hold them, is not passed on in their words.

    Attributes:
        withheld: those words, for the instructor.
    """

    def __init__(self, kernel: Kernel, deadline: float, *, hidden: bool = False) -> None:
        self._kernel, self._deadline, self._hidden = kernel, deadline, hidden
        self.withheld: list[str] = []

    def value(self, name: str) -> Plain:
        """Ask for the value of a name."""
        return self._ask({"do": "value", "name": name}, f"the value of {name}")

    def call(self, function: str, *args: Plain | File) -> Plain:
        """Ask for what a function returns."""
        arguments = [frames.pack(arg if isinstance(arg, File) else plain(arg)) for arg in args]
        question = {"do": "call", "name": function, "arguments": arguments}
        return self._ask(question, f"what {function} returns")

    def file(self, name: str) -> bytes:
        """Ask for a file."""
        data = self._ask({"do": "file", "name": name}, f"the file {name}")
        if type(data) is not bytes:
            raise StudentError(f"there is no file {name} that can be read")
        return data

    def _ask(self, question: dict[str, Any], what: str) -> Plain:
        try:
            answer = self._kernel.ask(question, self._deadline)
        except Ended as error:
            if error.kind == "Timeout":
                raise TimeIsUp(error.text) from error
            problem = f"there is no answer any more, since {self._kernel.ended or error.text}"
            raise StudentError(problem) from error
        if "problem" in answer:
            raise self._refusal(_problem(answer), what)
        if answer.get("interrupted") is True or "answer" not in answer:
            raise StudentError(f"{what} did not come")
        try:
            return plain(frames.unpack(answer["answer"]))
        except (frames.FrameError, StudentError) as error:
            told = error.problem if isinstance(error, StudentError) else str(error)
            raise StudentError(f"{what} cannot be read: {told}") from error

    def _refusal(self, error: StudentError, what: str) -> StudentError:
        if not self._hidden:
            return error
        self.withheld.append(f"{error.problem[:1].upper()}{error.problem[1:]}.")
        why = ", since an exception was raised" if error.raised else ""
        remedy = "What is said of it is left out here, so that nothing hidden is told."
        return StudentError(f"{what} did not come{why}", remedy, raised=error.raised)


def _problem(answer: dict[str, Any]) -> StudentError:
    """Return the kernel's own account of why there is no answer, cut to what an honest one needs."""
    parts = [
        str(text)[:most] if isinstance(text := answer.get(name), str) else ""
        for name, most in (("problem", _PROBLEM), ("remedy", _REMEDY), ("raised", _RAISED))
    ]
    return StudentError(parts[0], parts[1], raised=parts[2])
