"""Referred customers against the others who joined in the same months: what they bought first, and whether they stayed.

    joined          +90 days                       +180 days
      |--- bought ---|--- active here: retained -----|

Both groups joined within the months of the report, early enough that these days have passed, so that neither had longer
to buy. That referred customers are worth more does not say that referrals make customers worth more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.report.definitions import Sample
from insights.report.estimation import quotient
from insights.report.figure import ALL_CUSTOMERS
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData

VALUE_DAYS = 90
"Days after joining that the value of a customer is counted over."
RETENTION_DAYS = 180
"Days after joining until which a retained customer has been active again."


@dataclass(frozen=True)
class JoinedCustomers:
    """Customers who joined in the months of the report; every array is (n,)."""

    measured: NDArray[np.float64]
    "What is compared: revenue, or 1.0 and 0.0 for retained or not."
    is_referred: NDArray[np.bool_]

    @property
    def terms_of_referred(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What the referred ones add to the sum and the number of a mean."""
        return self.measured * self.is_referred, self.is_referred

    @property
    def terms_of_others(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The same for the others."""
        return self.measured * ~self.is_referred, ~self.is_referred

    @property
    def terms_of_both(self) -> tuple[NDArray[np.float64] | NDArray[np.bool_], ...]:
        """What a difference of means is computed from; the referred ones last, who are its n."""
        return (*self.terms_of_others, *self.terms_of_referred)


def difference_of_means(rows: JoinedCustomers, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the referred customers less that of the others, (samples,)."""
    del rows
    of_others, n_others, of_referred, n_referred = sums
    return quotient(of_referred, n_referred) - quotient(of_others, n_others)


def first_revenue(inputs: FigureInputs) -> Iterator[Sample[JoinedCustomers]]:
    """Revenue of the first `VALUE_DAYS` of customers; nothing without purchases, or without both groups."""
    data = inputs.data
    joined = _has_joined(data, VALUE_DAYS)
    if not data.has_orders or not _has_both(data, joined):
        return
    ids = data.referrals.customer_ids[joined]
    joined_on, orders = data.referrals.joined_on[joined], data.orders
    ages, owners, own = _ages(ids, joined_on, customer_ids=orders.customer_ids, happened_on=orders.days)
    counts = own & (ages >= 0) & (ages < VALUE_DAYS)
    revenue = np.bincount(owners[counts], orders.amounts[counts], len(ids)).astype(np.float64)
    yield _sample(data, joined, measured=revenue)


def retention(inputs: FigureInputs) -> Iterator[Sample[JoinedCustomers]]:
    """Whether customers were active from `VALUE_DAYS` to `RETENTION_DAYS`; nothing without both groups."""
    data = inputs.data
    joined = _has_joined(data, RETENTION_DAYS)
    if not _has_both(data, joined):
        return
    ids, joined_on = data.referrals.customer_ids[joined], data.referrals.joined_on[joined]
    is_active = np.zeros(len(ids), bool)
    orders, usage = data.orders.with_order, data.usage
    for who, when in (
        (orders.customer_ids, orders.days),
        # Usage is known by month: a month counts by its first day.
        (usage.customer_ids, usage.months.astype("datetime64[D]")),
    ):
        ages, owners, own = _ages(ids, joined_on, customer_ids=who, happened_on=when)
        is_active[owners[own & (ages >= VALUE_DAYS) & (ages < RETENTION_DAYS)]] = True
    episodes = data.episodes
    ages, owners, own = _ages(ids, joined_on, customer_ids=episodes.customer_ids, happened_on=episodes.began_on)
    end = joined_on[owners] + np.timedelta64(RETENTION_DAYS, "D") if len(ids) else joined_on[owners]
    runs = own & (ages < RETENTION_DAYS) & (np.isnat(episodes.ended_on) | (episodes.ended_on >= end))
    is_active[owners[runs]] = True
    yield _sample(data, joined, measured=is_active.astype(np.float64))


def _has_joined(data: ReportData, n_days: int) -> NDArray[np.bool_]:
    """Whether each customer joined in the report's months, this many days before their end or earlier."""
    joined_on = data.referrals.joined_on
    first, last = data.calendar.months[0], data.calendar.end - np.timedelta64(n_days, "D")
    return ~np.isnat(joined_on) & (joined_on >= first) & (joined_on <= last)


def _has_both(data: ReportData, joined: NDArray[np.bool_]) -> bool:
    is_referred = data.referrals.referrers[joined] != ""
    return bool(is_referred.any()) and not bool(is_referred.all())


def _ages(
    ids: NDArray[np.str_],
    joined_on: NDArray[np.datetime64],
    *,
    customer_ids: NDArray[np.str_],
    happened_on: NDArray[np.datetime64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Of each event: days since its customer joined, the place of the customer, and whether they are among `ids`."""
    owners = np.minimum(np.searchsorted(ids, customer_ids), len(ids) - 1)
    return (happened_on - joined_on[owners]).astype(np.float64), owners, ids[owners] == customer_ids


def _sample(data: ReportData, joined: NDArray[np.bool_], *, measured: NDArray[np.float64]) -> Sample[JoinedCustomers]:
    rows = JoinedCustomers(measured, data.referrals.referrers[joined] != "")
    return Sample(data.referrals.customer_ids[joined], {"today": [(ALL_CUSTOMERS, rows)]})
