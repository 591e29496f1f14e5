"""A kernel, seen from outside: it is told what to do, and watched while it does it.

Whatever it says is taken for what a hostile program might say. A message that is none, or out of turn, ends it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from unpickled.checking import File
from unpickled.errors import SandboxError
from unpickled.kernels import frames
from unpickled.kernels.bounds import Bounds
from unpickled.kernels.outputs import Outputs, failure
from unpickled.kernels.wires import Wires
from unpickled.sandbox import Fork, over

__all__ = ["Ended", "Kernel"]

_TICK = 0.02  # seconds between two looks at what it uses
_START = 30.0
_SETTLE = 0.2  # seconds in which an interrupt that came too late for its cell meets a kernel that ignores it
_OVER = {
    "memory": "it used more than {} MB of memory",
    "processes": "it ran more than {} processes and threads",
    "disk": "it made more than {} files",
    "open files": "it held more than {} files open",
}


class Ended(Exception):  # noqa: N818 - an end is no error of ours
    """An order was not carried out to its end.

    Args:
        kind: "Timeout", "TooMuchOutput", "TooMuch", "DeadKernel", "KernelProblem" or "NotRun".
        text: why, as a sentence without its full stop.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text


def _too_much(allowed: int) -> Ended:
    return Ended("TooMuchOutput", f"was stopped: it put out more than {allowed} bytes")


@dataclass(slots=True)
class _Turn:
    """One order, from when it is given to when it is done."""

    outputs: Outputs
    deadline: float
    allowed: int
    look: float = 0.0
    asked: float = 0.0
    stopped: Ended | None = None
    done: dict[str, Any] | None = None


