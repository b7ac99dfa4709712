"""The MRR table (what every customer pays at the start of each month), its movements, and retention.

    spans       |--- 100 ---|--- 150 -----        one customer's, as recorded
    months      ^       ^       ^       ^
    MRR table   100     100     150     150       what ran at each midnight, in whole units

    opening + fx + new + reactivation + expansion - contraction - churn = closing

A customer is new in the first month at whose end they pay, and reactivated when they come back. For a customer who
stays, a change of price is expansion or contraction. Retention compares what the customers at the start pay at the end:

    NRR  sum(closing) / sum(opening)              GRR  sum(min(closing, opening)) / sum(opening)
    logo churn  share of them who pay nothing     revenue churn  the opening of those / sum(opening)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from insights.finance.money import Money
from tables.episodes import RUNS_ON

MOVEMENTS = ("opening", "fx", "new", "reactivation", "expansion", "contraction", "churn", "closing")
RETENTION_FIGURES = ("nrr", "grr", "logo_churn", "revenue_churn")


@dataclass(frozen=True, kw_only=True)
class SubscriptionSpans:
    """Spans of subscriptions within which nothing changes; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    plans: NDArray[np.str_]
    started_on: NDArray[np.datetime64]
    "datetime64[D]"
    ended_on: NDArray[np.datetime64]
    "datetime64[D], the first day that is no longer paid for; NaT runs on."
    mrr: NDArray[np.float64]
    "Per month, in the span's own currency; a discount is negative."
    currencies: NDArray[np.str_]
    "'' is the base currency."
    margin_rates: NDArray[np.float64] | None = None
    "Share of the price that remains after the cost of service; NaN where unknown, None where unknown for all."

    @classmethod
    def empty(cls) -> SubscriptionSpans:
        """No spans."""
        return cls(
            customer_ids=np.empty(0, "U1"),
            plans=np.empty(0, "U1"),
            started_on=np.empty(0, "M8[D]"),
            ended_on=np.empty(0, "M8[D]"),
            mrr=np.empty(0),
            currencies=np.empty(0, "U1"),
        )

    def running_at(self, day: np.datetime64) -> NDArray[np.bool_]:
        """Whether each span is paid for at midnight of the day, (n,)."""
        until = np.where(np.isnat(self.ended_on), RUNS_ON, self.ended_on)
        return (self.started_on <= day) & (until > day)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SubscriptionSpans:
        """The spans that an index array or boolean mask picks."""
        columns = {name: column[rows] for name, column in vars(self).items() if column is not None}
        return SubscriptionSpans(**columns)

    def paid_before(self, day: np.datetime64) -> NDArray[np.bool_]:
        """Whether each span was paid for at the first midnight of an earlier month, (n,)."""
        began = self.started_on.astype("datetime64[M]")
        first = (began + (self.started_on > began.astype("datetime64[D]"))).astype("datetime64[D]")
        until = np.where(np.isnat(self.ended_on), RUNS_ON, self.ended_on)
        return (first < day) & (first < until) & (self.mrr > 0)

    def shift_by_one_day(self) -> SubscriptionSpans:
        """Begin and end each span one day later, so that a midnight shows what ran on the day before it.

        In an MRR table of these, what begins or ends on the first day of a month belongs to that month.
        """
        return replace(self, started_on=self.started_on + 1, ended_on=self.ended_on + 1)


