"""Metrics agree with scikit-learn, rate perfect, worst and random scores rightly, and ignore the order of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from core.config.money import OfferAssumptions, RetentionSettings
from core.errors import BadInput, UnknownName
from core.labels import Labels
from core.retention import RetentionTerms, RetentionValues
from core.scores import Scores
from models.metrics.churn.data import ScoredRows, WeightedRows
from models.metrics.classification import (
    METRIC_FAMILIES,
    churn_metrics,
    compare,
    lift_curve,
    metric_names,
    precision_recall_curve,
    reliability_curve,
    roc_curve,
)
from models.metrics.weighted import RankedRows
from tests.models.churn.worlds import HORIZON_DAYS, outcomes_of

rows = st.lists(st.tuples(st.sampled_from([0.05, 0.2, 0.2001, 0.5, 0.7, 0.95]), st.booleans()), min_size=4, max_size=60)


def scores_of(probability: np.ndarray, outcomes: Labels) -> Scores:
    return Scores(
        customer_ids=outcomes.customer_ids, cutoffs=outcomes.cutoffs, value=probability, horizon_days=HORIZON_DAYS
    )


def metrics_of(probability: np.ndarray, churned: np.ndarray, n_resamples: int = 2) -> dict[str, float]:
    outcomes = outcomes_of(churned)
    metrics = churn_metrics("any", scores_of(probability, outcomes), outcomes=outcomes, n_resamples=n_resamples)
    return {metric.name: metric.estimate.value for metric in metrics}


def random_scores(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.random(n), random.random(n) < 0.3


@settings(max_examples=60, deadline=None)
@given(table=rows)
def test_metrics_agree_with_scikit_learn(table):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    assume(0 < churned.sum() < len(churned))

    values = metrics_of(probability, churned)

    assert values["auc"] == pytest.approx(sklearn_metrics.roc_auc_score(churned, probability))
    assert values["average_precision"] == pytest.approx(sklearn_metrics.average_precision_score(churned, probability))
    assert values["log_loss"] == pytest.approx(sklearn_metrics.log_loss(churned, probability))
    assert values["brier"] == pytest.approx(sklearn_metrics.brier_score_loss(churned, probability))


@settings(max_examples=40, deadline=None)
@given(table=rows, seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter(table, seed):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    assume(0 < churned.sum() < len(churned))
    order = np.random.default_rng(seed).permutation(len(table))

    before, after = metrics_of(probability, churned), metrics_of(probability[order], churned[order])

    assert after == pytest.approx(before)


@settings(max_examples=30, deadline=None)
@given(table=rows, seed=st.integers(0, 100))
def test_a_resample_is_measured_as_if_its_rows_were_repeated(table, seed):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    counts = np.random.default_rng(seed).integers(0, 3, len(table))
    repeated = np.repeat(np.arange(len(table)), counts)
    assume(0 < churned[repeated].sum() < len(repeated))

    groups = RankedRows.of(probability, churned).groups(counts[None, :].astype(float))

    assert groups.auc()[0] == pytest.approx(sklearn_metrics.roc_auc_score(churned[repeated], probability[repeated]))


def test_each_group_of_rows_is_measured_on_its_own():
    probability, churned = random_scores(300)
    groups = np.arange(300) % 3
    outcomes = outcomes_of(churned)

    metrics = churn_metrics("any", scores_of(probability, outcomes), outcomes=outcomes, groups=groups)

    alone = [metrics_of(probability[groups == group], churned[groups == group]) for group in range(3)]
    assert {metric.name: metric.estimate.value for metric in metrics} == pytest.approx(
        {name: np.mean([one[name] for one in alone]) for name in metric_names()}
    )


def test_a_customer_who_is_scored_twice_is_ranked_within_each_repeat():
    """The second repeat is as good as the first, but on another scale: ranked together, both lose."""
    churned = np.tile(np.arange(100) < 20, 2)
    probability = np.where(churned, 0.4, 0.1) + np.repeat([0.0, 0.5], 100)
    outcomes = outcomes_of(churned)

    def auc(groups: np.ndarray | None) -> float:
        scores = scores_of(probability, outcomes)
        metrics = churn_metrics("any", scores, outcomes=outcomes, n_resamples=2, groups=groups)
        return metrics[metric_names().index("auc")].estimate.value

    assert auc(None) < 0.8
    assert auc(np.repeat([0, 1], 100)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_of_true_probabilities_lies_within_its_interval(seed: int):
    """Even though every resample adds noise and so has a greater one."""
    random = np.random.default_rng(seed)
    probability = random.random(400)
    outcomes = outcomes_of(random.random(400) < probability)

    metrics = churn_metrics("any", scores_of(probability, outcomes), outcomes=outcomes)

    error = metrics[metric_names().index("calibration_error")].estimate
    assert 0 <= error.low < error.value < error.high


def test_perfect_scores():
    churned = np.arange(100) < 20

    values = metrics_of(churned.astype(float), churned)

    assert (values["auc"], values["average_precision"], values["captured@20"]) == (1, 1, pytest.approx(1))
    assert (values["lift@10"], values["lift@20"]) == (pytest.approx(5), pytest.approx(5))
    assert (values["log_loss"], values["brier"], values["calibration_error"]) == (pytest.approx(0), 0, 0)


def test_the_worst_scores():
    churned = np.arange(100) < 20

    values = metrics_of(1.0 - churned, churned)

    assert (values["auc"], values["captured@20"], values["brier"], values["calibration_error"]) == (0, 0, 1, 1)
    assert np.isfinite(values["log_loss"])


def test_random_scores_have_no_value():
    values = metrics_of(*random_scores(20_000))

    assert values["auc"] == pytest.approx(0.5, abs=0.02)
    assert values["average_precision"] == pytest.approx(0.3, abs=0.02)
    assert values["lift@20"] == pytest.approx(1, abs=0.1)


def test_one_score_for_all_captures_in_proportion():
    values = metrics_of(np.full(100, 0.2), np.arange(100) < 20)

    assert (values["auc"], values["captured@10"], values["lift@5"]) == (0.5, pytest.approx(0.1), pytest.approx(1))
    assert (values["calibration_error"], values["mean_probability"], values["observed_rate"]) == pytest.approx(
        (0, 0.2, 0.2), abs=1e-9
    )


def test_probabilities_that_are_ten_points_too_high_have_that_calibration_error():
    random = np.random.default_rng(1)
    truth = random.uniform(0.1, 0.8, 50_000)

    values = metrics_of(truth + 0.1, random.random(50_000) < truth)

    assert values["calibration_error"] == pytest.approx(0.1, abs=0.01)


def test_one_class_has_no_auc_but_a_log_loss():
    values = metrics_of(np.array([0.1, 0.2, 0.3]), np.zeros(3))

    assert np.isnan(values["auc"])
    assert values["log_loss"] > 0


@pytest.mark.parametrize("name", ["auc", "log_loss", "brier", "average_precision", "lift@10"])
def test_the_better_model_has_the_positive_difference(name):
    random = np.random.default_rng(1)
    truth = random.beta(1, 2, 2000)
    outcomes = outcomes_of(random.random(2000) < truth)
    knows, guesses = scores_of(truth, outcomes), scores_of(np.full(2000, 1 / 3), outcomes)

    forth = compare("knows", "guesses", scores=knows, scores_against=guesses, outcomes=outcomes, metric=name)
    back = compare("guesses", "knows", scores=guesses, scores_against=knows, outcomes=outcomes, metric=name)

    assert forth.difference.low > 0
    assert back.difference.value == -forth.difference.value


def test_a_model_does_not_differ_from_itself():
    probability, churned = random_scores(300)
    outcomes = outcomes_of(churned)
    scores = scores_of(probability, outcomes)

    for name in ("log_loss", "brier", "calibration_error"):
        difference = compare("a", "a", scores=scores, scores_against=scores, outcomes=outcomes, metric=name)
        assert not difference.is_significant


def test_every_metric_occurs_once_with_its_split():
    probability, churned = random_scores(50)
    outcomes = outcomes_of(churned)

    scores = scores_of(probability, outcomes)
    metrics = churn_metrics("any", scores, outcomes=outcomes, split="validation", n_resamples=2)

    assert tuple(metric.name for metric in metrics) == metric_names()
    assert {metric.split for metric in metrics} == {"validation"}


def test_models_cannot_be_compared_by_a_metric_without_a_direction():
    probability, churned = random_scores(10)
    outcomes = outcomes_of(churned)
    scores = scores_of(probability, outcomes)

    with pytest.raises(UnknownName, match="mean_probability"):
        compare("a", "b", scores=scores, scores_against=scores, outcomes=outcomes, metric="mean_probability")


def test_scores_of_other_rows_are_refused():
    probability, churned = random_scores(10)
    outcomes = outcomes_of(churned)

    with pytest.raises(BadInput, match="not the same rows"):
        churn_metrics("any", scores_of(probability, outcomes.take(np.arange(10)[::-1])), outcomes=outcomes)


def test_immature_rows_are_refused():
    probability, churned = random_scores(10)
    outcomes = outcomes_of(churned)
    early = Labels(**{**vars(outcomes), "observed_until": outcomes.cutoffs + 5})

    with pytest.raises(BadInput, match="10 rows are not mature"):
        churn_metrics("any", scores_of(probability, early), outcomes=early)


@pytest.fixture
def scores_and_outcomes() -> tuple[Scores, Labels]:
    random = np.random.default_rng(1)
    truth = random.beta(1, 2, 20_000).round(2)
    outcomes = outcomes_of(random.random(20_000) < truth)
    return Scores(
        customer_ids=outcomes.customer_ids, cutoffs=outcomes.cutoffs, value=truth, horizon_days=HORIZON_DAYS
    ), outcomes


def test_the_area_below_the_roc_curve_is_the_auc(scores_and_outcomes):
    scores, outcomes = scores_and_outcomes
    curve = roc_curve(*scores_and_outcomes)

    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(
        sklearn_metrics.roc_auc_score(outcomes.churned, scores.value)
    )


def test_precision_ends_at_the_churn_rate(scores_and_outcomes):
    curve = precision_recall_curve(*scores_and_outcomes)

    assert (curve.x[-1], curve.y[-1]) == (1, pytest.approx(scores_and_outcomes[1].churned.mean()))


def test_lift_ends_at_one(scores_and_outcomes):
    curve = lift_curve(*scores_and_outcomes)

    assert (curve.x[-1], curve.y[-1]) == (pytest.approx(1), pytest.approx(1))
    assert curve.y[0] > 2


def test_true_probabilities_lie_on_the_diagonal(scores_and_outcomes):
    curve = reliability_curve(*scores_and_outcomes)

    np.testing.assert_allclose(curve.x, curve.y, atol=0.03)


def test_every_family_says_the_names_of_what_it_computes():
    terms = RetentionTerms.of(RetentionSettings(), OfferAssumptions(), median_value=100.0)
    retention = RetentionValues(terms, np.full(20, 100.0))
    rows = ScoredRows(np.linspace(0.1, 0.9, 20), np.arange(20) % 3 == 0, retention)

    for family in METRIC_FAMILIES.values():
        values = family.evaluate(WeightedRows(rows, np.ones((2, 20))))
        assert tuple(values) == tuple(metric.name for metric in family.metrics)
