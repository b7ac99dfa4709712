"""What a campaign changed: customers in the campaign against the control group, chosen at random.

    effect = mean outcome of the treated - mean outcome of the control group

Outcomes vary between customers much more than a campaign moves them, mostly because customers differ anyway. What
was known before the campaign explains a part of that: each arm is regressed on it, and the regressions are compared at
the mean of all customers (CUPED, Deng et al. 2013; with separate slopes, Lin 2013). The effect stays as it is, and its
interval is narrower.

Where few customers of an arm have an outcome at all, their variance says little: the next large purchase may be yet to
come. Then half a conversion and half a failure are added to each arm (a Jeffreys prior), and the amounts of both arms
together say how much amounts vary:

    variance of an arm's mean = (share x mean square of amounts - (share x mean of amounts)^2) / customers

Where no customer has a yes-or-no outcome yet, its "amount" is 1 all the same: no conversion of 9 customers does not
make the share certain.

Where P(treated) differs between customers, as in a campaign whose control group was made larger on its way, a treated
customer counts 1 / P(treated) times and one of the control group 1 / (1 - P(treated)) times (Hajek 1971): otherwise
the arms would differ by what the shares depend on, such as the day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from core.errors import DataError
from core.intervals import CONFIDENCE, Estimate

MIN_OUTCOMES = 50
"Customers of each arm with an outcome that is not 0, and of a yes-or-no outcome with 0 as well; else see above."
PRIOR = 0.5
"Conversions, and failures, that are added to an arm with few."
MIN_ROWS_PER_COVARIATE = 20
"Of each arm; with fewer the regression would fit noise."

MAX_LEVELS = 10
"Of P(treated) that become columns; the smallest level is their baseline."


@dataclass(frozen=True)
class CampaignOutcomes:
    """Customers of a campaign and its control group with one outcome each."""

    treated: NDArray[np.bool_]
    "(n,) False is the control group."
    outcomes: NDArray[np.float64]
    "(n,) 0 or 1, or money."
    before: NDArray[np.float64] | None = None
    "(n, p) what was known before the campaign, such as last year's revenue; without missing values."
    propensities: NDArray[np.float64] | None = None
    "(n,) P(treated) of each customer, above 0 and below 1; None is the same for all."
    is_yes_or_no: bool = False
    "Whether an outcome can only be 0 or 1, also where all are 0."

    def __post_init__(self) -> None:
        n_treated = int(self.treated.sum())
        for n, arm in ((n_treated, "the campaign"), (len(self.treated) - n_treated, "the control group")):
            if n < 2:
                raise DataError(
                    f"{arm} has {n} customers with an outcome; a comparison needs at least 2 of each, better 100"
                )
        if self.propensities is not None and not ((self.propensities > 0) & (self.propensities < 1)).all():
            worst = self.propensities[np.argmax(np.abs(self.propensities - 0.5))]
            raise DataError(f"P(treated) of a customer is {worst:g}; chance decides above 0 and below 1")

    @property
    def weights(self) -> NDArray[np.float64]:
        """1 / P(the arm that the customer is in), (n,); their mean in each arm is 1."""
        if self.propensities is None:
            return np.ones(len(self.treated))
        weights = 1.0 / np.where(self.treated, self.propensities, 1.0 - self.propensities)
        means = np.where(self.treated, weights[self.treated].mean(), weights[~self.treated].mean())
        return weights / means

    @property
    def has_few_outcomes(self) -> bool:
        """Whether few customers of an arm have an outcome, or, where it is yes or no, lack it."""
        arms = (self.outcomes[self.treated], self.outcomes[~self.treated])
        counts = [int((arm != 0).sum()) for arm in arms]
        if np.isin(self.outcomes, (0.0, 1.0)).all():
            counts += [len(arm) - n for arm, n in zip(arms, counts, strict=True)]
        return min(counts) < MIN_OUTCOMES

    @property
    def covariates(self) -> NDArray[np.float64]:
        """(n, p) what outcomes are regressed on, centred; p is 0 where the arms are too small."""
        columns = np.column_stack(
            [np.empty((len(self.treated), 0)) if self.before is None else self.before, self._strata]
        )
        if self.has_few_outcomes:
            return columns[:, :0]
        varying = columns[:, columns.std(axis=0) > 0]
        n_smaller = min(int(self.treated.sum()), int((~self.treated).sum()))
        if not varying.shape[1] or n_smaller < MIN_ROWS_PER_COVARIATE * varying.shape[1]:
            return columns[:, :0]
        centred = varying - varying.mean(axis=0)
        return centred / centred.std(axis=0)

    @property
    def _strata(self) -> NDArray[np.float64]:
        """(n, levels) which of its levels P(treated) has: customers of one level differ less than those of all."""
        if self.propensities is None:
            return np.empty((len(self.treated), 0))
        levels = np.unique(self.propensities)
        return (self.propensities[:, None] == levels[None, 1 : MAX_LEVELS + 1]).astype(np.float64)


@dataclass(frozen=True)
class ArmMean:
    """The mean outcome of an arm, as it would be with the customers of both."""

    value: float
    variance: float
    "Of the mean."
    degrees: float
    "Of freedom of the variance."


def estimate_effect(campaign: CampaignOutcomes) -> Estimate:
    """The effect of a campaign on a customer, with its interval."""
    treated, control = estimate_arms(campaign)
    effect, variance = treated.value - control.value, treated.variance + control.variance
    if variance == 0:
        return Estimate(effect, effect, effect)
    # Welch 1947, Satterthwaite 1946.
    degrees = 1 / sum((arm.variance / variance) ** 2 / arm.degrees for arm in (treated, control))
    width = float(student.ppf(0.5 + CONFIDENCE / 2, degrees)) * variance**0.5
    if campaign.is_yes_or_no:  # Shares differ by at most 1, however few customers there are.
        return Estimate(effect, max(effect - width, -1.0), min(effect + width, 1.0))
    return Estimate(effect, effect - width, effect + width)


def estimate_arms(campaign: CampaignOutcomes) -> tuple[ArmMean, ArmMean]:
    """The mean of the treated and of the control group."""
    outcomes, weights, arms = campaign.outcomes, campaign.weights, (campaign.treated, ~campaign.treated)
    if campaign.has_few_outcomes:
        amounts = outcomes[outcomes != 0]
        if campaign.is_yes_or_no and not len(amounts):
            return _estimate_none(weights[campaign.treated]), _estimate_none(weights[~campaign.treated])
        treated, control = (_estimate_few(outcomes[arm], amounts, weights=weights[arm]) for arm in arms)
    else:
        covariates = campaign.covariates
        treated, control = (_estimate_mean(outcomes[arm], covariates[arm], weights=weights[arm]) for arm in arms)
    return treated, control


def _estimate_mean(
    outcomes: NDArray[np.float64], covariates: NDArray[np.float64], *, weights: NDArray[np.float64]
) -> ArmMean:
    design = np.column_stack([np.ones(len(outcomes)), covariates])
    roots = np.sqrt(weights)
    coefficients, *_ = np.linalg.lstsq(design * roots[:, None], outcomes * roots, rcond=None)
    # Each weighted residual is a contribution to the mean; with equal weights this is the usual variance.
    residuals, (n, p) = weights * (outcomes - design @ coefficients), design.shape
    variance = float(residuals @ residuals) / (n - p) / n
    return ArmMean(float(coefficients[0]), variance, max(_count_effective(weights) - p, 1.0))


def _estimate_few(
    outcomes: NDArray[np.float64], amounts: NDArray[np.float64], *, weights: NDArray[np.float64]
) -> ArmMean:
    """`amounts` are the outcomes of both arms that are not 0; without any, how large they would be is unknown."""
    if not len(amounts):
        return ArmMean(0.0, 0.0, 1)
    n = _count_effective(weights)
    share = (float(np.average(outcomes != 0, weights=weights)) * n + PRIOR) / (n + 2 * PRIOR)
    variance = (share * float((amounts**2).mean()) - (share * float(amounts.mean())) ** 2) / (n + 2 * PRIOR)
    return ArmMean(float(np.average(outcomes, weights=weights)), variance, max(len(amounts) - 1, 1))


def _estimate_none(weights: NDArray[np.float64]) -> ArmMean:
    """An arm without any yes, in an experiment without any."""
    n = _count_effective(weights)
    share = PRIOR / (n + 2 * PRIOR)
    return ArmMean(0.0, share * (1 - share) / (n + 2 * PRIOR), max(n - 1, 1.0))


def _count_effective(weights: NDArray[np.float64]) -> float:
    """As many equally weighted customers would know as much (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights @ weights))
