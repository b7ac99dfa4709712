"""Figures agree with scikit-learn, know perfect, worst and random answers, and do not mind the order of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from core.errors import BadInput, UnknownName
from core.labels import Labels
from core.scores import Scores
from models.metrics.classification import LOWER_IS_BETTER, NAMES, churn_metrics, compare
from models.metrics.weighted import RankedRows
from tests.models.churn.worlds import HORIZON_DAYS, outcomes_of

rows = st.lists(st.tuples(st.sampled_from([0.05, 0.2, 0.2001, 0.5, 0.7, 0.95]), st.booleans()), min_size=4, max_size=60)


def scores_of(probability: np.ndarray, outcomes: Labels) -> Scores:
    return Scores(outcomes.customer_ids, outcomes.cutoffs, probability, HORIZON_DAYS)


def figures(probability: np.ndarray, churned: np.ndarray, n_resamples: int = 2) -> dict[str, float]:
    outcomes = outcomes_of(churned)
    judged = churn_metrics("any", scores_of(probability, outcomes), outcomes, n_resamples=n_resamples)
    return {metric.name: metric.estimate.value for metric in judged}


def random_answers(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.random(n), random.random(n) < 0.3


@settings(max_examples=60, deadline=None)
@given(table=rows)
def test_figures_are_those_of_scikit_learn(table):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    assume(0 < churned.sum() < len(churned))

    found = figures(probability, churned)

    assert found["auc"] == pytest.approx(sklearn_metrics.roc_auc_score(churned, probability))
    assert found["average_precision"] == pytest.approx(sklearn_metrics.average_precision_score(churned, probability))
    assert found["log_loss"] == pytest.approx(sklearn_metrics.log_loss(churned, probability))
    assert found["brier"] == pytest.approx(sklearn_metrics.brier_score_loss(churned, probability))


@settings(max_examples=40, deadline=None)
@given(table=rows, seed=st.integers(0, 100))
def test_the_order_of_rows_is_irrelevant(table, seed):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    assume(0 < churned.sum() < len(churned))
    order = np.random.default_rng(seed).permutation(len(table))

    before, after = figures(probability, churned), figures(probability[order], churned[order])

    assert after == pytest.approx(before)


@settings(max_examples=30, deadline=None)
@given(table=rows, seed=st.integers(0, 100))
def test_a_resample_is_judged_as_if_its_rows_were_written_out(table, seed):
    probability, churned = (np.array(column) for column in zip(*table, strict=True))
    counts = np.random.default_rng(seed).integers(0, 3, len(table))
    written = np.repeat(np.arange(len(table)), counts)
    assume(0 < churned[written].sum() < len(written))

    groups = RankedRows.of(probability, churned).groups(counts[None, :].astype(float))

    assert groups.auc()[0] == pytest.approx(sklearn_metrics.roc_auc_score(churned[written], probability[written]))


def test_rows_that_are_not_ranked_together_are_judged_by_themselves():
    probability, churned = random_answers(300)
    groups = np.arange(300) % 3
    outcomes = outcomes_of(churned)

    judged = churn_metrics("any", scores_of(probability, outcomes), outcomes, together=groups)

    alone = [figures(probability[groups == group], churned[groups == group]) for group in range(3)]
    assert {metric.name: metric.estimate.value for metric in judged} == pytest.approx(
        {name: np.mean([one[name] for one in alone]) for name in NAMES}
    )


def test_whoever_is_told_of_twice_is_ranked_against_others_of_the_same_telling():
    """The second telling is as good as the first, on another scale: ranked together, both lose."""
    churned = np.tile(np.arange(100) < 20, 2)
    probability = np.where(churned, 0.4, 0.1) + np.repeat([0.0, 0.5], 100)
    outcomes = outcomes_of(churned)

    def auc(together: np.ndarray | None) -> float:
        judged = churn_metrics("any", scores_of(probability, outcomes), outcomes, n_resamples=2, together=together)
        return judged[NAMES.index("auc")].estimate.value

    assert auc(None) < 0.8
    assert auc(np.repeat([0, 1], 100)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_of_honest_probabilities_lies_within_its_interval(seed: int):
    """Though every resample, which adds noise, has a greater one."""
    random = np.random.default_rng(seed)
    probability = random.random(400)
    outcomes = outcomes_of(random.random(400) < probability)

    judged = churn_metrics("any", scores_of(probability, outcomes), outcomes)

    found = judged[NAMES.index("calibration_error")].estimate
    assert 0 <= found.low < found.value < found.high


def test_a_perfect_answer():
    churned = np.arange(100) < 20

    found = figures(churned.astype(float), churned)

    assert (found["auc"], found["average_precision"], found["captured@20"]) == (1, 1, pytest.approx(1))
    assert (found["lift@10"], found["lift@20"]) == (pytest.approx(5), pytest.approx(5))
    assert (found["log_loss"], found["brier"], found["calibration_error"]) == (pytest.approx(0), 0, 0)


def test_the_worst_answer():
    churned = np.arange(100) < 20

    found = figures(1.0 - churned, churned)

    assert (found["auc"], found["captured@20"], found["brier"], found["calibration_error"]) == (0, 0, 1, 1)
    assert np.isfinite(found["log_loss"])


def test_a_random_answer_is_worth_nothing():
    found = figures(*random_answers(20_000))

    assert found["auc"] == pytest.approx(0.5, abs=0.02)
    assert found["average_precision"] == pytest.approx(0.3, abs=0.02)
    assert found["lift@20"] == pytest.approx(1, abs=0.1)


def test_one_answer_for_all_captures_in_proportion():
    found = figures(np.full(100, 0.2), np.arange(100) < 20)

    assert (found["auc"], found["captured@10"], found["lift@5"]) == (0.5, pytest.approx(0.1), pytest.approx(1))
    assert (found["calibration_error"], found["mean_probability"], found["observed_rate"]) == pytest.approx(
        (0, 0.2, 0.2), abs=1e-9
    )


def test_probabilities_that_are_ten_points_too_high_have_that_calibration_error():
    random = np.random.default_rng(1)
    truth = random.uniform(0.1, 0.8, 50_000)

    found = figures(truth + 0.1, random.random(50_000) < truth)

    assert found["calibration_error"] == pytest.approx(0.1, abs=0.01)


def test_one_class_has_no_auc_but_a_log_loss():
    found = figures(np.array([0.1, 0.2, 0.3]), np.zeros(3))

    assert np.isnan(found["auc"])
    assert found["log_loss"] > 0


@pytest.mark.parametrize("name", ["auc", "log_loss", "brier", "average_precision", "lift@10"])
def test_the_better_model_has_the_positive_difference(name):
    random = np.random.default_rng(1)
    truth = random.beta(1, 2, 2000)
    outcomes = outcomes_of(random.random(2000) < truth)
    knows, guesses = scores_of(truth, outcomes), scores_of(np.full(2000, 1 / 3), outcomes)

    forth = compare("knows", "guesses", knows, guesses, outcomes, name)
    back = compare("guesses", "knows", guesses, knows, outcomes, name)

    assert forth.difference.low > 0
    assert back.difference.value == -forth.difference.value


def test_a_model_does_not_differ_from_itself():
    probability, churned = random_answers(300)
    outcomes = outcomes_of(churned)
    scores = scores_of(probability, outcomes)

    assert not any(compare("a", "a", scores, scores, outcomes, name).is_significant for name in LOWER_IS_BETTER)


def test_every_figure_is_told_once_with_its_split():
    probability, churned = random_answers(50)
    outcomes = outcomes_of(churned)

    judged = churn_metrics("any", scores_of(probability, outcomes), outcomes, split="validation", n_resamples=2)

    assert tuple(metric.name for metric in judged) == NAMES
    assert {metric.split for metric in judged} == {"validation"}


def test_models_are_not_compared_by_a_figure_without_a_direction():
    probability, churned = random_answers(10)
    outcomes = outcomes_of(churned)
    scores = scores_of(probability, outcomes)

    with pytest.raises(UnknownName, match="mean_probability"):
        compare("a", "b", scores, scores, outcomes, "mean_probability")


def test_scores_of_other_rows_are_not_judged():
    probability, churned = random_answers(10)
    outcomes = outcomes_of(churned)

    with pytest.raises(BadInput, match="not the same rows"):
        churn_metrics("any", scores_of(probability[::-1], outcomes.take(np.arange(10)[::-1])), outcomes)


def test_immature_rows_are_not_judged():
    probability, churned = random_answers(10)
    outcomes = outcomes_of(churned)
    early = Labels(**{**vars(outcomes), "observed_until": outcomes.cutoffs + 5})

    with pytest.raises(BadInput, match="10 rows are not mature"):
        churn_metrics("any", scores_of(probability, early), early)
