"""Meta-learners: uplift from models of outcomes.

    response   effect ~ E[Y | x, treated]            what plain response models assume
    risk       effect ~ 1 - E[Y | x, not treated]    what contacts of customers at risk assume
    S          mu(x, 1) - mu(x, 0)                   one model that sees the treatment
    T          mu1(x) - mu0(x)                       one model for each group
    X          imputes what each customer would have done in the other group (Kunzel et al. 2019)
    DR         regresses doubly robust pseudo-outcomes of cross-fitted models on x (Kennedy 2020)

Response and risk models get the scale with which their mean is the measured average effect.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn
from models.setting_types import Folds
from models.uplift.learner import PredictedEffect, TargetingRule, TreatmentRows, UpliftLearner, deal_folds
from models.uplift.outcome_models import OutcomeModel

MIN_MEAN = 1e-9
TREATED = FeatureColumn(
    name="treated",
    family=FeatureFamily.CONTACTS,
    unit="",
    en="treated",
    ja="施策対象",
    missing="never missing",
    digest="treated",
)
"The treatment as a column of an S-learner's model."


@dataclass(eq=False)
class ProportionalLearner(UpliftLearner):
    """Effects in proportion to a model's prediction."""

    fitted_numbers: ClassVar[tuple[str, ...]] = ("scale_", "top_")

    scale_: float = field(init=False, repr=False, default=0.0)
    top_: float = field(init=False, repr=False, default=1.0)
    "The highest outcome: risk is the distance to it."

    def fit(self, rows: TreatmentRows) -> Self:
        """Fit the model and the scale with which the mean effect is the measured one."""
        self.top_ = 1.0 if rows.randomised.is_binary else float(rows.randomised.outcomes.max())
        super().fit(rows)
        mean = float(np.average(self.shape(rows.values), weights=rows.weights))
        self.scale_ = rows.average_effect / mean if abs(mean) > MIN_MEAN else 0.0
        return self

    @abstractmethod
    def shape(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What effects are proportional to, (n,)."""


@dataclass(eq=False)
class ResponseLearner(ProportionalLearner):
    """Who has the outcome when treated."""

    rule: ClassVar[TargetingRule] = TargetingRule.RESPONSE

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The outcome of the treated."""
        return (self.fit_outcome_once(rows.arm(treated=True)),)

    def shape(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected outcome with treatment."""
        return self.models_[0].predict(values)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """A share of the expected outcome with treatment."""
        response = self.shape(values)
        return PredictedEffect(self.scale_ * response, (1.0 - self.scale_) * response)


@dataclass(eq=False)
class RiskLearner(ProportionalLearner):
    """Who does not have the outcome without treatment."""

    rule: ClassVar[TargetingRule] = TargetingRule.RISK

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The outcome of the control group."""
        return (self.fit_outcome_once(rows.arm(treated=False)),)

    def shape(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the expected outcome without treatment is from the highest one."""
        return self.top_ - self.models_[0].predict(values)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """A share of the risk."""
        risk = self.shape(values)
        return PredictedEffect(self.scale_ * risk, self.top_ - risk)


@dataclass(eq=False)
class SLearner(UpliftLearner):
    """One model of both groups, which sees the treatment."""

    rule: ClassVar[TargetingRule] = TargetingRule.UPLIFT

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """One model with the treatment as its last column."""
        base = rows.outcome_rows
        values = np.column_stack([base.values, rows.randomised.treated])
        seen = replace(base, values=values, columns=(*base.columns, TREATED))
        return (self.fit_outcome_once(seen),)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The difference that the treatment makes to the prediction."""
        n, (model,) = len(values), self.models_
        treated, without = (model.predict(np.column_stack([values, np.full(n, float(one))])) for one in (1, 0))
        return PredictedEffect(treated - without, without)


@dataclass(eq=False)
class TLearner(UpliftLearner):
    """One model for each group."""

    rule: ClassVar[TargetingRule] = TargetingRule.UPLIFT

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The models of the treated and of the control group."""
        return tuple(self.fit_outcome_once(rows.arm(treated=treated)) for treated in (True, False))

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The difference of both."""
        treated, without = (model.predict(values) for model in self.models_)
        return PredictedEffect(treated - without, without)


@dataclass(eq=False)
class XLearner(UpliftLearner):
    """Models of imputed effects, one for each group, weighted by the propensity (Kunzel et al. 2019)."""

    rule: ClassVar[TargetingRule] = TargetingRule.UPLIFT

    fitted_numbers: ClassVar[tuple[str, ...]] = ("share_",)

    share_: float = field(init=False, repr=False, default=0.5)
    "The mean propensity: where many are treated, the model that imputes the control group's effects is the better one."

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The model of the control group, and those of the effects on the treated and on the control group."""
        treated, control = rows.arm(treated=True), rows.arm(treated=False)
        of_treated, of_control = self.fit_outcome_once(treated), self.fit_outcome_once(control)
        self.share_ = float(np.average(rows.randomised.propensities, weights=rows.weights))
        on_treated = treated.outcomes - of_control.predict(treated.values)
        on_control = of_treated.predict(control.values) - control.outcomes
        effects = (treated.with_outcomes(on_treated), control.with_outcomes(on_control))
        return (of_control, *(self.fit_outcome_once(one) for one in effects))

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The weighted mean of both models of effects."""
        of_control, on_treated, on_control = (model.predict(values) for model in self.models_)
        return PredictedEffect(self.share_ * on_control + (1.0 - self.share_) * on_treated, of_control)


@dataclass(eq=False)
class DRLearner(UpliftLearner):
    """A regression of doubly robust pseudo-outcomes on the features (Kennedy 2020).

        psi = mu1(x) - mu0(x) + w (y - mu_a(x))     w = 1 / p if treated, -1 / (1 - p) if not

    The mean of psi is the effect wherever the propensity p is right, whatever mu1 and mu0 are. They are cross-fitted:
    predicted for customers on whom they were not fitted.
    """

    rule: ClassVar[TargetingRule] = TargetingRule.UPLIFT

    n_folds: Folds = 3
    "Of the cross-fitting, over customers."

    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """The model of the control group, and that of the effect."""
        without = self.fit_outcome_once(rows.arm(treated=False))
        pseudo = rows.outcome_rows.with_outcomes(self.impute_effects(rows))
        return without, self.fit_outcome_once(pseudo)

    def impute_effects(self, rows: TreatmentRows) -> NDArray[np.float64]:
        """psi, (n,)."""
        randomised = rows.randomised
        folds = deal_folds(randomised.customer_ids, n_folds=self.n_folds, seed=self.seed)
        predicted = np.empty((2, len(randomised)))
        for fold in range(self.n_folds):
            held, train = folds == fold, folds != fold
            for arm, treated in enumerate((False, True)):
                fitted_on = rows.outcome_rows.take(train & (randomised.treated == treated))
                predicted[arm, held] = self.fit_outcome_once(fitted_on).predict(rows.values[held])
        own = np.where(randomised.treated, predicted[1], predicted[0])
        return predicted[1] - predicted[0] + randomised.weights_by_sign * (randomised.outcomes - own)

    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The effect, and the outcome of the control group."""
        without, effect = (model.predict(values) for model in self.models_)
        return PredictedEffect(effect, without)
