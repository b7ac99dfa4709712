"""Control groups by salted hash: sticky, without a list, the same in every process and language.

    share of a customer = first 8 bytes of SHA-256(salt + "\\0" + customer_id) / 2^64, uniform over [0, 1)

The same salt always gives the same group, and a larger share a larger group that contains the smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def hash_share(salt: str, customer_id: str) -> float:
    """Where a customer lies in [0, 1) under this salt."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{customer_id}".encode()).digest()[:8], "big") / 2.0**64


def hash_shares(salt: str, customer_ids: Sequence[str] | NDArray[np.str_]) -> NDArray[np.float64]:
    """`hash_share` of each customer, (n,)."""
    return np.array([hash_share(salt, str(one)) for one in customer_ids], dtype=np.float64)


def in_control_group(customer_ids: Sequence[str] | NDArray[np.str_], *, share: float, salt: str) -> NDArray[np.bool_]:
    """Whether each customer belongs to the control group of this share, (n,)."""
    return hash_shares(salt, customer_ids) < share
