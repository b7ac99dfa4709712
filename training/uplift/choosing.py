"""Choose the rule for targeting and its learner, on randomised data that the learners have not seen.

Learners predict the customers of each fold without having been fitted on them. What a ranking gains over chance is a
mean over customers, so that two rankings can be compared customer by customer:

    gain of a customer = (1/2 - rank share) * effect score     rank share: 0 for the highest score, 1 for the lowest
    effect score       = (y - mean y) / p if treated, -(y - mean y) / (1 - p) if not

Its mean is the area between the uplift curve and the straight line, per customer (the QINI weighting of Yadlowsky et
al. 2021). Of each rule, the first learner is taken that is within one standard error of its best. Of two rules the
simpler one wins, unless the other gains more by over one standard error of the difference; models are chosen in the
same way. Simplest first: all alike, by response, by risk, by uplift, by uplift times value.

A choice is no evidence yet, because the best of several rules often gains something by chance: training confirms it
out of sample, for all treatments together (`training/uplift/study.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest, mean_with_standard_error
from core.experiments import RandomisedRows
from core.intervals import HALF_WIDTH, Estimate
from models.shared_fits import share_fits
from models.uplift.learner import LEARNERS, TargetingRule, TreatmentRows, UpliftLearner, deal_folds
from models.uplift.uplift_model import TreatmentData, treatment_rows

N_FOLDS = 5
Candidates = Mapping[TargetingRule, Sequence[str]]
"Names of learners by rule, the simplest rule first."

CANDIDATES: Candidates = {
    TargetingRule.ALIKE: ("average_effect",),
    TargetingRule.RESPONSE: ("response_linear", "response_boosted"),
    TargetingRule.RISK: ("risk_linear",),
    TargetingRule.UPLIFT: ("blend", "s_linear", "x_linear", "s_boosted", "dr_boosted"),
}
"""Of each rule its learners, the one first that is taken unless another is better by more than a standard error.

