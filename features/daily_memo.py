"""Keeps what was computed for the customers of one day, for work that asks for much of it again.

run of 8 February    days  1 May, 15 June, 14 August    computed
run of 15 February   days  1 May, 15 June, 28 August    only the last one is computed
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")
MAX_RESULTS = 100
"One run needs 12 tables of features, as many of tastes, and the labels of 60 days."


class DailyMemo:
    """The newest results from one set of tables; the same key has to mean the same result."""

    def __init__(self) -> None:
        self._results = OrderedDict[Hashable, Any]()

    def recall(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result of a key, computed where it is not kept. It must not be changed."""
        if key not in self._results:
            self._results[key] = compute()
        self._results.move_to_end(key)
        if len(self._results) > MAX_RESULTS:
            self._results.popitem(last=False)
        return self._results[key]


def key_of_customers(customer_ids: NDArray[np.str_]) -> bytes:
    """A key of customers in their order."""
    return blake2b("\0".join(customer_ids.tolist()).encode()).digest()
