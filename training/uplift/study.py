"""Evaluate uplift models out of sample: on later campaigns, or cross-fitted over customers where there are none.

    contacts before a day, whose horizon ends by it ---choose rule and learner, fit---> contacts from that day on

Where a treatment was not repeated, every customer is predicted by a model that was chosen and fitted without them. The
figures of the chosen model are those of this whole procedure: in each part it may have chosen another learner.

A rule is registered only if its qini in this test is above 0, for all treatments of a training together: by Holm's
step-down procedure (Holm 1979) at 5 %, with p-values from the intervals of the qini (`core/joint_tests.py`). Where no
contact has any effect, at most about one of twenty trainings registers a rule, however many treatments there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.experiments import RandomisedRows
from core.intervals import Estimate
from core.joint_tests import ALPHA, adjust_p_values, p_value_above_zero
from models.metrics.uplift.ranking import ranking_metrics
from models.shared_fits import share_fits
from models.uplift.learner import LEARNERS, PredictedEffect, TargetingRule, UpliftLearner, deal_folds
from models.uplift.uplift_model import MIN_OUTCOMES, TreatmentData, treatment_rows
from training.run.session import Progress
from training.uplift.choosing import Candidates, RuleChoice, choose_rule, select_candidates
from training.uplift.rows import UpliftRows

N_OUTER_FOLDS = 3
TEST_SHARES = (0.3, 0.4, 0.5)
"Of the contacts that later campaigns may hold: the smallest share with enough outcomes is the test."
CHOSEN = "chosen"
BASELINE = "average_effect"

Learners = Mapping[str, UpliftLearner]
"Not yet fitted, by name."


@dataclass(frozen=True)
class UpliftSplit:
    """Rows to choose and fit on, and rows to test on; both masks are (k,)."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    first_day: np.datetime64 | None = None
    "The first day of the test; None for folds over customers."


@dataclass(frozen=True)
class TreatmentTest:
    """Predictions for contacts of one treatment by learners that were not fitted on them."""

    rows: RandomisedRows
    "(t,)."
    predictions: Mapping[str, PredictedEffect]
    "By learner, and of the chosen one; every array is (t,)."

    def score(self, name: str) -> NDArray[np.float64]:
        """The ranking of a learner, (t,)."""
        return self.predictions[name].effect


@dataclass(frozen=True)
class TreatmentStudy(TreatmentTest):
    """The test of one treatment, and the choice for the model that is registered."""

    first_day: np.datetime64 | None
    "The first day of the test; None for folds over customers."
    choice: RuleChoice | None
    "On all rows; None where the user named the learner."
    qini: Estimate
    "Of the chosen one in the test."
    joint_p_value: float
    "Of this qini, adjusted for all treatments of the training."
    n_together: int = 1
    "Treatments of the training."

    @property
    def chose_rule(self) -> bool:
        """Whether a rule that tells customers apart was chosen, confirmed or not."""
        return self.choice is not None and self.choice.chosen.rule != TargetingRule.ALIKE

    @property
    def has_rule(self) -> bool:
        """Whether a rule was chosen and its ranking is better than chance in the test; a named learner needs none."""
        return self.choice is None or (self.chose_rule and self.qini.low > 0 and self.joint_p_value <= ALPHA)

    @property
    def sentence(self) -> str:
        """The rule for targeting and why it was chosen, or that there is no evidence for one."""
        if self.choice is None:
            return "the learner was named, so no rule was chosen"
        if self.has_rule or self.choice.chosen.rule == TargetingRule.ALIKE:
            return self.choice.sentence
        is_dated = self.first_day is not None
        if self.qini.low == self.qini.high:
            on = "by the earlier campaigns alone" if is_dated else "by two thirds of the customers"
            return f"no evidence for a rule: {on}, none would have been chosen ({self.choice.sentence})"
        where = "in later campaigns" if is_dated else "on held-out customers"
        reason = (
            f"but as the best of {self.n_together} tested together this happens by chance (Holm's p = "
            f"{self.joint_p_value:.2f}, needed {ALPHA:g})"
            if self.qini.low > 0
            else "and its interval is not above 0"
        )
        return (
            f"no evidence for a rule: the qini of the chosen one is {self.qini} {where}, {reason} "
            f"({self.choice.sentence})"
        )


