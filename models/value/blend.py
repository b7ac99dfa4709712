"""A purchase process corrected by LightGBM: trees start from the process and multiply what it expects.

    log E[orders | features] = log E[orders | x, t_x, T] + trees

The process extrapolates over time and to customers unlike those of past windows, which trees cannot; trees see what
the process does not: amounts, quantities, rhythm, channels, attributes. They learn who differs from the process, not
by how much it is off as a whole: the total comes from the last matured window, predicted by a process that was fitted
on what was known at its cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueHistory
from core.feature_table import FeatureTable
from models.artifact import Artifact
from models.churn.aligned_values import align_values
from models.setting_types import NumberOfTrees
from models.value.bg_nbd import BgNbdProcess
from models.value.mbg_nbd import MbgNbdProcess
from models.value.pareto_nbd import ParetoNbdProcess
from models.value.process_model import ProcessForecaster
from models.value.purchase_process import PurchaseProcess
from models.value.trees import fit_trees, predict_correction
from models.value.value_model import PurchaseForecast, ValueModel, ValueTraining

PROCESSES: dict[str, type[PurchaseProcess]] = {
    "bg_nbd": BgNbdProcess,
    "mbg_nbd": MbgNbdProcess,
    "pareto_nbd": ParetoNbdProcess,
}
MIN_ORDERS = 100
"In all windows, to fit trees on."
SMALLEST_START = 1e-4
"Orders, or shares of the mean revenue, that trees start from."
OBJECTIVES = {"orders": "poisson", "revenue": "tweedie"}


@dataclass(eq=False)
class ValueBlend(ValueModel):
    """Expected orders by a process and trees, and expected revenue by both and Gamma-Gamma."""

    name: ClassVar[str] = "blend"
    needs_features: ClassVar[bool] = True

    process: Literal["bg_nbd", "mbg_nbd", "pareto_nbd"] = "pareto_nbd"
    n_trees: NumberOfTrees = 60

    forecaster_: ProcessForecaster = field(init=False, repr=False)
    boosters_: dict[str, lgb.Booster] = field(init=False, repr=False, default_factory=dict)
    means_: dict[str, float] = field(init=False, repr=False, default_factory=dict)
    "By what each booster multiplies the total of the windows, which is taken off again."

    def fit_purchases(self, training: ValueTraining) -> None:
        """Fit the process on everything ordered by now, then trees on what it misses in the windows."""
        self.forecaster_ = self._fit_process(training.now, training)
        orders = np.concatenate([window.outcomes.orders for window in training.windows])
        if orders.sum() < MIN_ORDERS:
            return
        days = np.array([training.horizon_days])
        expected = [self.forecaster_.predict(window.history, days) for window in training.windows]
        expected_orders, expected_revenue = (np.concatenate(part)[:, 0] for part in zip(*expected, strict=True))
        revenue = np.concatenate([window.outcomes.purchase_revenue for window in training.windows])
        values = np.concatenate([align_values(window.features, self.columns_) for window in training.windows])
        self._fit_booster("orders", values, target=orders, expected=expected_orders)
        scale = np.maximum(revenue, 0.0).mean()
        if scale > 0:
            paid = np.maximum(revenue, 0.0) / scale
            self._fit_booster("revenue", values, target=paid, expected=expected_revenue / scale)

    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """What the process expects, times what the trees have learned."""
        return self._correct(self.forecaster_.predict(history, days), features)

    def predict_last_window(self, training: ValueTraining) -> PurchaseForecast:
        """What a process expected at the cutoff of the window, times what the trees have learned."""
        last, days = training.last, np.array([training.horizon_days])
        return self._correct(
            self._fit_process(training.orders_at_last, training).predict(last.history, days), last.features
        )

    def p_alive(self, history: ValueHistory) -> NDArray[np.float64]:
        """By the process."""
        return self.forecaster_.p_alive(history)

    def next_order_days(self, history: ValueHistory) -> NDArray[np.float64]:
        """By the process."""
        return self.forecaster_.next_order_days(history)

    def dump(self) -> Artifact:
        """The parameters and the trees."""
        texts = {name: booster.model_to_string() for name, booster in self.boosters_.items()}
        return Artifact(self.name, {**self.forecaster_.dump(), "means": self.means_}, texts=texts)

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.forecaster_ = ProcessForecaster.load(PROCESSES[self.process], artifact.state)
        self.means_ = artifact.state["means"]
        self.boosters_ = {name: lgb.Booster(model_str=artifact.texts[name]) for name in self.means_}

    def _fit_process(self, history: ValueHistory, training: ValueTraining) -> ProcessForecaster:
        return ProcessForecaster.fit(PROCESSES[self.process], history, windows=training.windows, seed=self.seed)

    def _fit_booster(
        self, name: str, values: NDArray[np.float64], *, target: NDArray[np.float64], expected: NDArray[np.float64]
    ) -> None:
        """Fit trees that start from what the process expects, (n,); revenue is many zeros and a tail: Tweedie."""
        start = np.maximum(expected, SMALLEST_START)
        booster = fit_trees(
            values,
            target,
            columns=self.columns_,
            objective=OBJECTIVES[name],
            n_trees=self.n_trees,
            seed=self.seed,
            offset=np.log(start),
        )
        self.boosters_[name] = booster
        self.means_[name] = float(start @ predict_correction(booster, values) / start.sum())

    def _correction(self, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return predict_correction(self.boosters_[name], values)[:, None] / self.means_[name]

    def _correct(self, expected: PurchaseForecast, features: FeatureTable) -> PurchaseForecast:
        if not self.boosters_:
            return expected
        values = align_values(features, self.columns_)
        by_orders = self._correction("orders", values)
        by_revenue = self._correction("revenue", values) if "revenue" in self.boosters_ else by_orders
        return PurchaseForecast(expected.orders * by_orders, expected.revenue * by_revenue)


MODEL = ValueBlend
