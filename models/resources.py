"""Limits of a fit: the memory that it needs, which is checked before it starts, and the threads of BLAS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Condition

import psutil
from threadpoolctl import ThreadpoolController

from core.errors import NotEnoughMemory

GB = 1e9


def free_gb() -> float:
    """Memory that this machine can give to a process now, in 10^9 bytes."""
    return psutil.virtual_memory().available / GB


def refuse_too_large(name: str, memory_gb: float) -> None:
    """Raise NotEnoughMemory where a fit needs more memory than is free, rather than have it killed half-way."""
    free = free_gb()
    if memory_gb > free:
        raise NotEnoughMemory(
            f"{name} would take about {memory_gb:.1f} GB to fit, {free:.1f} GB are free; "
            "fit fewer items or customers (span_days), choose another model, or free memory"
        )


class SharedMemory:
    """Memory that the fits of one process share: each fit waits until the running ones leave enough for it.

    A fit that runs alone never waits. Whether a fit is too large at all is for `refuse_too_large` to decide: waiting
    only keeps two fits from passing that check at the same time.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._held_gb: list[float] = []
        self._free_gb = 0.0
        "Free memory when no fit held any."

    @contextmanager
    def hold(self, gb: float) -> Iterator[None]:
        """Reserve this much memory as soon as it is free. Do not nest: two nested fits would wait for each other."""
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
"The memory of this process."


def limit_blas_to_one_thread() -> AbstractContextManager[object]:
    """Run BLAS on one thread inside a `with`: on small matrices two threads wait for each other, 34 times as long."""
    return _blas().limit(limits=1, user_api="blas")


@cache
def _blas() -> ThreadpoolController:
    # Finding the BLAS libraries of the process takes 7 ms, limiting the ones found takes 40 us.
    return ThreadpoolController()
