"""Which customer bought which item when: the input of every recommender.

    customer_ids   ada        bo   cyd
    indptr         0          3    3       5
    items          7  2  2    |    |  4  7

The lines of customer i are items[indptr[i]:indptr[i + 1]], oldest first. Items are codes: places in the sorted
`item_ids`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.ids import canonical_id

RARE_REPEATS = 0.03
"Below this share of later purchases, repeats are rare: lists without them find more of what is bought next."
MIN_LATER = 100
"Later purchases that the share of repeats needs; with fewer it is unknown."


def codes_of(names: NDArray[np.str_], vocabulary: NDArray[np.str_]) -> NDArray[np.int32]:
    """(n,) place of each name in the sorted vocabulary; -1 for a name that is not in it."""
    if not len(vocabulary):
        return np.full(len(names), -1, dtype=np.int32)
    # Cast to the vocabulary's width: numpy would copy the whole vocabulary for a single longer name.
    fitting = names.astype(vocabulary.dtype)
    places = np.minimum(np.searchsorted(vocabulary, fitting), len(vocabulary) - 1)
    return np.where(vocabulary[places] == names, places, -1).astype(np.int32)


def codes_of_ids(ids: Sequence[str], vocabulary: NDArray[np.str_]) -> NDArray[np.int32]:
    """The same for ids as a request writes them, e.g. with blanks around: see the id rule of `core.ids`."""
    codes = codes_of(np.array(ids, dtype=str), vocabulary)
    if (codes < 0).any():
        canonical = np.array([canonical_id(one) for one in ids], dtype=str)
        codes = np.where(codes < 0, codes_of(canonical, vocabulary), codes)
    return codes


def lines_of(indptr: NDArray[np.integer], rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """The line numbers of some rows of a compressed sparse matrix, one row after the other."""
    lengths = indptr[rows + 1] - indptr[rows]
    ends = np.cumsum(lengths)
    return np.repeat(indptr[rows] - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)


def decay_weights(
    times: NDArray[np.datetime64], half_life_days: float | None, *, cutoff: date | None = None
) -> NDArray[np.float32]:
    """(lines,) weight of each line at the cutoff (default: the last of the times).

    1 at the cutoff and after it, half of that every `half_life_days` before it; always 1 where it is None.
    """
    if half_life_days is None or not len(times):
        return np.ones(len(times), dtype=np.float32)
    now = times.max() if cutoff is None else np.datetime64(cutoff, "s")
    age_days = (now - times).astype("timedelta64[s]").astype(np.float64) / 86_400
    return np.exp2(-np.maximum(age_days, 0) / half_life_days).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Histories:
    """The purchases of some customers: lines grouped by customer, oldest first, in compressed sparse rows."""

    customer_ids: NDArray[np.str_]
    "(n,)"
    item_ids: NDArray[np.str_]
    "(m,) sorted: the meaning of the codes."
    indptr: NDArray[np.int64]
    "(n + 1,) bounds of each customer's lines."
    items: NDArray[np.int32]
    "(lines,) item codes."
    times: NDArray[np.datetime64]
    "(lines,) datetime64[s], local time."
    quantities: NDArray[np.float32]
    "(lines,)"
    orders: NDArray[np.int64]
    "(lines,) lines of one order share a number; -1 where the order is unknown."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def customers(self) -> NDArray[np.int64]:
        """(lines,) row of the customer of each line."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    @classmethod
    def of_items(cls, baskets: Sequence[Sequence[str]], item_ids: NDArray[np.str_], *, now: np.datetime64) -> Histories:
        """Histories from plain lists of item ids, all bought at `now`; ids that are not in `item_ids` are dropped."""
        codes = [codes_of_ids(basket, item_ids) for basket in baskets]
        codes = [basket[basket >= 0] for basket in codes]
        items = np.concatenate(codes) if codes else np.empty(0, dtype=np.int32)
        return cls(
            customer_ids=np.array([""] * len(baskets)),
            item_ids=item_ids,
            indptr=np.concatenate([[0], np.cumsum([len(basket) for basket in codes])]).astype(np.int64),
            items=items.astype(np.int32),
            times=np.full(len(items), now, dtype="datetime64[s]"),
            quantities=np.ones(len(items), dtype=np.float32),
            orders=np.full(len(items), -1, dtype=np.int64),
        )

    def keep(self, lines: NDArray[np.bool_]) -> Histories:
        """The same customers with the lines that a mask selects."""
        n_kept = np.concatenate([[0], np.cumsum(lines)])
        return Histories(
            customer_ids=self.customer_ids,
            item_ids=self.item_ids,
            indptr=n_kept[self.indptr].astype(np.int64),
            items=self.items[lines],
            times=self.times[lines],
            quantities=self.quantities[lines],
            orders=self.orders[lines],
        )

    def take(self, rows: NDArray[np.integer]) -> Histories:
        """The customers that an index array selects, in its order."""
        rows = np.asarray(rows, dtype=np.int64)
        lengths = np.diff(self.indptr)[rows]
        lines = lines_of(self.indptr, rows)
        return Histories(
            customer_ids=self.customer_ids[rows],
            item_ids=self.item_ids,
            indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            items=self.items[lines],
            times=self.times[lines],
            quantities=self.quantities[lines],
            orders=self.orders[lines],
        )

    def select_row(self, row: int) -> Histories:
        """The history of one customer; these histories themselves where there is no other."""
        return self if len(self) == 1 else self.take(np.array([row]))

    def recode(self, item_ids: NDArray[np.str_]) -> Histories:
        """The same lines in the codes of another catalogue; lines of items that it lacks are dropped."""
        if item_ids is self.item_ids or np.array_equal(item_ids, self.item_ids):
            return self
        return self.with_codes(codes_of(self.item_ids, item_ids), item_ids)

    def with_codes(self, new_codes: NDArray[np.int32], item_ids: NDArray[np.str_]) -> Histories:
        """The same lines in another catalogue, given the (m,) code of each item there; -1 drops its lines."""
        codes = new_codes[self.items]
        return replace(self.keep(codes >= 0), item_ids=item_ids, items=codes[codes >= 0])

    def before(self, cutoff: date) -> Histories:
        """The lines before midnight of the cutoff."""
        return self.keep(self.times < np.datetime64(cutoff, "s"))

    def since(self, day: date) -> Histories:
        """The lines from midnight of a day on."""
        return self.keep(self.times >= np.datetime64(day, "s"))

    def weights(self, half_life_days: float | None = None, cutoff: date | None = None) -> NDArray[np.float32]:
        """(lines,) weight of each line at the cutoff, see `decay_weights`."""
        return decay_weights(self.times, half_life_days, cutoff=cutoff)

    def matrix(self, half_life_days: float | None = None, cutoff: date | None = None) -> sparse.csr_matrix:
        """(n, m) float32, customers x items: number of purchases, each weighted as in `decay_weights`."""
        weights = self.weights(half_life_days, cutoff)
        shape = (len(self), len(self.item_ids))
        matrix = sparse.csr_matrix((weights, self.items.astype(np.int32), self.indptr.astype(np.int32)), shape=shape)
        matrix.sum_duplicates()
        return matrix


