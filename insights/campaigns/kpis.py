"""The KPIs of campaigns: what each customer did within the days to respond, in the campaign and in the control group.

entered                        entered + response days            today
|--------------------------------------)                            |
an order, an amount, a churn in here counts, in both groups alike
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Kpi
from core.errors import BadInput
from core.window import Cohort
from features.contact_outcomes import find_conversions, find_orders, find_stayed, sum_amounts
from insights.campaigns.customers import ComparedCustomers
from tables.tables import Tables

NO_CONTROL_CONVERSION = "no conversion of the control group is reported; set kpi = 'purchased', 'amount' or 'stayed'"
NO_TABLES = "it is measured on the tables, which cannot be read"
NO_PURCHASES = "there is no table of purchases; map it under [tables.purchases], or choose another kpi"
NO_AMOUNTS = "purchases have no amount; map it, or set kpi = 'purchased'"
UNRECORDED = (NO_CONTROL_CONVERSION, NO_TABLES, NO_PURCHASES, NO_AMOUNTS)
"Why a KPI is not known of both groups."


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """By what a campaign is measured, on which tables, and until when."""

    kpi: Kpi
    n_days: int
    "To respond."
    tables: Tables | None
    "None: from reported outcomes alone."
    today: date
    "Figures are those of this midnight."

    def days_so_far(self, customers: ComparedCustomers) -> NDArray[np.float64]:
        """The days to respond of each customer that are over, (n,)."""
        passed = (np.datetime64(self.today, "s") - customers.entered_at) / np.timedelta64(1, "D")
        return np.clip(passed, 0.0, self.n_days)


def measure_kpi(kpi: Kpi, customers: ComparedCustomers, *, measurement: Measurement) -> tuple[NDArray[np.float64], str]:
    """The KPI of each customer, (n,), NaN where the days to respond are not over; or why it cannot be known."""
    values, reason = count_so_far(kpi, customers, measurement=measurement)
    return np.where(is_mature_for(kpi, customers, measurement=measurement), values, np.nan), reason


def count_so_far(
    kpi: Kpi, customers: ComparedCustomers, *, measurement: Measurement
) -> tuple[NDArray[np.float64], str]:
    """The KPI of each customer so far, (n,); or why it cannot be known."""
    nothing, log, tables = np.full(len(customers), np.nan), customers.contact_log, measurement.tables
    days = measurement.days_so_far(customers)
    if kpi == "converted":
        values = find_conversions(log, n_days=days)
        if values[customers.treated].any() and not values[~customers.treated].any():
            return nothing, NO_CONTROL_CONVERSION
        return values, ""
    if tables is None:
        return nothing, NO_TABLES
    if kpi == "stayed":
        return _measure_stayed(tables, customers)
    if "purchases" not in tables:
        return nothing, NO_PURCHASES
    if kpi == "amount" and not tables.has_amounts:
        return nothing, NO_AMOUNTS
    if kpi == "amount":
        return sum_amounts(tables, log, n_days=measurement.n_days), ""
    return find_orders(tables, log, n_days=days), ""


def _measure_stayed(tables: Tables, customers: ComparedCustomers) -> tuple[NDArray[np.float64], str]:
    """By the definition of churn: its horizon counts, from the day on which each customer entered."""
    days = customers.entered_at.astype("datetime64[D]")
    order = np.lexsort((customers.customer_ids, days))
    values = np.full(len(customers), np.nan)
    try:
        values[order] = find_stayed(tables, Cohort(customers.customer_ids[order], days[order]))
    except BadInput as error:
        return values, str(error)
    return values, ""


def is_mature_for(kpi: Kpi, customers: ComparedCustomers, *, measurement: Measurement) -> NDArray[np.bool_]:
    tables, today = measurement.tables, measurement.today
    if kpi == "stayed" and tables is not None:
        ends = customers.entered_at.astype("datetime64[D]") + np.timedelta64(tables.config.label_duration.days, "D")
        return np.asarray(ends <= np.datetime64(today, "D"))
    if kpi != "converted" and tables is not None and "purchases" in tables:
        today = min(today, tables.watermark("purchases"))
    return customers.is_mature(measurement.n_days, until=today)