class Kernel:
    """One notebook's kernel.

    Args:
        fork: gives the process, to which it hands three file descriptors: channel, stdout and stderr.
        bounds: what it may use.
    """

    def __init__(self, fork: Callable[[Sequence[int]], Fork], bounds: Bounds) -> None:
        self._make, self._bounds, self._limits = fork, bounds, bounds.limits()
        self._number = self._cells = 0
        self._shown: dict[str, list[dict[str, Any]]] = {}
        self._left = bounds.all_output
        self._until = 0.0
        self.ended = ""
        self.evidence: list[str] = []

    def __enter__(self) -> Kernel:
        """Start it."""
        ours, channel = socket.socketpair()
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        self._wires = Wires(ours, out, err)
        try:
            self._fork = self._make([channel.fileno(), out_end, err_end])
        except BaseException:
            self._wires.close()
            raise
        finally:
            channel.close()
            os.close(out_end)
            os.close(err_end)
        self._wires.watch(self._fork.bell)
        return self

    def __exit__(self, *_: object) -> None:
        """End it, with everything it started."""
        self._wires.close()
        self._fork.end()

    def begin(self, folder: str, files: Sequence[File], variables: Mapping[str, str]) -> None:
        """Put files into its folder; from now on its time counts.

        Raises:
            SandboxError: it does not come up.
        """
        self._until = monotonic() + self._bounds.notebook
        packed = [frames.pack(one) for one in files]
        order = {"do": "start", "folder": folder, "files": packed, "variables": dict(variables)}
        try:
            self._carry_out(order, Outputs(0, {}), monotonic() + _START, self._bounds.output)
        except Ended as error:
            problem = f"a notebook's kernel did not start: {error.text}"
            raise SandboxError("the sandbox", problem) from error

    def run(self, source: str) -> list[dict[str, Any]]:
        """Run one cell and return its outputs; why it did not come to its end is an error output among them."""
        self._cells += 1
        allowed = min(self._bounds.output, self._left)
        outputs = Outputs(allowed, self._shown)
        try:
            self._require_running()
            order = {"do": "run", "source": source}
            self._carry_out(order, outputs, self.deadline(), allowed)
            if outputs.seen > allowed:  # it came to its end with the very output that was too much
                raise _too_much(allowed)
        except Ended as error:
            outputs.list.append(failure(error.kind, f"This cell {error.text}."))
        self._left -= min(outputs.seen, allowed)  # what came after that was kept by nobody
        return outputs.list

    def ask(self, question: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Ask a question of the port; returns what was answered, as JSON has it.

        Raises:
            Ended: nothing was answered.
        """
        self._require_running()
        return self._carry_out(question, Outputs(0, {}), deadline, self._bounds.output)

    def deadline(self) -> float:
        """Return until when a cell, or a check, that begins now may take."""
        return min(monotonic() + self._bounds.cell, self._until)

    def _require_running(self) -> None:
        if not self.ended and monotonic() > self._until:
            self.ended = f"the notebook took more than {self._bounds.notebook:g} seconds"
        if self.ended:
            raise Ended("NotRun", f"was not run: {self.ended}")

    def _carry_out(
        self, order: dict[str, Any], outputs: Outputs, deadline: float, allowed: int
    ) -> dict[str, Any]:
        """Give an order, and see to it until it is done.

        Args:
            order: what to do.
            outputs: takes what it puts out.
            deadline: when to interrupt it.
            allowed: bytes that it may put out.
        """
        try:
            framed = frames.frame({"id": self._number + 1, **order})
        except frames.FrameError as error:
            raise Ended("NotRun", "was not run: it is too large to be sent") from error
        self._number += 1
        self._wires.send(framed)
        turn = _Turn(outputs, deadline, allowed)
        while turn.done is None:
            self._look(turn)
            self._hurry(turn)
            self._listen(turn)
        if turn.stopped:
            sleep(_SETTLE)
            raise turn.stopped
        return turn.done

    def _look(self, turn: _Turn) -> None:
        """Look at what it uses, every fiftieth of a second."""
        if monotonic() < turn.look:
            return
        turn.look = monotonic() + _TICK
        limits = self._limits
        if passed := over(self._fork.usage(), limits):
            most = {
                "memory": limits.memory >> 20,
                "processes": limits.processes,
                "open files": limits.open_together,
            }
            why = _OVER[passed].format(most.get(passed, limits.files))
            raise self._stopped(Ended("TooMuch", f"was stopped: {why}"), why)

    def _hurry(self, turn: _Turn) -> None:
        """Interrupt it once where its time is over or it puts out too much; end it if that does not help."""
        now = monotonic()
        if turn.stopped is None:
            turn.stopped = self._reason(turn, now)
            if turn.stopped:
                turn.asked = now
                self._fork.interrupt()
        elif now > turn.asked + self._bounds.patience:
            raise self._stopped(turn.stopped, "a cell before it could not be interrupted")

    def _reason(self, turn: _Turn, now: float) -> Ended | None:
        if now > turn.deadline:
            return Ended("Timeout", "did not come to an end in its time")
        if turn.outputs.seen > turn.allowed:
            return _too_much(turn.allowed)
        return None

    def _listen(self, turn: _Turn) -> None:
        """Take in what there is; where there is nothing, wait until there is something else to do."""
        until = turn.look if turn.stopped else min(turn.look, turn.deadline)
        ready = self._wires.wait(max(until - monotonic(), 0))
        self._print(turn, ready & {"stdout", "stderr"})
        if "channel" in ready:
            try:
                for body in self._wires.messages():
                    self._hear(turn, body)
            except frames.FrameError as error:
                self.evidence.append(f"Between notebook and grader there came {error}.")
                why = "the kernel did not answer as kernels do"
                raise self._stopped(Ended("KernelProblem", f"was given up: {why}"), why) from error
        if turn.done is not None:  # it may have printed and ended since anybody looked
            self._print(turn, {"stdout", "stderr"})
        elif "end" in ready or self._wires.hung_up:
            ended = turn.stopped or Ended("DeadKernel", "ended its kernel")
            raise self._stopped(ended, "the kernel ended in a cell before it")

    def _print(self, turn: _Turn, names: set[str]) -> None:
        for name in names:
            for data in self._wires.printed(name):
                turn.outputs.printed(name, data)

    def _hear(self, turn: _Turn, body: bytes) -> None:
        message = frames.read(body)
        number = message.get("id")
        if type(number) is not int or number > self._number:
            raise frames.FrameError("an answer that nobody had asked for")
        if "event" in message:  # a thread may show something whenever it likes
            turn.outputs.told(message, len(body), self._cells)
        elif turn.done is None and number == self._number and isinstance(message.get("done"), dict):
            turn.done = message["done"]
        else:
            raise frames.FrameError("an answer to another question")

    def _stopped(self, why: Ended, ended: str) -> Ended:
        """End the kernel for good, and return the reason."""
        self.ended = ended
        self._fork.end()
        return why
