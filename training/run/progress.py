"""How training tells what it is doing, without knowing who looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

Step = TypeVar("Step")


class Progress(Protocol):
    """Shows how far a piece of work is."""

    def over(self, steps: Sequence[Step], what: str) -> Iterable[Step]:
        """The steps, one by one."""
        ...

    def during(self, what: str) -> AbstractContextManager[object]:
        """One step whose length nobody knows."""
        ...


class Silence:
    """Nobody looks."""

    def over(self, steps: Sequence[Step], what: str) -> Iterable[Step]:
        """The steps."""
        del what
        return steps

    def during(self, what: str) -> AbstractContextManager[object]:
        """Nothing."""
        del what
        return nullcontext()
