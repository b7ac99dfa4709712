"""The level of churn: what a model's mean probability should be, and how much it moves between cutoffs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from models.calibration import MAX_OFFSET, level_offset
from models.churn.level import LevelByCutoff
from models.churn.recency import Recency
from tests.models.churn.worlds import HORIZON_DAYS, learnable

OLD, NEW = np.datetime64("2025-01-01"), np.datetime64("2025-04-01")


def world(*rates: tuple[np.datetime64, float], n: int = 1000) -> dict[str, np.ndarray]:
    """`n` rows at each cutoff, of which this share churned."""
    return {
        "churned": np.concatenate([(np.arange(n) < rate * n).astype(float) for _, rate in rates]),
        "cutoffs": np.repeat([day for day, _ in rates], n),
    }


def test_the_offset_makes_the_mean_probability_the_churn_rate():
    log_odds, churned = np.linspace(-3, 2, 500), np.resize([1.0, 0.0, 0.0, 0.0], 500)

    assert expit(log_odds + level_offset(log_odds, churned)).mean() == pytest.approx(0.25)


def test_where_nobody_or_everybody_churned_the_offset_is_bounded():
    assert level_offset(np.zeros(9), np.zeros(9)) == -MAX_OFFSET
    assert level_offset(np.zeros(9), np.ones(9)) == MAX_OFFSET


def test_the_newest_level_is_that_of_the_newest_cutoffs_with_enough_churned_rows():
    rows = world((OLD, 0.5), (NEW, 0.3))

    level = LevelByCutoff.of(np.full(2000, logit(0.4)), **rows)

    assert level.newest_offset == pytest.approx(logit(0.3) - logit(0.4))
    # (-)0.44 and (+)0.41 around 0.4: a standard deviation of 0.6, beyond 0.07 by chance.
    assert level.standard_deviation == pytest.approx(0.59, abs=0.02)


def test_few_churned_rows_leave_the_level_of_all_cutoffs():
    rows = world((OLD, 0.5), (NEW, 0.3), n=100)

    assert LevelByCutoff.of(np.full(200, logit(0.4)), **rows).newest_offset == pytest.approx(0)


def test_a_level_that_moves_by_chance_only_has_no_spread():
    rows = world((OLD, 0.40), (NEW, 0.41), n=500)

    assert LevelByCutoff.of(np.full(1000, logit(0.405)), **rows).standard_deviation == 0


def test_a_model_whose_level_follows_the_newest_cutoffs_keeps_its_order():
    features, outcomes = learnable(3000)

    plain, moved = (
        Recency(n_resamples=0, level=level).fit(features, outcomes).score(features, HORIZON_DAYS).value
        for level in ("training", "newest")
    )

    assert (np.argsort(plain, kind="stable") == np.argsort(moved, kind="stable")).all()


def test_the_season_of_a_day_is_measured_a_year_before_it():
    spring, summer = np.datetime64("2025-04-01"), np.datetime64("2025-07-01")
    level = LevelByCutoff.of(np.full(2000, logit(0.4)), **world((spring, 0.5), (summer, 0.3)))

    offsets = level.offsets_at(np.array(["2026-04-20", "2026-06-30"], "datetime64[D]"), "season")

    assert offsets == pytest.approx([logit(0.5) - logit(0.4), logit(0.3) - logit(0.4)])


@pytest.mark.parametrize(("day", "n"), [("2026-01-10", 1000), ("2026-04-01", 300)])
def test_without_enough_churned_rows_a_year_ago_the_season_is_the_newest_level(day, n):
    spring, summer = np.datetime64("2025-04-01"), np.datetime64("2025-07-01")
    level = LevelByCutoff.of(np.full(2 * n, logit(0.4)), **world((spring, 0.5), (summer, 0.3), n=n))

    assert level.offsets_at(np.array([day], "datetime64[D]"), "season") == pytest.approx(level.newest_offset)


@pytest.mark.parametrize("level", ["training", "newest", "season"])
def test_a_stored_model_keeps_its_level_and_its_contributions_add_up_to_its_scores(level):
    features, outcomes = learnable(3000)
    model = Recency(n_resamples=2, level=level).fit(features, outcomes)

    stored = Recency.from_artifact(model.to_artifact())

    scored = model.score(features, HORIZON_DAYS).value
    assert (stored.score(features, HORIZON_DAYS).value == scored).all()
    assert expit(stored.contributions(features).sum(axis=1)) == pytest.approx(scored)
