"""Loads in which months, and on how many days of each, every customer used the product; and who churned since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.errors import DataError
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes, label_watermark
from tables.engines.arrays import days, midnight, numbers, texts
from tables.tables import Tables


@dataclass(frozen=True)
class UsageMonths:
    """Each customer's months with usage; every array is (n,), one row per customer and month."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.datetime64]
    "datetime64[M]"
    n_days: NDArray[np.int64]
    "Days of the month with usage."

    @classmethod
    def none(cls) -> UsageMonths:
        """No usage."""
        return cls(np.empty(0, "U1"), np.empty(0, "M8[M]"), np.empty(0, np.int64))

    def take(self, rows: NDArray[np.bool_]) -> UsageMonths:
        """The rows that a mask selects."""
        return UsageMonths(self.customer_ids[rows], self.months[rows], self.n_days[rows])


@dataclass(frozen=True)
class RecentChurn:
    """The customers one horizon before the report, and who of them churned since; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    churned: NDArray[np.bool_]

    @classmethod
    def none(cls) -> RecentChurn:
        """No customers, because the history does not hold a horizon, or churn reads a table that is missing."""
        return cls(np.empty(0, "U1"), np.empty(0, bool))


def load_usage_months(tables: Tables, *, cutoff: date, until: date) -> UsageMonths:
    """Load usage before `until` as known at the cutoff; none where there is no usage, or it has no times or customers.

    `until` is the end of the report's months.
    """
    if "usage" not in tables or tables.is_undated("usage"):
        return UsageMonths.none()
    usage: ir.Table = tables.at(cutoff)["usage"]
    usage = usage.filter(usage.event_time < midnight(until), usage.customer_id.notnull())
    dated = usage.mutate(day=usage.event_time.truncate("D"), month=usage.event_time.truncate("M"))
    by_month = dated.group_by(["customer_id", "month"]).aggregate(n_days=_.day.nunique())
    rows = by_month.order_by(["customer_id", "month"]).to_pyarrow()
    months = days(rows["month"]).astype("datetime64[M]")
    return UsageMonths(texts(rows["customer_id"]), months, numbers(rows["n_days"]).astype(np.int64))


def load_recent_churn(tables: Tables, cutoff: date) -> RecentChurn:
    """Label the customers of the newest day whose horizon has passed at the cutoff, by `[churn]`."""
    try:
        newest = min(cutoff, label_watermark(tables)) - tables.config.label_duration
        labels = label_outcomes(tables, select_cohort(tables, [newest]))
    except DataError:
        return RecentChurn.none()
    mature = labels.take(labels.is_mature)
    return RecentChurn(mature.customer_ids, mature.churned)
