"""What running subscriptions bring in: their price for as long as they are expected to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.customer_value import LONGEST_FORECAST_DAYS
from core.errors import NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_kinds import HAZARD
from core.risk_curves import TAIL_PERIODS, RiskCurves
from core.window import DAYS_PER_MONTH
from models.artifact import Artifact
from models.hazard.hazard import HAZARD_MODELS, Hazard
from models.protocols import Settings
from models.setting_types import check_settings


@dataclass(frozen=True)
class SubscriptionForecaster:
    """A hazard model of the ends of subscriptions."""

    hazard: Hazard

    @classmethod
    def fit(cls, model: str, features: FeatureTable, *, lifetimes: Labels, settings: Settings) -> Self:
        """Fit a hazard model on subscribers; with too few ends for it, one curve for all (Kaplan-Meier).

        Raises NotEnoughHistory with no subscriber observed for a whole period, UnknownName and BadInput for settings.
        """
        check_settings(HAZARD_MODELS[model], settings, defaults=HAZARD_MODELS[model]().settings)
        try:
            hazard = HAZARD_MODELS[model](**settings)  # pyright: ignore[reportArgumentType]
            return cls(hazard.fit(features, lifetimes))
        except NotEnoughHistory:
            if model == HAZARD.constant_model:
                raise
            return cls.fit(HAZARD.constant_model, features, lifetimes=lifetimes, settings={})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The forecaster that was stored."""
        return cls(HAZARD_MODELS[artifact.model].from_artifact(artifact))

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """The features that it needs."""
        return self.hazard.columns_

    def months_active(self, features: FeatureTable, days: NDArray[np.int64]) -> NDArray[np.float64]:
        """The months that a running subscription is expected to run by the end of each day, (n, k)."""
        return compute_expected_months(self.hazard.curves(features), days)


def compute_expected_months(curves: RiskCurves, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The area below the survival curves by the end of each day, in months, (n, k).

    Beyond the curves, the mean hazard of their last periods continues.
    """
    survival = np.column_stack([np.ones(len(curves)), 1.0 - curves.risk])
    n_tail = min(TAIL_PERIODS, curves.risk.shape[1])
    stays = (survival[:, -1] / np.maximum(survival[:, -1 - n_tail], 1e-12)) ** (1.0 / n_tail)
    n_beyond = max(0, -(-LONGEST_FORECAST_DAYS // curves.period_days) - curves.risk.shape[1])
    beyond = survival[:, -1:] * stays[:, None] ** np.arange(1, n_beyond + 1)
    survival = np.column_stack([survival, beyond])
    area = np.cumsum((survival[:, :-1] + survival[:, 1:]) / 2, axis=1) * curves.period_days / DAYS_PER_MONTH
    ends = curves.period_days * np.arange(area.shape[1] + 1)
    area = np.column_stack([np.zeros(len(curves)), area])
    places = np.clip(np.searchsorted(ends, days), 1, len(ends) - 1)
    shares = (days - ends[places - 1]) / curves.period_days
    return area[:, places - 1] + (area[:, places] - area[:, places - 1]) * shares
