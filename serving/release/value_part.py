"""The predicted value of customers in a release, within any horizon up to the last day of the forecasts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueForecast, interpolate_curve
from core.model_kinds import VALUE
from models.artifact import Artifact
from serving.release.lookup import IdIndex

NAME = VALUE.name
SMALLEST_P_ALIVE = 1e-6
CURVES = ("orders", "revenue", "margin", "value")


class NextOrder(msgspec.Struct, frozen=True, kw_only=True):
    """When a customer orders next, if they order again."""

    expected: date
    "As many order before it as after it."
    low: date
    "Lower bound of the 90 % interval."
    high: date
    "Upper bound of the 90 % interval; at most a hundred years after the cutoff."


class CustomerForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What one customer is expected to bring in within the horizon."""

    p_alive: float | None
    "P(they will still order, or still subscribe); null if the model does not know it."
    orders: float
    "Expected days with an order."
    revenue: float
    "Expected revenue, base currency."
    margin: float
    "Expected revenue less its cost, base currency."
    value: float
    "The margin, discounted to the cutoff by `[money] yearly_discount`."
    next_order: NextOrder | None
    "Null if the customer has never ordered, or if the model does not know it."


@dataclass(frozen=True, kw_only=True)
class ValuePart:
    """Row i belongs to the i-th id of the index. Customers who opted out of scoring are not in it."""

    index: IdIndex
    days: NDArray[np.int64] = field(metadata={"rows": "others"})
    "(k,) the days at which the curves are known."
    curves: Mapping[str, NDArray[np.float32]]
    "(n, k) cumulative, by name: orders, revenue, margin and value."
    p_alive: NDArray[np.float64]
    "(n,), NaN if unknown."
    next_order_days: NDArray[np.float64]
    "(n, 3) median, low and high; NaN if unknown."
    level_samples: NDArray[np.float64] = field(metadata={"rows": "others"})
    "(samples,) by what the total may be off, from samples of the customers of the last window."
    horizon_days: int
    "Of the value that rules, scores and segments use."
    definition: str
    "Which revenue it is, in words."
    opted_out: IdIndex
    "Customers who do not consent to scoring."

    @classmethod
    def of(
        cls,
        customer_ids: NDArray[np.str_],
        forecast: ValueForecast,
        *,
        level_samples: NDArray[np.float64],
        horizon_days: int,
        definition: str,
        opted_out: NDArray[np.str_],
    ) -> ValuePart:
        """Store the forecasts of one cutoff, one row per customer, without the ids that opted out."""
        index, rows = IdIndex.without(customer_ids, opted_out)
        return cls(
            index=index,
            days=forecast.days,
            curves={name: getattr(forecast, name)[rows].astype(np.float32) for name in CURVES},
            p_alive=forecast.p_alive[rows],
            next_order_days=forecast.next_order_days[rows],
            level_samples=level_samples,
            horizon_days=horizon_days,
            definition=definition,
            opted_out=IdIndex.of(opted_out)[0],
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {
            "ids": self.index.ids,
            "days": self.days,
            **self.curves,
            "p_alive": self.p_alive,
            "next_order_days": self.next_order_days,
            "level_samples": self.level_samples,
            "opted_out": self.opted_out.ids,
        }
        state = {"horizon_days": self.horizon_days, "definition": self.definition}
        return {NAME: Artifact("value_forecasts", state, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ValuePart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            index=IdIndex(arrays["ids"]),
            days=arrays["days"],
            curves={name: arrays[name] for name in CURVES},
            p_alive=arrays["p_alive"],
            next_order_days=arrays["next_order_days"],
            level_samples=arrays["level_samples"],
            horizon_days=state["horizon_days"],
            definition=state["definition"],
            opted_out=IdIndex(arrays["opted_out"]),
        )

    def has_opted_out(self, customer_id: str) -> bool:
        """Whether a customer does not consent to scoring."""
        return self.opted_out.find(customer_id) >= 0

    def values(self) -> NDArray[np.float64]:
        """The value of every customer within `horizon_days`, (n,)."""
        return interpolate_curve(self.days, self.curves["value"], horizon_days=self.horizon_days)

    def value_of(self, customer_id: str) -> float | None:
        """The value of one customer within `horizon_days`; None if there is no forecast."""
        row = self.index.find(customer_id)
        if row < 0:
            return None
        return float(
            interpolate_curve(self.days, self.curves["value"][row : row + 1], horizon_days=self.horizon_days)[0]
        )

    def values_if_alive(self) -> NDArray[np.float64]:
        """The value of every customer within `horizon_days` if they have not left, (n,)."""
        return self.values() / np.where(np.isnan(self.p_alive), 1.0, np.maximum(self.p_alive, SMALLEST_P_ALIVE))

    def value_if_alive_of(self, customer_id: str) -> float | None:
        """The value of one customer within `horizon_days` if they have not left: the value over P(alive)."""
        value, row = self.value_of(customer_id), self.index.find(customer_id)
        alive = float(self.p_alive[row]) if row >= 0 else math.nan
        return value if value is None or math.isnan(alive) else value / max(alive, SMALLEST_P_ALIVE)

    def forecast_of(self, row: int, *, horizon_days: int, cutoff: date) -> CustomerForecast:
        """The forecast of the customer in a row. Raises BadInput for a horizon beyond the last day."""
        figures = {
            name: float(interpolate_curve(self.days, curve[row : row + 1], horizon_days=horizon_days)[0])
            for name, curve in self.curves.items()
        }
        alive = float(self.p_alive[row])
        return CustomerForecast(
            p_alive=None if math.isnan(alive) else alive,
            next_order=_next_order(self.next_order_days[row].tolist(), cutoff),
            **figures,
        )


MAX_DAYS = 36_500
"A hundred years: the upper bound of a customer who hardly ever orders has no date."


def _next_order(days: list[float], cutoff: date) -> NextOrder | None:
    if any(math.isnan(one) for one in days):
        return None
    expected, low, high = (cutoff + timedelta(days=math.floor(min(one, MAX_DAYS))) for one in days)
    return NextOrder(expected=expected, low=low, high=high)
