"""The baseline of all value models: every customer brings in as much as in the last year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.customer_value import FORECAST_DAYS, ValueForecast, ValueHistory, discount_curve
from core.feature_table import FeatureTable
from models.artifact import Artifact
from models.value.value_model import PurchaseForecast, ValueModel, ValueTraining


@dataclass(eq=False)
class LastYear(ValueModel):
    """Orders, revenue and margin of the last 365 days, or of all recorded days, in proportion to the horizon."""

    name: ClassVar[str] = "last_year"

    calibrated: bool = False

    def fit_purchases(self, training: ValueTraining) -> None:
        """Nothing to fit."""

    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """The rate of the last year; revenue includes subscriptions."""
        shares = days / history.year_days
        return PurchaseForecast(history.orders_year[:, None] * shares, history.revenue_year[:, None] * shares)

    def forecast(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64] = FORECAST_DAYS
    ) -> ValueForecast:
        """The rates of the last year."""
        orders, revenue = self.predict_purchases(features, history, days=days)
        margin = history.margin_year[:, None] * days / history.year_days
        return ValueForecast(
            days=days,
            orders=self.levels_[0] * orders,
            revenue=self.levels_[1] * revenue,
            margin=self.levels_[1] * margin,
            value=discount_curve(days, self.levels_[1] * margin, yearly_discount=self.yearly_discount),
            p_alive=self.p_alive(history),
            next_order_days=self.next_order_days(history),
        )

    def fit(self, training: ValueTraining) -> LastYear:
        """Take the samples of the level; there is nothing else to fit."""
        self.has_purchases_ = training.has_purchases
        if training.windows:
            self._calibrate(training)
        return self

    def dump(self) -> Artifact:
        """Nothing."""
        return Artifact(self.name, {})

    def load(self, artifact: Artifact) -> None:
        """Nothing."""


MODEL = LastYear
