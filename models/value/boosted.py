"""LightGBM on past windows, in two steps because most customers order nothing: whether, and then how much.

    E[orders]  = P(orders at all) * E[orders | at least one]
    E[revenue] = P(orders at all) * E[revenue | at least one]

The trees know one horizon, that of the windows; other horizons follow the curve of MBG/NBD.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueHistory
from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from models.artifact import Artifact
from models.churn.aligned_values import align_values
from models.setting_types import NumberOfTrees
from models.value.mbg_nbd import MbgNbdProcess
from models.value.process_model import ProcessForecaster
from models.value.trees import fit_trees
from models.value.value_model import PurchaseForecast, ValueModel, ValueTraining

MIN_BUYERS = 100
"Rows with an order, to fit trees on."
PARTS = ("buys", "orders", "revenue")


@dataclass(eq=False)
class Boosted(ValueModel):
    """Three small boosters."""

    name: ClassVar[str] = "boosted"
    needs_features: ClassVar[bool] = True

    n_trees: NumberOfTrees = 150

    boosters_: dict[str, lgb.Booster] = field(init=False, repr=False, default_factory=dict)
    curve_: ProcessForecaster = field(init=False, repr=False)
    horizon_days_: int = field(init=False, repr=False, default=0)
    revenue_scale_: float = field(init=False, repr=False, default=1.0)

    def fit_purchases(self, training: ValueTraining) -> None:
        """Fit on the windows. Raises NotEnoughHistory with too few rows with an order."""
        windows = training.windows
        values = np.concatenate([align_values(window.features, self.columns_) for window in windows])
        orders = np.concatenate([window.outcomes.orders for window in windows])
        revenue = np.concatenate([window.outcomes.purchase_revenue for window in windows])
        buys = orders > 0
        if buys.sum() < MIN_BUYERS:
            raise NotEnoughHistory(
                f"{int(buys.sum())} rows with an order in past windows; {self.name} needs {MIN_BUYERS}"
            )
        pays = buys & (revenue > 0)
        self.revenue_scale_ = float(revenue[pays].mean()) if pays.any() else 1.0
        targets = {
            "buys": ("binary", np.ones(len(buys), np.bool_), buys.astype(np.float64)),
            "orders": ("poisson", buys, orders),
            "revenue": ("gamma", pays, revenue / self.revenue_scale_),
        }
        self.boosters_ = {
            name: fit_trees(
                values[rows],
                target[rows],
                columns=self.columns_,
                objective=objective,
                n_trees=self.n_trees,
                seed=self.seed,
            )
            for name, (objective, rows, target) in targets.items()
            if rows.any()
        }
        self.horizon_days_ = training.horizon_days
        self.curve_ = ProcessForecaster.fit(MbgNbdProcess, training.now, windows=windows, seed=self.seed)

    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """By the trees at their horizon, and by the curve elsewhere."""
        values = align_values(features, self.columns_)
        predicted = {name: np.asarray(booster.predict(values)) for name, booster in self.boosters_.items()}
        nothing = np.zeros(len(history))
        orders = predicted["buys"] * np.maximum(predicted.get("orders", nothing), 1.0)
        revenue = predicted["buys"] * predicted.get("revenue", nothing) * self.revenue_scale_
        growth = self._growth(history, days)
        return PurchaseForecast(orders[:, None] * growth, revenue[:, None] * growth)

    def p_alive(self, history: ValueHistory) -> NDArray[np.float64]:
        """By MBG/NBD."""
        return self.curve_.p_alive(history)

    def next_order_days(self, history: ValueHistory) -> NDArray[np.float64]:
        """By MBG/NBD."""
        return self.curve_.next_order_days(history)

    def dump(self) -> Artifact:
        """The trees and the curve."""
        state = {"curve": self.curve_.dump(), "horizon_days": self.horizon_days_, "scale": self.revenue_scale_}
        return Artifact(self.name, state, texts={name: one.model_to_string() for name, one in self.boosters_.items()})

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.curve_ = ProcessForecaster.load(MbgNbdProcess, artifact.state["curve"])
        self.horizon_days_, self.revenue_scale_ = artifact.state["horizon_days"], artifact.state["scale"]
        self.boosters_ = {name: lgb.Booster(model_str=artifact.texts[name]) for name in PARTS if name in artifact.texts}

    def _growth(self, history: ValueHistory, days: NDArray[np.int64]) -> NDArray[np.float64]:
        """The curve by the end of each day over that at the trees' horizon, (n, k)."""
        curve = self.curve_.predict(history, np.append(days, self.horizon_days_)).orders
        in_proportion = np.tile(days / self.horizon_days_, (len(history), 1))
        return np.divide(curve[:, :-1], curve[:, -1:], out=in_proportion, where=curve[:, -1:] > 0)


MODEL = Boosted