def sort_distinct(numbers: NDArray[np.integer]) -> NDArray[np.int64]:
    """The different numbers, ascending: `np.unique`, whose hash table takes ten times as long for 500,000 of them."""
    ordered = np.sort(numbers, kind="stable").astype(np.int64, copy=False)
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]


def first_lines_of_days(histories: Histories) -> NDArray[np.int64]:
    """The first line of each day on which a customer bought an item, sorted by customer, item and day."""
    days = histories.times.astype("datetime64[D]").astype(np.int64)
    if not len(days):
        return days
    shape = len(histories), len(histories.item_ids), int(np.ptp(days)) + 1
    # One number sorts many times faster than three keys.
    keys = np.ravel_multi_index((histories.customers, histories.items, days - days.min()), shape)
    order = np.argsort(keys, kind="stable")
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = keys[order[1:]] != keys[order[:-1]]
    return order[is_new]


def purchase_days(histories: Histories) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, item and day number of each day on which a customer bought an item, sorted, each day once."""
    lines = first_lines_of_days(histories)
    days = histories.times[lines].astype("datetime64[D]").astype(np.int64)
    return histories.customers[lines], histories.items[lines].astype(np.int64), days


def repeat_share(histories: Histories) -> float:
    """Share of later purchases that repeat an earlier one: an item, of the same customer, on another day.

    A customer's first purchase day cannot repeat anything and does not count. NaN below MIN_LATER purchases.
    """
    rows, items, days = purchase_days(histories)
    is_repeat = (rows[1:] == rows[:-1]) & (items[1:] == items[:-1])
    first_days = np.full(len(histories), np.iinfo(np.int64).max)
    np.minimum.at(first_days, rows, days)
    n_later = np.count_nonzero(days > first_days[rows])
    return float(np.count_nonzero(is_repeat) / n_later) if n_later >= MIN_LATER else float("nan")


def has_rare_repeats(histories: Histories) -> bool:
    """Whether customers practically never buy an item twice, as with books, films and other one-off goods."""
    return repeat_share(histories) < RARE_REPEATS


def _no_codes() -> NDArray[np.int32]:
    return np.empty(0, dtype=np.int32)


def _no_times() -> NDArray[np.datetime64]:
    return np.empty(0, dtype="datetime64[s]")


def _columns_of(histories: Histories) -> dict[str, Any]:
    """The fields of histories by name, without those of anonymous lines."""
    return {column.name: getattr(histories, column.name) for column in fields(Histories)}


@dataclass(frozen=True, kw_only=True)
class Interactions(Histories):
    """The histories of all customers (customer_ids sorted), and what else recommenders are fitted on.

    Anonymous lines count for popularity only.
    """

    anonymous_items: NDArray[np.int32] = field(default_factory=_no_codes)
    "(a,) item codes of the lines without a customer."
    anonymous_times: NDArray[np.datetime64] = field(default_factory=_no_times)
    "(a,) datetime64[s]."
    item_categories: NDArray[np.int32] = field(default_factory=_no_codes)
    "(m,) code of each item's category, -1 where it has none; empty where no item has one."

    @property
    def histories(self) -> Histories:
        """The lines with a customer."""
        return Histories(**_columns_of(self))

    @property
    def has_lines(self) -> bool:
        """Whether there is any line, anonymous ones counted."""
        return len(self.times) + len(self.anonymous_times) > 0

    @property
    def day_after_last(self) -> date:
        """The day after the last line, anonymous ones counted; there must be a line."""
        return np.concatenate([self.times, self.anonymous_times]).max().astype("datetime64[D]").item() + timedelta(
            days=1
        )

    def with_histories(
        self, histories: Histories, *, anonymous: NDArray[np.bool_] | slice = slice(None)
    ) -> Interactions:
        """Other histories of the same items, with the anonymous lines that a mask selects (default: all)."""
        return Interactions(
            **_columns_of(histories),
            anonymous_items=self.anonymous_items[anonymous],
            anonymous_times=self.anonymous_times[anonymous],
            item_categories=self.item_categories,
        )

    def recode(self, item_ids: NDArray[np.str_]) -> Interactions:
        """The same lines, anonymous ones too, in another catalogue; lines of items that it lacks are dropped."""
        codes = codes_of(self.item_ids, item_ids)[self.anonymous_items]
        categories = self.item_categories
        if len(categories):
            categories = np.append(categories, np.int32(-1))[codes_of(item_ids, self.item_ids)]
        return replace(
            self.with_histories(self.histories.recode(item_ids)),
            anonymous_items=codes[codes >= 0],
            anonymous_times=self.anonymous_times[codes >= 0],
            item_categories=categories,
        )

    def before(self, cutoff: date) -> Interactions:
        """The lines before midnight of the cutoff, anonymous ones too."""
        is_before = self.anonymous_times < np.datetime64(cutoff, "s")
        return self.with_histories(self.histories.before(cutoff), anonymous=is_before)

    def since(self, day: date) -> Interactions:
        """The lines from midnight of a day on, anonymous ones too."""
        is_since = self.anonymous_times >= np.datetime64(day, "s")
        return self.with_histories(self.histories.since(day), anonymous=is_since)