def predict_splits(
    rows: UpliftRows, treatment: str, *, seed: int, predict: Callable[[UpliftSplit], dict[str, PredictedEffect]]
) -> TreatmentTest:
    """Predict the test rows of each split of a treatment."""
    splits = split_rows(rows, treatment, seed=seed)
    parts = [predict(split) for split in splits]
    tested = np.concatenate([np.flatnonzero(split.test) for split in splits])
    predictions = {
        name: PredictedEffect(*(np.concatenate(arrays) for arrays in zip(*(part[name] for part in parts), strict=True)))
        for name in parts[0]
    }
    return TreatmentTest(rows.data[treatment].rows.take(tested), predictions)


def study_treatment(
    rows: UpliftRows, treatment: str, *, learner: UpliftLearner | None, config: Config
) -> TreatmentStudy:
    """Choose, fit and predict out of sample; `learner` is used instead of the one that would be chosen.

    The rule is that of this treatment alone: `confirm_together` tests those of several.
    """
    data, values, seed = rows.data[treatment], rows.values_of(treatment, config.uplift.value), config.seed
    candidates = select_candidates(config.uplift.models)
    test = predict_splits(
        rows,
        treatment,
        seed=seed,
        predict=lambda split: predict_split(
            data, split, learner=learner, seed=seed, values=values, candidates=candidates
        ),
    )
    qini = ranking_metrics(CHOSEN, test.score(CHOSEN), rows=test.rows)[0].estimate
    study = TreatmentStudy(
        rows=test.rows,
        predictions=test.predictions,
        first_day=split_rows(rows, treatment, seed=seed)[0].first_day,
        choice=None
        if learner
        else choose_rule(
            data, seed=seed, values=values, candidates=candidates, unit=_find_unit(rows.outcome.name, config)
        ),
        qini=qini,
        joint_p_value=p_value_above_zero(qini),
    )
    return study if study.has_rule else replace(study, predictions=rank_alike(test.predictions))


def _find_unit(outcome: str, config: Config) -> str:
    """What gains are counted in."""
    unit = config.currency if outcome == "amount" else "outcomes"
    return f"{unit} times {config.uplift.value}" if config.uplift.value else unit


def confirm_together(studies: Mapping[str, TreatmentStudy]) -> dict[str, TreatmentStudy]:
    """The studies with the p-values of all of them together; without a confirmed rule, all customers rank alike.

    A treatment for which no rule was chosen counts as one of those that were tested.
    """
    p_values = [p_value_above_zero(one.qini) if one.chose_rule else 1.0 for one in studies.values()]
    together = {
        name: replace(one, joint_p_value=float(p_value), n_together=len(studies))
        for (name, one), p_value in zip(studies.items(), adjust_p_values(p_values), strict=True)
    }
    return {
        name: one if one.has_rule else replace(one, predictions=rank_alike(one.predictions))
        for name, one in together.items()
    }


def describe_together(studies: Mapping[str, TreatmentStudy]) -> str:
    """Which of several treatments have a rule that is confirmed together; '' for one, or a named learner."""
    if len(studies) < 2 or all(one.choice is None for one in studies.values()):
        return ""
    confirmed = [name for name, one in studies.items() if one.has_rule]
    listed = f"{len(confirmed)} ({', '.join(confirmed)})" if confirmed else "none"
    return (
        f"Of {len(studies)} rules whom to contact, tested together, {listed} {'are' if len(confirmed) > 1 else 'is'} "
        f"above chance at the joint level of {100 * ALPHA:.0f} % (Holm 1979)."
    )


