"""Whether a fit has the memory that it needs: it is refused with the figure, rather than killed half-way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

import psutil

from core.errors import NotEnoughMemory

GB = 1e9


def free_gb() -> float:
    """What this machine could give a process now, 10^9 bytes."""
    return psutil.virtual_memory().available / GB


def refuse_too_large(what: str, needed_gb: float) -> None:
    """Raise NotEnoughMemory where a fit would take more than there is."""
    free = free_gb()
    if needed_gb > free:
        raise NotEnoughMemory(
            f"{what} would take about {needed_gb:.1f} GB to fit, {free:.1f} GB are free; "
            "fit fewer items or customers (span_days), choose another model, or free memory"
        )


class SharedMemory:
    """What several fits of a process share: each begins once what is running leaves it enough; alone, it always may.

    Whether it is refused is for `refuse_too_large` to say: waiting only keeps two from passing that check together.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._held_gb: list[float] = []
        self._free_gb = 0.0
        "When nothing was held."

    @contextmanager
    def held(self, gb: float) -> Iterator[None]:
        """Hold so much, once it is there. It must not be asked for again within, or two would wait for each other."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held_gb or sum(self._held_gb) + gb <= self._free_gb)
            self._free_gb = self._free_gb if self._held_gb else free_gb()
            self._held_gb.append(gb)
        try:
            yield
        finally:
            with self._changed:
                self._held_gb.remove(gb)
                self._changed.notify_all()


SHARED = SharedMemory()
"This process's."
