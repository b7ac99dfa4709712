"""Control groups by salted hash: sticky, without a list, the same in every process and language.

    share of a customer = first 8 bytes of SHA-256(salt + "\\0" + customer_id) / 2^64, uniform over [0, 1)

The same salt always gives the same group, and a larger share a larger group that contains the smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

MIN_CONTACTABLE = 1_000
"Customers who may be contacted, below which there is no permanent control group: it would show no usual effect."


def hash_share(salt: str, customer_id: str) -> float:
    """Where a customer lies in [0, 1) under this salt."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{customer_id}".encode()).digest()[:8], "big") / 2.0**64


def hash_shares(salt: str, customer_ids: Sequence[str] | NDArray[np.str_]) -> NDArray[np.float64]:
    """`hash_share` of each customer, (n,)."""
    return np.array([hash_share(salt, str(one)) for one in customer_ids], dtype=np.float64)


def in_control_group(customer_ids: Sequence[str] | NDArray[np.str_], *, share: float, salt: str) -> NDArray[np.bool_]:
    """Whether each customer belongs to the control group of this share, (n,)."""
    return hash_shares(salt, customer_ids) < share


class PermanentControlGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The customers who never get promotional contacts, so that the effect of all of them can be measured."""

    share: float
    "Of the customers; 0 where the settings ask for no control group."
    salt: str
    n_contactable: int
    "Customers who have not refused contact, when the group was chosen."

    @property
    def is_too_small(self) -> bool:
        """Whether the group is off because too few customers may be contacted."""
        return self.share > 0 and self.n_contactable < MIN_CONTACTABLE

    @property
    def is_on(self) -> bool:
        """Whether there is a control group at all."""
        return self.share > 0 and not self.is_too_small

    def members(self, customer_ids: Sequence[str] | NDArray[np.str_]) -> NDArray[np.bool_]:
        """Whether each customer belongs to the group, (n,); no customer does where it is off."""
        if not self.is_on:
            return np.zeros(len(customer_ids), dtype=np.bool_)
        return in_control_group(customer_ids, share=self.share, salt=self.salt)
