"""Models of customer value: what they are fitted on, and what all of them have in common.

    windows, oldest first                                     now
    c1 |=== horizon ===)                                       |
             c2 |=== horizon ===)                              |    features and history at each c, outcomes after it
                         c3 |=== horizon ===)                  |    the last matured window: sets the level

A model predicts purchases; what running subscriptions bring in follows from their survival curves. The total of a
calibrated model is that of the last matured window, predicted from what was known at its cutoff.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.customer_value import FORECAST_DAYS, ValueForecast, ValueHistory, ValueOutcomes, discount_curve
from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.intervals import resample_weights
from core.labels import Labels
from models.artifact import Artifact
from models.protocols import Settings
from models.setting_types import NotNegative, Seed
from models.value.subscriptions import SubscriptionForecaster

MAX_LEVEL = 3.0
"A total that is further off has other reasons than the level."
MIN_ORDERS = 30
"In the last matured window, for a level of its own."
N_LEVEL_SAMPLES = 100
HAZARD_PREFIX = "hazard_"

Part = TypeVar("Part")


@dataclass(frozen=True)
class ValueWindow:
    """Rows of one past cutoff, aligned one to one."""

    features: FeatureTable
    history: ValueHistory
    outcomes: ValueOutcomes


@dataclass(frozen=True, kw_only=True)
class ValueTraining:
    """What a model is fitted on: everything that was known on one day."""

    windows: tuple[ValueWindow, ...]
    "Oldest first; their outcomes are known."
    now: ValueHistory
    "Of all customers on that day, active or not: of active ones alone, a process would learn that hardly any leaves."
    has_purchases: bool
    at_last: ValueHistory | None = None
    "Of all customers at the cutoff of the last window; None where its rows are all."
    lifetimes: tuple[FeatureTable, Labels] | None = None
    "Of subscribers, day by day; None without subscriptions."

    @property
    def last(self) -> ValueWindow:
        """The last matured window."""
        return self.windows[-1]

    @property
    def orders_at_last(self) -> ValueHistory:
        """What a process is fitted on that predicts the last window."""
        return self.last.history if self.at_last is None else self.at_last

    @property
    def horizon_days(self) -> int:
        """Of the outcomes."""
        return self.last.outcomes.horizon_days


class PurchaseForecast(NamedTuple):
    """Orders and revenue of purchases by the end of each of some days, (n, k) each."""

    orders: NDArray[np.float64]
    revenue: NDArray[np.float64]


@dataclass(eq=False)
class ValueModel(ABC):
    """Predicts what each customer buys and brings in within any horizon."""

    name: ClassVar[str]
    needs_features: ClassVar[bool] = False

    calibrated: bool = True
    "Whether the total is that of the last matured window."

    hazard: Literal["kaplan_meier", "logistic_hazard", "boosted_hazard"] = "kaplan_meier"
    "The model of how long subscriptions run."

    hazard_settings: str = ""
    "Its settings as JSON, such as those of the hazard champion; empty takes its defaults."

    yearly_discount: NotNegative = 0.1

    seed: Seed = 0

    columns_: tuple[FeatureColumn, ...] = field(init=False, repr=False, default=())
    has_purchases_: bool = field(init=False, repr=False, default=False)
    subscriptions_: SubscriptionForecaster | None = field(init=False, repr=False, default=None)
    levels_: tuple[float, float, float] = field(init=False, repr=False, default=(1.0, 1.0, 1.0))
    "Of orders, of revenue from purchases and of revenue from subscriptions."
    level_samples_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.ones(1))
    "Actual over predicted revenue of the last matured window, at the same margins, in samples of its customers."

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}

    def fit(self, training: ValueTraining) -> Self:
        """Fit on windows with outcomes. Raises NotEnoughHistory where there is too little to fit on."""
        if not training.windows:
            raise NotEnoughHistory("value needs a past cutoff whose outcomes are known; there is none")
        columns = training.last.features.columns
        self.has_purchases_ = training.has_purchases
        self.columns_ = columns if self.needs_features else ()
        if training.has_purchases:
            self.fit_purchases(training)
        if training.lifetimes is not None:
            features, lifetimes = training.lifetimes
            settings: Settings = {"seed": self.seed, **_read_settings(self.hazard_settings)}
            self.subscriptions_ = SubscriptionForecaster.fit(
                self.hazard, features, lifetimes=lifetimes, settings=settings
            )
            self.columns_ = self.columns_ or self.subscriptions_.columns
        self._calibrate(training)
        return self

    @abstractmethod
    def fit_purchases(self, training: ValueTraining) -> None:
        """Fit what predicts purchases."""

    @abstractmethod
    def predict_purchases(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> PurchaseForecast:
        """Orders and revenue by the end of each day, before the level."""

    def predict_last_window(self, training: ValueTraining) -> PurchaseForecast:
        """The purchases of the last matured window, from what was known at its cutoff."""
        last = training.last
        return self.predict_purchases(last.features, last.history, days=np.array([training.horizon_days]))

    def p_alive(self, history: ValueHistory) -> NDArray[np.float64]:
        """P(a customer will still order), (n,); NaN where the model does not know it."""
        return np.full(len(history), np.nan)

    def next_order_days(self, history: ValueHistory) -> NDArray[np.float64]:
        """Median, low and high of the days to the next order, (n, 3); NaN where the model does not know them."""
        return np.full((len(history), 3), np.nan)

    def forecast(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64] = FORECAST_DAYS
    ) -> ValueForecast:
        """The forecast of each row; features are found by name, in any order."""
        order_level, revenue_level, subscription_level = self.levels_
        zeros = np.zeros((len(history), len(days)))
        bought = self.predict_purchases(features, history, days=days) if self.has_purchases_ else None
        subscribed = subscription_level * self._subscription_revenue(features, history, days=days)
        revenue = zeros if bought is None else revenue_level * bought.revenue
        margin = revenue * history.margin_share[:, None] + subscribed * history.subscription_margin[:, None]
        is_subscribed = history.monthly_revenue > 0
        return ValueForecast(
            days=days,
            orders=zeros if bought is None else order_level * bought.orders,
            revenue=revenue + subscribed,
            margin=margin,
            value=discount_curve(days, margin, yearly_discount=self.yearly_discount),
            p_alive=np.where(is_subscribed, 1.0, self.p_alive(history) if self.has_purchases_ else np.nan),
            next_order_days=self.next_order_days(history)
            if self.has_purchases_
            else np.full((len(history), 3), np.nan),
        )

    @abstractmethod
    def dump(self) -> Artifact:
        """What predicts purchases, as JSON, text and arrays."""

    @abstractmethod
    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        own = self.dump() if self.has_purchases_ else Artifact(self.name, {})
        hazard = self.subscriptions_.hazard.to_artifact() if self.subscriptions_ else None
        state: dict[str, Any] = {
            "own": own.state,
            "settings": self.settings,
            "columns": msgspec.to_builtins(self.columns_),
            "has_purchases": self.has_purchases_,
            "levels": self.levels_,
            "hazard": {"model": hazard.model, "state": hazard.state} if hazard else None,
        }
        arrays, texts = {**own.arrays, "level_samples": self.level_samples_}, dict(own.texts)
        if hazard:
            arrays |= {f"{HAZARD_PREFIX}{name}": array for name, array in hazard.arrays.items()}
            texts |= {f"{HAZARD_PREFIX}{name}": text for name, text in hazard.texts.items()}
        return Artifact(self.name, state, arrays, texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same forecasts as the one that was stored."""
        model, state = cls(**artifact.state["settings"]), artifact.state
        model.columns_ = msgspec.convert(state["columns"], tuple[FeatureColumn, ...])
        model.has_purchases_, model.levels_ = state["has_purchases"], tuple(state["levels"])
        model.level_samples_ = artifact.arrays["level_samples"]
        if model.has_purchases_:
            model.load(Artifact(artifact.model, state["own"], artifact.arrays, artifact.texts))
        if state["hazard"]:
            arrays, texts = _without_prefix(artifact.arrays), _without_prefix(artifact.texts)
            hazard = Artifact(state["hazard"]["model"], state["hazard"]["state"], arrays, texts)
            model.subscriptions_ = SubscriptionForecaster.from_artifact(hazard)
        return model

    def _subscription_revenue(
        self, features: FeatureTable, history: ValueHistory, *, days: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        if self.subscriptions_ is None:
            return np.zeros((len(history), len(days)))
        return self.subscriptions_.months_active(features, days) * history.monthly_revenue[:, None]

    def _calibrate(self, training: ValueTraining) -> None:
        """Set the levels and their samples by the last matured window."""
        last, days = training.last, np.array([training.horizon_days])
        bought = self.predict_last_window(training) if training.has_purchases else None
        subscribed = self._subscription_revenue(last.features, last.history, days=days)[:, 0]
        orders = np.zeros(len(last.history)) if bought is None else bought.orders[:, 0]
        revenue = np.zeros(len(last.history)) if bought is None else bought.revenue[:, 0]
        if self.calibrated:
            outcomes = last.outcomes
            has_enough = outcomes.orders.sum() >= MIN_ORDERS
            self.levels_ = (
                _level(outcomes.orders, orders) if has_enough else 1.0,
                _level(outcomes.purchase_revenue, revenue) if has_enough else 1.0,
                _level(outcomes.subscription_revenue, subscribed),
            )
        shares = (last.history.margin_share, last.history.subscription_margin)
        predicted = self.levels_[1] * revenue * shares[0] + self.levels_[2] * subscribed * shares[1]
        actual = last.outcomes.purchase_revenue * shares[0] + last.outcomes.subscription_revenue * shares[1]
        self.level_samples_ = _sample_levels(last.outcomes.customer_ids, actual, predicted=predicted, seed=self.seed)


def _read_settings(text: str) -> Settings:
    """Settings that are written as JSON. Raises BadInput."""
    try:
        return msgspec.json.decode(text, type=Settings) if text else {}
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"hazard_settings = '{text}' is no JSON object of settings, such as {{\"seed\": 1}}") from error


