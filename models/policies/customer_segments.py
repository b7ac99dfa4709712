"""The segment that decides for a customer: the first one, in the order of the configuration, that lists them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def number_segments(customer_ids: NDArray[np.str_], segments: Mapping[str, NDArray[np.str_]]) -> NDArray[np.int64]:
    """The number of the first segment that lists each customer, (n,); the number of segments for none."""
    numbers = np.full(len(customer_ids), len(segments), dtype=np.int64)
    for number, members in reversed(list(enumerate(segments.values()))):
        numbers[np.isin(customer_ids, members)] = number
    return numbers
