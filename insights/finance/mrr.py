"""The subscription book: what every customer pays a month, at the first midnight of each month.

spans       |--- 100 ---|--- 150 -----        one customer's, as recorded
months      ^       ^       ^       ^
book        100     100     150     150       what ran at each midnight, in whole units
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from insights.finance.money import Money

RUNS_ON = np.datetime64("9999-01-01", "D")


@dataclass(frozen=True)
class SubscriptionSpans:
    """Unchanged spans of subscriptions; every array is (n,)."""

    customer_ids: np.ndarray
    "Text 'U'."
    plans: np.ndarray
    "Text 'U'."
    started_on: np.ndarray
    "datetime64[D]"
    ended_on: np.ndarray
    "datetime64[D]; NaT runs on. The day itself is no longer paid for."
    mrr: np.ndarray
    "float64, in the span's own currency, a month."
    currencies: np.ndarray
    "Text 'U'; '' is the base currency."
    margin_rates: np.ndarray | None = None
    "float64, share of the price that is left after serving; NaN where a span does not say, None where none does."

    def running_at(self, day: np.datetime64) -> np.ndarray:
        """(n,) bool: paid for at midnight of the day."""
        until = np.where(np.isnat(self.ended_on), RUNS_ON, self.ended_on)
        return (self.started_on <= day) & (until > day)

    def take(self, rows: np.ndarray) -> SubscriptionSpans:
        """The spans that an index array or boolean mask picks."""
        stated = {name: column[rows] for name, column in vars(self).items() if column is not None}
        return SubscriptionSpans(**stated)

    def paid_before(self, day: np.datetime64) -> np.ndarray:
        """(n,) bool: paid for at an earlier month's first midnight."""
        began = self.started_on.astype("datetime64[M]")
        first = (began + (self.started_on > began.astype("datetime64[D]"))).astype("datetime64[D]")
        until = np.where(np.isnat(self.ended_on), RUNS_ON, self.ended_on)
        return (first < day) & (first < until) & (self.mrr > 0)

    def a_day_later(self) -> SubscriptionSpans:
        """Each beginning and ending a day later, so that a midnight shows what ran on the day before it.

        In a book of these what begins or ends on a month's first day belongs to the month that begins with it.
        """
        return replace(self, started_on=self.started_on + 1, ended_on=self.ended_on + 1)


@dataclass(frozen=True)
class MrrTable:
    """What each customer pays at the beginning of each month, in whole units of the base currency.

    Column j is midnight of `months[j]`'s first day, at the rate of the month that ends there; `revalued` is the same
    at the rate of the month that begins there, so that a month's movements are all told at one rate. In the last
    column, where nothing moves any more, both are alike: the rate of a month to come need not be known.
    """

    customer_ids: np.ndarray
    "(n,) text 'U', sorted."
    months: np.ndarray
    "(m,) datetime64[M], rising without gaps."
    units: np.ndarray
    "(n, m) int64."
    revalued: np.ndarray
    "(n, m) int64."
    paid_earlier: np.ndarray
    "(n,) bool: whether the customer paid at a month's beginning before the first of these."
    steady: Callable[[int, int], np.ndarray] | None = None
    "From a column and a month's place to (n, m) int64 as of `at_rates_of`; None where no rate moves any amount."

    @classmethod
    def of(
        cls, spans: SubscriptionSpans, months: np.ndarray, money: Money, rate_of: np.datetime64 | None = None
    ) -> MrrTable:
        """The book at the first midnight of each of these months. Raises DataError for a missing rate.

        With `rate_of` everything is told at that one month's rates, so that no rate moves a figure.
        """
        customer_ids, owners = np.unique(spans.customer_ids, return_inverse=True)
        shape = (len(customer_ids), len(months))
        units, revalued = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for column, month in enumerate(months):
            running = np.flatnonzero(spans.running_at(month.astype("datetime64[D]")))
            for book, rate_month in ((units, month - 1), (revalued, min(month, months[-1] - 1))):
                rates = money.rates_in(spans.currencies[running], rate_month if rate_of is None else rate_of)
                np.add.at(book[:, column], owners[running], money.units(spans.mrr[running] * rates))
        earlier = np.zeros(len(customer_ids), bool)
        if len(months):
            earlier[owners[spans.paid_before(months[0].astype("datetime64[D]"))]] = True
        if rate_of is not None or set(spans.currencies) <= {"", money.currency}:
            return cls(customer_ids, months, units, revalued, earlier)

        @cache
        def steady(column: int, place: int) -> np.ndarray:
            told = np.zeros(shape, np.int64)
            paid = revalued[:, column] > 0
            told[paid] = cls.of(spans.take(paid[owners]), months, money, months[place]).units
            return told

        return cls(customer_ids, months, units, revalued, earlier, steady)

    def at_rates_of(self, place: int, column: int) -> np.ndarray:
        """(n, m) int64: what those who paid in a column pay, at the rates of one of the months."""
        return self.units if self.steady is None else self.steady(column, place)

    def had_before(self) -> np.ndarray:
        """(n, m) bool: whether the customer paid at an earlier month's beginning."""
        paid = np.column_stack([self.paid_earlier, self.units > 0])
        return np.cumsum(paid, axis=1)[:, :-1] > 0

    def take(self, rows: np.ndarray) -> MrrTable:
        """The customers that an index array or boolean mask picks; one may be picked twice."""
        whole = self.steady
        return MrrTable(
            self.customer_ids[rows], self.months, self.units[rows], self.revalued[rows], self.paid_earlier[rows],
            None if whole is None else lambda column, place: whole(column, place)[rows],
        )  # fmt: skip


def months_between(first: np.datetime64, last: np.datetime64) -> np.ndarray:
    """Every month from the first to the last, both included, datetime64[M]."""
    return np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
