"""The sandbox: a small fixed script in a child process, as far away from the learner's files as the machine allows."""

from __future__ import annotations

__all__: list[str] = []
