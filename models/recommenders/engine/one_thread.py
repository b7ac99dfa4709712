"""Small matrices on one thread: two wait for each other, and took 34 times as long."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def on_one_thread() -> AbstractContextManager[object]:
    """Limits BLAS to one thread inside a `with`."""
    return _blas().limit(limits=1, user_api="blas")


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries of this process: looking for them takes 7 ms, limiting those found 40 us."""
    return ThreadpoolController()
