"""The best model is chosen, unless a simpler one is as good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from core.choosing import choose_simplest, mean_with_standard_error
from core.scores import Scores
from models.churn.additive import CHURN_MODELS
from models.churn.shared_fits import share_fits
from tests.models.churn.worlds import HORIZON_DAYS, coin_toss, customers, learnable, outcomes_of, true_log_odds
from training.churn.rows import ChurnRows
from training.churn.trials import Trials, adjust_if_better, choose, choose_learned, validate
from training.judging.folds import Folds
from training.run.recipe import default_recipe
from training.run.session import NoProgress, Step

FEATURES, OUTCOMES = learnable(3000)
TRUTH = true_log_odds(FEATURES)


def scores_of(log_odds: np.ndarray) -> Scores:
    return Scores(
        customer_ids=OUTCOMES.customer_ids, cutoffs=OUTCOMES.cutoffs, value=expit(log_odds), horizon_days=HORIZON_DAYS
    )


def test_a_significantly_better_model_is_chosen_over_a_simpler_one():
    scores = {"constant": scores_of(np.full(3000, -0.5)), "knows": scores_of(TRUTH)}

    assert choose(scores, OUTCOMES) == "knows"


def test_of_equally_good_models_the_simplest_is_chosen():
    noise = np.random.default_rng(2).normal(0, 0.005, 3000)

    assert choose({"simple": scores_of(TRUTH + noise), "elaborate": scores_of(TRUTH)}, OUTCOMES) == "simple"
    assert choose({"simple": scores_of(TRUTH), "elaborate": scores_of(TRUTH + noise)}, OUTCOMES) == "simple"
    assert choose({"simple": scores_of(TRUTH), "elaborate": scores_of(TRUTH)}, OUTCOMES) == "simple"
    assert choose({"elaborate": scores_of(TRUTH), "simple": scores_of(TRUTH)}, OUTCOMES) == "elaborate"


@pytest.mark.parametrize(("n_errors", "chosen"), [(-2.0, "simple"), (0.9, "simple"), (1.1, "elaborate")])
def test_a_simple_model_is_chosen_within_one_standard_error_of_the_best(n_errors: float, chosen: str):
    customers = np.array([f"c{number}" for number in range(400)])
    spread = np.resize([-1.0, 1.0], 400)
    standard_error = mean_with_standard_error(customers, spread).standard_error
    gains = {"simple": np.zeros(400), "elaborate": spread + n_errors * standard_error}

    assert choose_simplest(customers, gains) == chosen


def test_calibration_is_kept_only_where_it_lowers_log_loss():
    assert choose({"plain": scores_of(3 * TRUTH), "calibrated": scores_of(TRUTH)}, OUTCOMES) == "calibrated"
    assert choose({"plain": scores_of(TRUTH), "calibrated": scores_of(1.01 * TRUTH)}, OUTCOMES) == "plain"


def test_where_churn_is_random_the_base_rate_is_chosen():
    _, outcomes = coin_toss(3000)
    guess = np.random.default_rng(2).normal(0, 0.1, 3000)
    rate = np.full(3000, np.log(0.4 / 0.6))

    assert choose({"base_rate": scores_of(rate), "busy": scores_of(rate + guess)}, outcomes) == "base_rate"


def test_a_single_candidate_is_chosen():
    assert choose({"only": scores_of(TRUTH)}, OUTCOMES) == "only"


def test_the_error_of_a_mean_difference_counts_customers_not_rows():
    once = np.resize([-0.96, 1.04], 400)
    ids = np.array([f"c{number}" for number in range(400)])

    # The same customers at 20 cutoffs say no more; taken for 8,000 customers, they would.
    assert mean_with_standard_error(ids, once).is_within_one_standard_error
    assert mean_with_standard_error(np.tile(ids, 20), np.tile(once, 20)).is_within_one_standard_error
    assert not mean_with_standard_error(np.arange(8000).astype(str), np.tile(once, 20)).is_within_one_standard_error


def test_baselines_are_chosen_only_where_there_is_nothing_else():
    trials = Trials({"base_rate": scores_of(TRUTH), "logistic": scores_of(TRUTH)}, OUTCOMES, "validation")

    assert choose_learned(trials) == "logistic"
    assert choose_learned(Trials({"base_rate": scores_of(TRUTH)}, OUTCOMES, "validation")) == "base_rate"


def test_the_evidence_of_a_verdict_is_of_every_window():
    earlier, later = (Trials({"logistic": scores_of(TRUTH)}, OUTCOMES, split) for split in ("validation", "test"))

    windows = earlier + later

    assert len(windows.outcomes) == len(windows.scores["logistic"]) == 6000


def rows_of_years(rate_of_month: tuple[float, ...], *, n_months: int = 30, n: int = 1000) -> ChurnRows:
    """Monthly cutoffs with `n` customers each; the share that leaves depends on the month of the year."""
    days = np.array("2023-01-01", "datetime64[D]") + np.round(np.arange(n_months) * 365 / 12).astype(int)
    features = customers(n * n_months, seed=3)
    cutoffs = np.repeat(days, n)
    rates = np.repeat([rate_of_month[month % 12] for month in range(n_months)], n)
    outcomes = replace(
        outcomes_of(np.random.default_rng(4).random(n * n_months) < rates),
        cutoffs=cutoffs,
        observed_until=cutoffs + HORIZON_DAYS,
    )
    dates = tuple(days.astype(object))
    return ChurnRows(
        Folds(train=dates[:-1], test=dates[-1], label_days=HORIZON_DAYS),
        replace(features, cutoffs=cutoffs),
        outcomes,
        "active",
        np.zeros(n * n_months, np.bool_),
    )


@pytest.mark.parametrize(
    ("rates", "level"),
    [
        (tuple(np.round(0.4 + 0.2 * np.cos(np.arange(12) * np.pi / 6), 3)), "season"),
        ((0.4,) * 12, "training"),
    ],
)
def test_the_level_follows_last_years_season_where_churn_repeats_by_season(rates: tuple[float, ...], level: str):
    rows = rows_of_years(rates)
    recipes = {"recency": default_recipe(CHURN_MODELS, "recency")}
    validation = validate(recipes, rows, progress=NoProgress())

    adjusted, _ = adjust_if_better(recipes["recency"], rows, validation=validation, progress=NoProgress())

    assert adjusted.settings["level"] == level


def test_newer_cutoffs_count_more_only_where_customers_have_changed():
    rows = rows_of_years((0.4,) * 12, n=300)
    days = rows.features.column("days_since_last_purchase")
    age = (rows.outcomes.cutoffs.max() - rows.outcomes.cutoffs).astype(int)
    chances = np.random.default_rng(5).random(len(days))
    # A long absence meant nothing at first, and means more with every month.
    changed = replace(
        rows, outcomes=replace(rows.outcomes, churned=chances < expit((days - 30) / 300 * (800 - age) / 80))
    )
    recipes = {"recency": default_recipe(CHURN_MODELS, "recency")}

    half_lives = []
    for world in (rows, changed):
        validation = validate(recipes, world, progress=NoProgress())
        adjusted, _ = adjust_if_better(recipes["recency"], world, validation=validation, progress=NoProgress())
        half_lives.append(adjusted.settings["half_life_days"])

    assert half_lives == [None, 180.0]


class NotedLabels(NoProgress):
    """Notes the label of each piece of work."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def over(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """Note the label."""
        self.labels.append(label)
        return steps


def test_weights_that_do_not_help_at_the_newest_origin_are_not_tried_at_the_others():
    rows = rows_of_years((0.4,) * 12, n=300)
    recipes = {"recency": default_recipe(CHURN_MODELS, "recency")}
    validation, progress = validate(recipes, rows, progress=NoProgress()), NotedLabels()

    adjust_if_better(recipes["recency"], rows, validation=validation, progress=progress)

    assert progress.labels == ["level and calibration"]


def test_recipes_that_differ_in_their_level_share_a_fit_and_keep_their_own_level():
    rows = rows_of_years((0.2, 0.6) * 6)
    recency = default_recipe(CHURN_MODELS, "recency").with_settings({"n_resamples": 0})

    with share_fits():
        trained, newest = (
            rows.fit(recency.with_settings({"level": level}), rows.all_fit_rows) for level in ("training", "newest")
        )

    assert trained.levels_ is newest.levels_
    assert rows.score(trained, rows.test).value.mean() != pytest.approx(rows.score(newest, rows.test).value.mean())
