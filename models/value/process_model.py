"""Value from a purchase process and Gamma-Gamma: expected orders times the expected amount of an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueHistory
from core.feature_table import FeatureTable
from models.artifact import Artifact
from models.shared_fits import fit_once
from models.value.gamma_gamma import GammaGamma
from models.value.purchase_process import OrderRecords, PurchaseProcess
from models.value.value_model import PurchaseForecast, ValueModel, ValueTraining, ValueWindow

DAYS_PER_WEEK = 7
NEXT_ORDER_SHARES = (0.5, 0.05, 0.95)
"Of customers who order again: the median and the bounds of the 90 % interval."


@dataclass(frozen=True)
class ProcessForecaster:
    """A purchase process, and what never fits into one: amounts, and customers without orders."""

    process: PurchaseProcess
    amounts: GammaGamma | None
    idle_rate: float
    "Orders a day of customers who have never ordered."

    @classmethod
    def fit(
        cls,
        kind: type[PurchaseProcess],
        history: ValueHistory,
        *,
        windows: Sequence[ValueWindow],
        seed: int,
        start: NDArray[np.float64] | None = None,
    ) -> ProcessForecaster:
        """Fit on the orders of these customers; the windows show what customers without orders do."""
        records = records_of(history.take(history.has_ordered))
        arrays = (records.frequency, records.recency_weeks, records.age_weeks)
        process = fit_once((kind.__name__, seed), arrays, fit=lambda: kind.fit(records, seed=seed, start=start))
        amounts = GammaGamma.fit(history.frequency + 1.0, history.order_value, seed=seed)
        return cls(process, amounts, _idle_rate(windows))

    def predict(self, history: ValueHistory, days: NDArray[np.int64]) -> PurchaseForecast:
        """Orders and revenue by the end of each day, (n, k)."""
        orders = np.outer(np.full(len(history), self.idle_rate), days)
        has_ordered = history.has_ordered
        records = records_of(history.take(has_ordered))
        orders[has_ordered] = np.column_stack(
            [self.process.predict_orders(records, float(day) / DAYS_PER_WEEK) for day in days]
        )
        return PurchaseForecast(orders, orders * self._amounts(history)[:, None])

    def p_alive(self, history: ValueHistory) -> NDArray[np.float64]:
        """P(alive), (n,); NaN for customers who have never ordered."""
        has_ordered, result = history.has_ordered, np.full(len(history), np.nan)
        result[has_ordered] = self.process.p_alive(records_of(history.take(has_ordered)))
        return result

    def next_order_days(self, history: ValueHistory) -> NDArray[np.float64]:
        """Median, low and high of the days to the next order, (n, 3); NaN for customers who have never ordered."""
        has_ordered, result = history.has_ordered, np.full((len(history), 3), np.nan)
        records = records_of(history.take(has_ordered))
        weeks = [self.process.weeks_to_next(records, share) for share in NEXT_ORDER_SHARES]
        result[has_ordered] = DAYS_PER_WEEK * np.column_stack(weeks)
        return result

    def dump(self) -> dict[str, Any]:
        """The parameters as JSON."""
        amounts = self.amounts
        return {
            "parameters": self.process.parameters.tolist(),
            "amounts": [amounts.p, amounts.q, amounts.gamma] if amounts else None,
            "idle_rate": self.idle_rate,
        }

    @classmethod
    def load(cls, kind: type[PurchaseProcess], state: dict[str, Any]) -> ProcessForecaster:
        """The inverse of `dump`."""
        amounts = GammaGamma(*state["amounts"]) if state["amounts"] else None
        return cls(kind(np.array(state["parameters"])), amounts, state["idle_rate"])

    def _amounts(self, history: ValueHistory) -> NDArray[np.float64]:
        means = np.nan_to_num(history.order_value)
        if self.amounts is None:
            return np.where(means > 0, means, means[means > 0].mean() if (means > 0).any() else 0.0)
        return self.amounts.predict_amount(np.nan_to_num(history.frequency + 1.0), means)


@dataclass(eq=False)
class ProcessModel(ValueModel):
    """A purchase process on its own."""

    process_type: ClassVar[type[PurchaseProcess]]

    forecaster_: ProcessForecaster = field(init=False, repr=False)

    def fit_purchases(self, training: ValueTraining) -> None:
        """Fit on everything that customers have ordered by now."""
        self.forecaster_ = self._fit_at(training.now, training)

    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """By the process; features are not used."""
        return self.forecaster_.predict(history, days)

    def predict_last_window(self, training: ValueTraining) -> PurchaseForecast:
        """By a process fitted on the orders before the window."""
        history = training.last.history
        return self._fit_at(training.orders_at_last, training).predict(history, np.array([training.horizon_days]))

    def p_alive(self, history: ValueHistory) -> NDArray[np.float64]:
        """By the process."""
        return self.forecaster_.p_alive(history)

    def next_order_days(self, history: ValueHistory) -> NDArray[np.float64]:
        """By the process."""
        return self.forecaster_.next_order_days(history)

    def dump(self) -> Artifact:
        """The parameters."""
        return Artifact(self.name, self.forecaster_.dump())

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.forecaster_ = ProcessForecaster.load(self.process_type, artifact.state)

    def _fit_at(self, history: ValueHistory, training: ValueTraining) -> ProcessForecaster:
        return ProcessForecaster.fit(self.process_type, history, windows=training.windows, seed=self.seed)


def records_of(history: ValueHistory) -> OrderRecords:
    """What a process knows of customers who have ordered."""
    return OrderRecords(history.frequency, history.recency_weeks, history.age_weeks)


def _idle_rate(windows: Sequence[ValueWindow]) -> float:
    idle = [window.outcomes.orders[~window.history.has_ordered] / window.outcomes.horizon_days for window in windows]
    rates = np.concatenate(idle) if idle else np.empty(0)
    return float(rates.mean()) if len(rates) else 0.0
