"""Customers month by month: who was there when it began, what they paid, and whether they left in it.

month      | March      | April      | May        |
ada        there        there, left x
bo                      came in      there
rows       ada March    ada April    bo May           one a customer and month, known at its first midnight
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cohort import Cohort
from core.errors import NotEnoughHistory
from insights.finance.mrr import MrrTable, months_between
from tables.episodes import RUNS_ON, SubscriptionEpisodes


@dataclass(frozen=True)
class PersonMonths:
    """Rows (customer, month), by month and then customer; every array is (n,)."""

    customer_ids: np.ndarray
    "Text 'U'."
    months: np.ndarray
    "datetime64[M]"
    stays: np.ndarray
    "int64 place of the stay among all stays."
    left: np.ndarray
    "bool: whether the stay ended in the month."
    tenure_days: np.ndarray
    "int64 since the stay began, at the first midnight."
    mrr_units: np.ndarray
    "int64: what is paid a month at that midnight, whole units of the base currency."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def cohort(self) -> Cohort:
        """The same rows, to compute features for."""
        return Cohort(self.customer_ids, self.months.astype("datetime64[D]"), "a subscription running at the cutoff")

    def places_of(self, customer_ids: np.ndarray, months: np.ndarray) -> np.ndarray:
        """The row of each of these customers (m,) in its month (m,), int64; -1 for who was not there as it began."""
        ids, codes = np.unique(np.append(self.customer_ids, customer_ids), return_inverse=True)
        keys = codes + len(ids) * np.append(self.months, months).astype(np.int64)
        rows, asked = keys[: len(self)], keys[len(self) :]
        order = np.argsort(rows, kind="stable")
        found = np.searchsorted(rows, asked, sorter=order)
        place = np.append(order, -1)[found]
        return np.where(np.append(rows, -1)[place] == asked, place, -1)

    def take(self, rows: np.ndarray) -> PersonMonths:
        """The rows that an index array or boolean mask picks."""
        return PersonMonths(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def newest_months(stays: SubscriptionEpisodes, n_months: int) -> np.ndarray:
    """The last months of which it is known who left, at most so many, datetime64[M].

    Raises NotEnoughHistory where not one month is known completely.
    """
    after = stays.observed_until.astype("datetime64[M]")
    first = np.append(stays.began_on, stays.observed_until).min().astype("datetime64[M]") + 1
    months = months_between(max(first, after - n_months), after - 1)
    if not len(months):
        raise NotEnoughHistory(
            f"of no month is it known who left: subscriptions begin in {first - 1} and are known until "
            f"{stays.observed_until}; record longer, or shorten churn.grace_days"
        )
    return months


def person_months(stays: SubscriptionEpisodes, book: MrrTable, months: np.ndarray) -> PersonMonths:
    """Everybody with a stay that runs when one of the months begins. `book` covers these months."""
    parts = []
    for month in months:
        day, after = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
        there = running_episodes(stays, day)
        left = stays.ended_between(day, after)[there]
        tenure = (day - stays.began_on[there]).astype(np.int64)
        parts.append((np.full(len(there), month), there, left, tenure, mrr_at(book, month, stays.customer_ids[there])))
    of_month, there, left, tenure, mrr = (np.concatenate(part) for part in zip(*parts, strict=True))
    return PersonMonths(stays.customer_ids[there], of_month, there, left, tenure, mrr)


def running_episodes(episodes: SubscriptionEpisodes, day: np.datetime64) -> NDArray[np.int64]:
    """Places of the episodes that run at a day, by customer; of several of one customer, the one that ends first."""
    running = np.flatnonzero(episodes.running_at(day))
    ends = np.where(np.isnat(episodes.ended_on), RUNS_ON, episodes.ended_on)[running]
    running = running[np.lexsort((ends, episodes.customer_ids[running]))]
    customer_ids = episodes.customer_ids[running]
    is_first = np.append(True, customer_ids[1:] != customer_ids[:-1])[: len(running)]
    return running[is_first]


def mrr_at(book: MrrTable, month: np.datetime64, customer_ids: np.ndarray) -> np.ndarray:
    """(n,) int64 what each customer pays at the first midnight of a month of the book; 0 for unknown ones."""
    column = int((month - book.months[0]).astype(np.int64))
    place = np.searchsorted(book.customer_ids, customer_ids)
    place = np.minimum(place, max(len(book.customer_ids) - 1, 0))
    return np.where(book.customer_ids[place] == customer_ids, book.units[place, column], 0)