def _without_prefix(parts: dict[str, Part]) -> dict[str, Part]:
    """The parts of the hazard model by their own names."""
    return {name.removeprefix(HAZARD_PREFIX): part for name, part in parts.items() if name.startswith(HAZARD_PREFIX)}


def _level(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """By how much the prediction of a total has to be multiplied; 1 where either is 0."""
    if actual.sum() <= 0 or predicted.sum() <= 0:
        return 1.0
    return float(np.clip(actual.sum() / predicted.sum(), 1 / MAX_LEVEL, MAX_LEVEL))


def _sample_levels(
    customer_ids: NDArray[np.str_], actual: NDArray[np.float64], *, predicted: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    if not len(customer_ids):
        return np.ones(1)
    samples = resample_weights(customer_ids, n_resamples=N_LEVEL_SAMPLES, seed=seed)
    totals = np.array([(weights @ actual, weights @ predicted) for weights in samples])
    usable = totals[(totals > 0).all(axis=1)]
    levels = np.clip(usable[:, 0] / usable[:, 1], 1 / MAX_LEVEL, MAX_LEVEL)
    return levels if len(levels) else np.ones(1)


VALUE_MODELS: Catalogue[type[ValueModel]] = Catalogue.of_folder(
    "models.value",
    attribute="MODEL",
    first=("last_year", "survival", "bg_nbd", "mbg_nbd", "pareto_nbd", "boosted", "blend"),
)
"The value models, simplest first: of two equally good models, the first one is chosen."
