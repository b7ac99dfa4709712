"""Churn by the customer's own rhythm: no purchase within a multiple of their usual gap.

    past                        cutoff   gap     multiple x usual gap
    --x-----x-----x---------------[-------)[---------------)
      '-----'-----'                         a purchase in here: the customer stayed
      usual gap: the mean between days of purchase

The past counts only through the usual gap. The wait is at most the horizon, and exactly the horizon where there is
no usual gap yet (fewer than two days of purchase).
"""

from __future__ import annotations

import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.config.training import ChurnDefinition
from features.labels.inactivity import inactivity_result, label_first_inactivity
from features.labels.protocol import NO_DAY, Label, LabelQuery, LabelResult
from tables.engines.arrays import days, midnight, numbers, within
from tables.orders import IS_PURCHASE
from tables.tables import Tables


class Overdue:
    """Churned without a purchase before they were overdue."""

    table = "purchases"
    waits_for_renewal = False
    is_daily = False

    def describe(self, churn: ChurnDefinition) -> str:
        """The definition in words."""
        return (
            f"no purchase within {churn.overdue_multiple:g} of the customer's own usual gaps, "
            f"at most {churn.horizon_days} days"
        )

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label customers without a purchase before they were overdue."""
        start = np.datetime64(query.window.start, "D")
        overdue_on = start + _wait_days(tables, query).astype("timedelta64[D]")
        returned_on = _first_purchase_days(tables, query)
        came_back = ~np.isnat(returned_on) & (returned_on < overdue_on)
        return inactivity_result(~came_back, overdue_on)

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label customers who were overdue, by their rhythm before the cutoff, at any time while they are followed."""
        purchases = tables[self.table].filter(IS_PURCHASE)
        return label_first_inactivity(purchases, query.over(follow_days), wait_days=_wait_days(tables, query))


LABEL: Label = Overdue()


def _wait_days(tables: Tables, query: LabelQuery) -> NDArray[np.float64]:
    """Whole days until each customer is overdue, (n,): at least one, at most the horizon."""
    waits = np.ceil(query.churn.overdue_multiple * _usual_gap_days(tables, query))
    return np.clip(np.nan_to_num(waits, nan=np.inf), 1, query.churn.horizon_days)


def _usual_gap_days(tables: Tables, query: LabelQuery) -> NDArray[np.float64]:
    """Mean days between days of purchase before the cutoff, (n,); NaN with fewer than two of them."""
    purchases = tables["purchases"]
    past = purchases.filter(purchases.event_time < midnight(query.cutoff), IS_PURCHASE)
    purchase_days = past.select("customer_id", day=_.event_time.truncate("D")).distinct()
    rhythms = purchase_days.group_by("customer_id").aggregate(first=_.day.min(), last=_.day.max(), n_days=_.count())
    rows = rhythms.filter(_.n_days > 1).to_pyarrow()
    span_days = (days(rows["last"]) - days(rows["first"])).astype(np.float64)
    return query.align(rows, span_days / (numbers(rows["n_days"]) - 1), missing=np.nan)


def _first_purchase_days(tables: Tables, query: LabelQuery) -> NDArray[np.datetime64]:
    """The day of each customer's first purchase in the window, (n,) datetime64[D]; NaT without one."""
    purchases = tables["purchases"]
    in_window = purchases.filter(within(purchases.event_time, query.window), IS_PURCHASE)
    rows = in_window.group_by("customer_id").aggregate(first=_.event_time.min()).to_pyarrow()
    return query.align(rows, days(rows["first"]), missing=NO_DAY)