The blend is the first of uplift learners because it ranked best on simulated experiments.
"""


@dataclass(frozen=True)
class RuleTrial:
    """How much one rule gains over targeting at random, with its learner, on held-out customers."""

    rule: TargetingRule
    learner: str
    gain: Estimate
    "Outcomes per customer."
    over_simpler: Estimate
    "How much more it gains than the rule that was chosen among the simpler ones."
    is_better: bool
    "Whether that is over one standard error."
    gains: NDArray[np.float64]
    "(n,) what each customer adds to its gain."


@dataclass(frozen=True)
class RuleChoice:
    """The chosen rule, and what each rule gained."""

    chosen: RuleTrial
    trials: tuple[RuleTrial, ...]
    unit: str = "outcomes"
    "Of the gains, for each customer."

    @property
    def sentence(self) -> str:
        """The choice and its reason in one sentence."""
        gains = "; ".join(f"{one.rule} ({one.learner}) {one.gain.as_difference}" for one in self.trials[1:])
        if self.chosen.rule == TargetingRule.ALIKE:
            return (
                "no evidence that any rule finds customers whom the contact changes more than others: none gains over "
                f"one standard error more than targeting at random (in {self.unit} per customer: {gains})"
            )
        return (
            f"target by {self.chosen.rule} ({self.chosen.learner}), the simplest rule that no other beats by over "
            f"one standard error (gains over targeting at random, in {self.unit} per customer: {gains})"
        )


def select_candidates(models: Sequence[str]) -> Candidates:
    """The learners of each rule, of those that `[uplift] models` names; all if it is empty. Raises UnknownName."""
    for name in models:
        LEARNERS[name]
    if not models:
        return CANDIDATES
    by_rule: dict[TargetingRule, Sequence[str]] = {
        rule: tuple(name for name in models if LEARNERS[name].rule == rule) for rule in CANDIDATES
    }
    by_rule[TargetingRule.ALIKE] = CANDIDATES[TargetingRule.ALIKE]
    return {rule: names for rule, names in by_rule.items() if names}


def choose_rule(
    data: TreatmentData,
    *,
    seed: int = 0,
    candidates: Candidates = CANDIDATES,
    values: NDArray[np.float64] | None = None,
    unit: str = "outcomes",
) -> RuleChoice:
    """Choose for one treatment; `values` say what an outcome of each customer is worth, (n,), and None: all the same.

    With values, effects and outcomes are multiplied by them, and the rules compete for money. `unit` is that of an
    outcome, or of an outcome times its value.
    """
    names = [name for of_rule in candidates.values() for name in of_rule]
    held_out = predict_held_out(data, {name: LEARNERS[name](seed=seed) for name in names}, seed=seed)
    trials: list[RuleTrial] = []
    for rule, of_rule in candidates.items():
        gains = {name: score_customers(held_out.ranks(name), data.rows, values=values) for name in of_rule}
        _add_trial(trials, rule, gains=gains, customer_ids=data.rows.customer_ids)
    if values is not None and TargetingRule.UPLIFT in candidates:
        of_rule = candidates[TargetingRule.UPLIFT]
        gains = {name: score_customers(held_out.ranks(name, values), data.rows, values=values) for name in of_rule}
        _add_trial(trials, TargetingRule.UPLIFT_VALUE, gains=gains, customer_ids=data.rows.customer_ids)
    return RuleChoice(_choose_of(trials), tuple(trials), unit)


def _add_trial(
    trials: list[RuleTrial],
    rule: TargetingRule,
    *,
    gains: Mapping[str, NDArray[np.float64]],
    customer_ids: NDArray[np.str_],
) -> None:
    """Choose the learner of a rule and compare it with the rule that wins so far."""
    learner = choose_simplest(customer_ids, gains)
    against = _choose_of(trials).gains if trials else np.zeros(len(customer_ids))
    own = gains[learner]
    trials.append(
        RuleTrial(
            rule=rule,
            learner=learner,
            gain=estimate_mean(customer_ids, own),
            over_simpler=estimate_mean(customer_ids, own - against),
            is_better=not mean_with_standard_error(customer_ids, own - against).is_within_one_standard_error,
            gains=own,
        )
    )


def _choose_of(trials: Sequence[RuleTrial]) -> RuleTrial:
    """The rule that wins so far: each more complex one needs an additional gain of over one standard error."""
    chosen = trials[0]
    for trial in trials[1:]:
        chosen = trial if trial.is_better else chosen
    return chosen


def estimate_mean(customer_ids: NDArray[np.str_], values: NDArray[np.float64]) -> Estimate:
    """The mean with its 90 % interval by the normal approximation; rows of one customer are not independent."""
    mean = mean_with_standard_error(customer_ids, values)
    return Estimate(
        mean.value, mean.value - HALF_WIDTH * mean.standard_error, mean.value + HALF_WIDTH * mean.standard_error
    )


@dataclass(frozen=True)
class HeldOut:
    """Predictions for customers on whom the learners were not fitted."""

    folds: NDArray[np.int64]
    "(n,)."
    effects: Mapping[str, NDArray[np.float64]]
    "By learner, (n,)."

    def ranks(self, name: str, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The share of the customers of the same fold with a higher effect, or effect times value, (n,)."""
        score = self.effects[name] if values is None else self.effects[name] * values
        ranks = np.empty(len(score))
        for fold in np.unique(self.folds):
            ranks[self.folds == fold] = rank_shares(score[self.folds == fold])
        return ranks


def predict_held_out(
    data: TreatmentData, learners: Mapping[str, UpliftLearner], *, seed: int, n_folds: int = N_FOLDS
) -> HeldOut:
    """Cross-fitted effects by each learner, over folds of customers."""
    rows = treatment_rows(data, data.features.columns)
    folds = deal_folds(data.rows.customer_ids, n_folds=n_folds, seed=seed)
    effects = {name: np.empty(len(folds)) for name in learners}
    for fold in range(n_folds):
        held = folds == fold
        for name, effect in _fit_and_predict(rows.take(~held), learners, values=rows.values[held]).items():
            effects[name][held] = effect
    return HeldOut(folds, effects)


def _fit_and_predict(
    rows: TreatmentRows, learners: Mapping[str, UpliftLearner], *, values: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    with share_fits():
        return {name: learner.copy().fit(rows).predict(values).effect for name, learner in learners.items()}


def rank_shares(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of rows with a higher score, (n,); half of the rows with the same score count as higher."""
    _, places, counts = np.unique(-score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - counts / 2)[places] / len(score)


def score_customers(
    ranks: NDArray[np.float64], rows: RandomisedRows, *, values: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """What each customer adds to the gain of a ranking over chance, (n,); their mean is the gain."""
    outcomes = rows.outcomes if values is None else rows.outcomes * values
    centred = outcomes - np.average(outcomes, weights=rows.arm_weights)
    return (0.5 - ranks) * rows.weights_by_sign * centred
