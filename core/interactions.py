"""Who bought what, when: the input of every recommender.

    customer_ids   ada        bo   cyd
    indptr         0          3    3       5
    items          7  2  2    |    |  4  7

Customer i's lines are items[indptr[i]:indptr[i + 1]], oldest first. Items are
codes into the sorted `item_ids`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy import sparse


def codes_of(names: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where each name stands in the sorted array `known`; -1 where it does not. (n,) int32."""
    if not len(known):
        return np.full(len(names), -1, dtype=np.int32)
    fitting = names.astype(known.dtype)  # of one width, or numpy would copy all of `known` for one long name
    places = np.minimum(np.searchsorted(known, fitting), len(known) - 1)
    return np.where(known[places] == names, places, -1).astype(np.int32)


def lines_of(indptr: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The line numbers of some rows of compressed rows, one row after the other. int64."""
    lengths = indptr[rows + 1] - indptr[rows]
    ends = np.cumsum(lengths)
    return np.repeat(indptr[rows] - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)


def weights_of(times: np.ndarray, half_life_days: float | None, cutoff: date | None = None) -> np.ndarray:
    """What a line of each time still counts at the cutoff (default: the last time), (lines,) float32.

    1 at the cutoff and later, half of that every `half_life_days` before it; None halves nothing.
    """
    if half_life_days is None or not len(times):
        return np.ones(len(times), dtype=np.float32)
    now = times.max() if cutoff is None else np.datetime64(cutoff, "s")
    age_days = (now - times).astype("timedelta64[s]").astype(np.float64) / 86_400
    return np.exp2(-np.maximum(age_days, 0) / half_life_days).astype(np.float32)


@dataclass(frozen=True)
class Histories:
    """What some customers bought: lines grouped by customer, oldest first, in compressed rows."""

    customer_ids: np.ndarray
    "(n,) text 'U'."
    item_ids: np.ndarray
    "(m,) text 'U', sorted: the meaning of the codes."
    indptr: np.ndarray
    "(n + 1,) int64."
    items: np.ndarray
    "(lines,) int32 codes."
    times: np.ndarray
    "(lines,) datetime64[s], local."
    quantities: np.ndarray
    "(lines,) float32."
    orders: np.ndarray
    "(lines,) int64: lines of one order share a number; -1 where unknown."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def customers(self) -> np.ndarray:
        """(lines,) int64: the row of the customer of each line."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    @classmethod
    def of_items(cls, baskets: Sequence[Sequence[str]], item_ids: np.ndarray, now: np.datetime64) -> Histories:
        """Histories from plain lists of item ids, all as if bought at `now`; ids not in `item_ids` are dropped."""
        codes = [codes_of(np.asarray(basket, dtype=str), item_ids) for basket in baskets]
        known = [basket[basket >= 0] for basket in codes]
        items = np.concatenate(known) if known else np.empty(0, dtype=np.int32)
        return cls(
            customer_ids=np.array([""] * len(baskets)),
            item_ids=item_ids,
            indptr=np.concatenate([[0], np.cumsum([len(basket) for basket in known])]).astype(np.int64),
            items=items.astype(np.int32),
            times=np.full(len(items), now, dtype="datetime64[s]"),
            quantities=np.ones(len(items), dtype=np.float32),
            orders=np.full(len(items), -1, dtype=np.int64),
        )

    def keep(self, lines: np.ndarray) -> Histories:
        """The same customers with only the lines that a boolean mask keeps."""
        kept = np.concatenate([[0], np.cumsum(lines)])
        return Histories(
            self.customer_ids,
            self.item_ids,
            kept[self.indptr].astype(np.int64),
            self.items[lines],
            self.times[lines],
            self.quantities[lines],
            self.orders[lines],
        )

    def take(self, rows: np.ndarray) -> Histories:
        """The customers that an index array picks, in its order."""
        rows = np.asarray(rows, dtype=np.int64)
        lengths = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        lines = lines_of(self.indptr, rows)
        return Histories(
            self.customer_ids[rows],
            self.item_ids,
            indptr,
            self.items[lines],
            self.times[lines],
            self.quantities[lines],
            self.orders[lines],
        )

    def recode(self, item_ids: np.ndarray) -> Histories:
        """The same lines in another catalogue's codes; items that it lacks are dropped."""
        if item_ids is self.item_ids or np.array_equal(item_ids, self.item_ids):
            return self
        return self.in_codes(codes_of(self.item_ids, item_ids), item_ids)

    def in_codes(self, new_codes: np.ndarray, item_ids: np.ndarray) -> Histories:
        """The same lines in another catalogue, given the (m,) int32 code of each item there; -1 drops its lines."""
        codes = new_codes[self.items]
        kept = self.keep(codes >= 0)
        return Histories(
            kept.customer_ids, item_ids, kept.indptr, codes[codes >= 0], kept.times, kept.quantities, kept.orders
        )

    def before(self, cutoff: date) -> Histories:
        """What had happened before midnight of the cutoff."""
        return self.keep(self.times < np.datetime64(cutoff, "s"))

    def since(self, day: date) -> Histories:
        """What has happened from midnight of a day on."""
        return self.keep(self.times >= np.datetime64(day, "s"))

    def weights(self, half_life_days: float | None = None, cutoff: date | None = None) -> np.ndarray:
        """(lines,) float32: what each line still counts at the cutoff, see `weights_of`."""
        return weights_of(self.times, half_life_days, cutoff)

    def matrix(self, half_life_days: float | None = None, cutoff: date | None = None) -> sparse.csr_matrix:
        """Customers x items, (n, m) float32: times bought, halved every `half_life_days` before `cutoff`."""
        weights = self.weights(half_life_days, cutoff)
        shape = (len(self), len(self.item_ids))
        matrix = sparse.csr_matrix((weights, self.items.astype(np.int32), self.indptr.astype(np.int32)), shape=shape)
        matrix.sum_duplicates()
        return matrix


def _no_lines() -> np.ndarray:
    return np.empty(0, dtype=np.int32)


def _no_times() -> np.ndarray:
    return np.empty(0, dtype="datetime64[s]")


@dataclass(frozen=True)
class Interactions(Histories):
    """Everybody's histories (customer_ids sorted); lines without a customer count for popularity only."""

    anonymous_items: np.ndarray = field(default_factory=_no_lines)
    "(a,) int32 codes."
    anonymous_times: np.ndarray = field(default_factory=_no_times)
    "(a,) datetime64[s]."

    @property
    def histories(self) -> Histories:
        """The customers' lines alone."""
        return Histories(
            self.customer_ids, self.item_ids, self.indptr, self.items, self.times, self.quantities, self.orders
        )

    def recode(self, item_ids: np.ndarray) -> Interactions:
        """The same lines in another catalogue's codes, anonymous lines too; items that it lacks are dropped."""
        kept = self.histories.recode(item_ids)
        codes = codes_of(self.item_ids, item_ids)[self.anonymous_items]
        return Interactions(
            kept.customer_ids, kept.item_ids, kept.indptr, kept.items, kept.times, kept.quantities, kept.orders,
            codes[codes >= 0], self.anonymous_times[codes >= 0],
        )  # fmt: skip

    def before(self, cutoff: date) -> Interactions:
        """What had happened before midnight of the cutoff, anonymous lines too."""
        return self._of(self.histories.before(cutoff), self.anonymous_times < np.datetime64(cutoff, "s"))

    def since(self, day: date) -> Interactions:
        """What has happened from midnight of a day on, anonymous lines too."""
        return self._of(self.histories.since(day), self.anonymous_times >= np.datetime64(day, "s"))

    def _of(self, kept: Histories, anonymous: np.ndarray) -> Interactions:
        """Kept histories with the anonymous lines that a boolean mask keeps."""
        return Interactions(
            kept.customer_ids, kept.item_ids, kept.indptr, kept.items, kept.times, kept.quantities, kept.orders,
            self.anonymous_items[anonymous], self.anonymous_times[anonymous],
        )  # fmt: skip
