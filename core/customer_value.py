"""What customers have bought and paid by a cutoff, what they brought in afterwards, and forecasts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

FORECAST_DAYS = np.array([7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095])
"Days after the cutoff at which forecasts are computed; between them they are interpolated."
LONGEST_FORECAST_DAYS = int(FORECAST_DAYS[-1])
YEAR_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class ValueHistory:
    """The orders and subscriptions of rows (customer, cutoff), as known at the cutoff; every array is (n,).

    Several orders of one day count as one. Amounts are in the base currency, net of tax.
    """

    customer_ids: NDArray[np.str_]
    frequency: NDArray[np.float64]
    "Days with an order after the first; NaN for customers who have never ordered."
    recency_weeks: NDArray[np.float64]
    "From the first to the last order."
    age_weeks: NDArray[np.float64]
    "From the first order to the last day before the cutoff."
    order_value: NDArray[np.float64]
    "Mean net amount of a day with an order."
    margin_share: NDArray[np.float64]
    "Share of purchases that remains after their cost, or the `margin_rate` of `[money]` without a cost."
    monthly_revenue: NDArray[np.float64]
    "Price of the running subscriptions; 0 without one."
    subscription_margin: NDArray[np.float64]
    "Margin share of the running subscriptions."
    orders_year: NDArray[np.float64]
    "Days with an order in the 365 days before the cutoff."
    revenue_year: NDArray[np.float64]
    "Purchases less returns, and subscriptions, in the 365 days before the cutoff."
    margin_year: NDArray[np.float64]
    year_days: float
    "How many of these 365 days are on record."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def has_ordered(self) -> NDArray[np.bool_]:
        """Whether each customer has ever ordered, (n,)."""
        return ~np.isnan(self.frequency)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> ValueHistory:
        """The rows that an index array or mask selects."""
        return replace(self, **_select(self, rows))


@dataclass(frozen=True, kw_only=True)
class ValueOutcomes:
    """What customers brought in within `horizon_days` after a cutoff; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    orders: NDArray[np.float64]
    "Days with an order."
    purchase_revenue: NDArray[np.float64]
    "Purchases less returns."
    subscription_revenue: NDArray[np.float64]
    margin: NDArray[np.float64]
    "Of purchases and subscriptions."
    horizon_days: int

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def revenue(self) -> NDArray[np.float64]:
        """Of purchases and subscriptions, (n,)."""
        return self.purchase_revenue + self.subscription_revenue

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> ValueOutcomes:
        """The rows that an index array or mask selects."""
        return replace(self, **_select(self, rows))


@dataclass(frozen=True, kw_only=True)
class ValueForecast:
    """What each customer is expected to bring in by the end of each of `days`; row i is one customer."""

    days: NDArray[np.int64]
    "(k,) rising."
    orders: NDArray[np.float64]
    "(n, k) days with an order."
    revenue: NDArray[np.float64]
    "(n, k) base currency."
    margin: NDArray[np.float64]
    "(n, k) what remains of the revenue after its cost, not discounted."
    value: NDArray[np.float64]
    "(n, k) the margin, discounted to the cutoff."
    p_alive: NDArray[np.float64]
    "(n,) P(the customer will still order, or still subscribes); NaN where a model does not know it."
    next_order_days: NDArray[np.float64]
    "(n, 3) median, low and high of the days to the next order of a customer who orders again; NaN if unknown."

    def __len__(self) -> int:
        return len(self.p_alive)

    def at(self, curve: NDArray[np.float64], horizon_days: float) -> NDArray[np.float64]:
        """A curve of this forecast, (n, k), within any horizon, (n,). Raises BadInput beyond the last day."""
        return interpolate_curve(self.days, curve, horizon_days=horizon_days)


Rows = TypeVar("Rows", ValueOutcomes, ValueForecast)


def stack_rows(parts: Sequence[Rows]) -> Rows:
    """The rows of several cutoffs one after another; their days or horizon must be the same."""
    stacked = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(parts[0])
        if one.name not in ("days", "horizon_days")
    }
    return replace(parts[0], **stacked)


def interpolate_curve(
    days: NDArray[np.int64], curve: NDArray[np.floating], *, horizon_days: float
) -> NDArray[np.float64]:
    """The values of cumulative curves, (n, k), within a horizon, (n,); they start at 0 and are linear between days."""
    if not 0 < horizon_days <= days[-1]:
        raise BadInput(f"forecasts reach from 1 to {days[-1]} days, not {horizon_days:g}; ask for a shorter horizon")
    place = int(np.searchsorted(days, horizon_days))
    end = curve[:, place].astype(np.float64)
    first_day, start = (days[place - 1], curve[:, place - 1].astype(np.float64)) if place else (0, np.zeros_like(end))
    return start + (end - start) * (horizon_days - first_day) / (days[place] - first_day)


def discount_curve(
    days: NDArray[np.int64], curve: NDArray[np.float64], *, yearly_discount: float
) -> NDArray[np.float64]:
    """Cumulative margins, (n, k), discounted to the cutoff: those of each interval from its middle."""
    starts = np.append(0, days[:-1])
    factors = (1.0 + yearly_discount) ** (-(starts + days) / 2 / YEAR_DAYS)
    return np.cumsum(np.diff(curve, axis=1, prepend=0.0) * factors, axis=1)


def _select(rows_of: Any, rows: NDArray[np.int64] | NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    values = ((one.name, getattr(rows_of, one.name)) for one in fields(rows_of))
    return {name: value[rows] for name, value in values if isinstance(value, np.ndarray)}