def rank_alike(predictions: Mapping[str, PredictedEffect]) -> dict[str, PredictedEffect]:
    """The predictions with the average effect in place of a rule that was not chosen or not confirmed."""
    return {**predictions, CHOSEN: predictions[BASELINE]}


def predict_split(
    data: TreatmentData,
    split: UpliftSplit,
    *,
    learner: UpliftLearner | None,
    seed: int,
    values: NDArray[np.float64] | None,
    candidates: Candidates,
) -> dict[str, PredictedEffect]:
    """The test rows by every learner that was fitted on the others, and by the one that was chosen on them."""
    train = data.take(split.train)
    names = [name for of_rule in candidates.values() for name in of_rule]
    learners: dict[str, UpliftLearner] = {name: LEARNERS[name](seed=seed) for name in names}
    if learner is None:
        of_train = None if values is None else values[split.train]
        chosen = choose_rule(train, seed=seed, values=of_train, candidates=candidates).chosen
        learners[CHOSEN] = learners[chosen.learner]
        worth = chosen.rule == TargetingRule.UPLIFT_VALUE
    else:
        learners[CHOSEN], worth = learner, False
    predicted = fit_and_predict(data, split, learners=learners)
    if worth and values is not None:
        effect, without = predicted[CHOSEN]
        predicted[CHOSEN] = PredictedEffect(effect * values[split.test], without)
    return predicted


def fit_and_predict(data: TreatmentData, split: UpliftSplit, *, learners: Learners) -> dict[str, PredictedEffect]:
    """The test rows of a split by each learner, fitted on its other rows."""
    rows = treatment_rows(data.take(split.train), data.features.columns)
    values = data.features.take(split.test).values
    with share_fits():
        return {name: one.copy().fit(rows).predict(values) for name, one in learners.items()}


def split_rows(rows: UpliftRows, treatment: str, *, seed: int) -> list[UpliftSplit]:
    """Later campaigns as the test, or folds over customers where there are too few of them."""
    later = split_later(rows.data[treatment], rows.days[treatment], horizon_days=rows.outcome.horizon_days)
    return later or split_customers(rows.data[treatment], seed=seed)


def split_later(data: TreatmentData, days: NDArray[np.datetime64], *, horizon_days: int) -> list[UpliftSplit]:
    """Test on later campaigns; empty where either part would have too few outcomes in one of the groups."""
    ordered = np.sort(days)
    for share in TEST_SHARES:
        first_day = ordered[int(len(ordered) * (1 - share))]
        split = UpliftSplit(days + np.timedelta64(horizon_days, "D") <= first_day, days >= first_day, first_day)
        if all(has_enough(data.rows, part) for part in (split.train, split.test)):
            return [split]
    return []


def has_enough(rows: RandomisedRows, part: NDArray[np.bool_]) -> bool:
    """Whether both groups of some rows have enough outcomes."""
    groups = (rows.outcomes[part & (rows.treated == treated)] for treated in (True, False))
    return all((group != 0).sum() >= MIN_OUTCOMES for group in groups)


def split_customers(data: TreatmentData, *, seed: int) -> list[UpliftSplit]:
    """Folds over customers."""
    folds = deal_folds(data.rows.customer_ids, n_folds=N_OUTER_FOLDS, seed=seed + 1)
    return [UpliftSplit(folds != fold, folds == fold) for fold in range(N_OUTER_FOLDS)]


def study_treatments(
    rows: UpliftRows, *, learner: UpliftLearner | None, config: Config, progress: Progress
) -> dict[str, TreatmentStudy]:
    """The test of each treatment, and which rules all of them together confirm."""
    return confirm_together(
        {
            treatment: study_treatment(rows, treatment, learner=learner, config=config)
            for treatment in progress.over(list(rows.data), "choosing rules and testing them")
        }
    )
