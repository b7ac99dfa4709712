"""Shares fits between the recipes of one training: the same settings on the same rows are fitted once.

    with share_fits():
        validate(recipes)       a blend contains models that are also tried on their own
        calibrate(chosen)       calibration changes what follows the fit, not the fit

Half of the time of a training went into fits that had been done before. Outside of the block nothing is kept.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Fitted = TypeVar("Fitted")


@dataclass(frozen=True, eq=False)
class SameObject:
    """Part of the settings of a fit: equal for the very same object only, which costs no look at its arrays."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameObject) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


class _Store:
    """The fits so far; a second thread that asks for a running fit waits for it."""

    def __init__(self) -> None:
        self._fits: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, fit: Callable[[], Fitted]) -> Fitted:
        """The result for this key, fitted by the first who asks."""
        with self._lock:
            is_first = key not in self._fits
            future = self._fits.setdefault(key, Future())
        if is_first:
            try:
                future.set_result(fit())
            except BaseException as fault:
                future.set_exception(fault)
                raise
        return future.result()


_stores: list[_Store] = []
"One per running block of `share_fits`."


@contextmanager
def share_fits() -> Generator[None]:
    """Keep the fits of this block, in all of its threads, until its end."""
    _stores.append(_Store())
    try:
        yield
    finally:
        _stores.pop()


def fit_once(settings: Hashable, arrays: Iterable[NDArray[Any]], *, fit: Callable[[], Fitted]) -> Fitted:
    """The result of `fit`, or that of an earlier one with the same settings and arrays in the same `share_fits`."""
    return _stores[-1].get((settings, _digest(arrays)), fit) if _stores else fit()


def _digest(arrays: Iterable[NDArray[Any]]) -> str:
    digest = hashlib.blake2b()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()