@dataclass(frozen=True, kw_only=True)
class MrrTable:
    """What each customer pays at the start of each month, in whole units of the base currency.

    Column j is midnight of the first day of `months[j]`, at the rate of the month that ends there; `revalued` is the
    same at the rate of the month that begins there, so that all movements of one month use one rate. In the last
    column, after which nothing moves, both are equal: a future month's rate need not be known.
    """

    customer_ids: NDArray[np.str_]
    "(n,), sorted."
    months: NDArray[np.datetime64]
    "(m,) datetime64[M], ascending without gaps."
    units: NDArray[np.int64]
    "(n, m)"
    revalued: NDArray[np.int64]
    "(n, m)"
    paid_earlier: NDArray[np.bool_]
    "(n,): whether the customer paid at the start of a month before the first of these."
    constant_rate_units: Callable[[int, int], NDArray[np.int64]] | None = None
    "From a column and a month's place to (n, m), as `at_rates_of` returns; None where no rate changes any amount."

    @classmethod
    def of(
        cls,
        spans: SubscriptionSpans,
        months: NDArray[np.datetime64],
        *,
        money: Money,
        rate_month: np.datetime64 | None = None,
    ) -> MrrTable:
        """Compute the table at the first midnight of each of these months. Raises DataError for a missing rate.

        With `rate_month` all amounts use the rates of that one month, so that no rate moves a figure.
        """
        customer_ids, owners = np.unique(spans.customer_ids, return_inverse=True)
        shape = (len(customer_ids), len(months))
        units, revalued = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for column, month in enumerate(months):
            running = np.flatnonzero(spans.running_at(month.astype("datetime64[D]")))
            for amounts, own_month in ((units, month - 1), (revalued, min(month, months[-1] - 1))):
                rates = money.rates_in(spans.currencies[running], own_month if rate_month is None else rate_month)
                np.add.at(amounts[:, column], owners[running], money.units(spans.mrr[running] * rates))
        # Discounts take off what the customer pays, and no more.
        units, revalued = np.maximum(units, 0), np.maximum(revalued, 0)
        paid_earlier = np.zeros(len(customer_ids), bool)
        if len(months):
            paid_earlier[owners[spans.paid_before(months[0].astype("datetime64[D]"))]] = True
        table = cls(customer_ids=customer_ids, months=months, units=units, revalued=revalued, paid_earlier=paid_earlier)
        if rate_month is not None or set(spans.currencies) <= {"", money.currency}:
            return table

        @cache
        def constant_rate_units(column: int, place: int) -> NDArray[np.int64]:
            at_one_rate = np.zeros(shape, np.int64)
            # Only the customers who pay in the column: the others may use currencies without a rate that month.
            paid = revalued[:, column] > 0
            at_one_rate[paid] = cls.of(spans.take(paid[owners]), months, money=money, rate_month=months[place]).units
            return at_one_rate

        return replace(table, constant_rate_units=constant_rate_units)

    def at_rates_of(self, place: int, column: int) -> NDArray[np.int64]:
        """What the customers who pay in a column pay in every month, at the rates of one month, (n, m)."""
        return self.units if self.constant_rate_units is None else self.constant_rate_units(column, place)

    def has_paid_before(self) -> NDArray[np.bool_]:
        """Whether the customer paid at the start of an earlier month, (n, m)."""
        paid = np.column_stack([self.paid_earlier, self.units > 0])
        return np.cumsum(paid, axis=1)[:, :-1] > 0

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> MrrTable:
        """The customers that an index array or boolean mask picks; an index may repeat."""
        of_all = self.constant_rate_units
        return MrrTable(
            customer_ids=self.customer_ids[rows],
            months=self.months,
            units=self.units[rows],
            revalued=self.revalued[rows],
            paid_earlier=self.paid_earlier[rows],
            constant_rate_units=None if of_all is None else lambda column, place: of_all(column, place)[rows],
        )


def months_between(first: np.datetime64, last: np.datetime64) -> NDArray[np.datetime64]:
    """Every month from the first to the last, both included, datetime64[M]."""
    return np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)


def movements_of(table: MrrTable, column: int) -> dict[str, NDArray[np.int64]]:
    """Each customer's part of each movement in one month, (n,) by name of the movement."""
    opening, valued, closing = table.units[:, column], table.revalued[:, column], table.units[:, column + 1]
    arrived, churned = (valued == 0) & (closing > 0), (valued > 0) & (closing == 0)
    stayed = (valued > 0) & (closing > 0)
    returned = arrived & (table.has_paid_before()[:, column] | (opening > 0))
    change = closing - valued
    return {
        "opening": opening,
        "fx": valued - opening,
        "new": np.where(arrived & ~returned, closing, 0),
        "reactivation": np.where(returned, closing, 0),
        "expansion": np.where(stayed, np.maximum(change, 0), 0),
        "contraction": np.where(stayed, np.maximum(-change, 0), 0),
        "churn": np.where(churned, valued, 0),
        "closing": closing,
    }


def retention_terms(
    table: MrrTable, *, start: int, end: int
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Each customer's numerator and denominator of each figure of `RETENTION_FIGURES`, (n,) each.

    Compares column `end` with column `start`, at the rates of the month that begins at `start`, so that no rate moves
    a figure. A figure is the sum of the numerators over that of the denominators.
    """
    opening = table.revalued[:, start].astype(np.float64)
    paid = opening > 0
    closing = np.where(paid, table.at_rates_of(start, start)[:, end], 0).astype(np.float64)
    churned = paid & (closing == 0)
    return {
        "nrr": (closing, opening),
        "grr": (np.minimum(closing, opening), opening),
        "logo_churn": (churned.astype(np.float64), paid.astype(np.float64)),
        "revenue_churn": (opening * churned, opening),
    }
