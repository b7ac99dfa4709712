"""Churn is attributed to its true causes, in worlds with known hazards."""

from __future__ import annotations

import numpy as np
import pytest

from insights.causes.competing_risks import CauseHazards
from insights.causes.covariates import Covariates
from insights.causes.stated import NOT_STATED
from tests.insights.causes.worlds import Competing, competing, covariates_of


def error_points(world: Competing, stated_causes: np.ndarray, covariates: Covariates | None = None) -> float:
    """The largest error of a share, in points."""
    covariates = covariates or world.covariates
    hazards = CauseHazards.fit(covariates, world.churned, stated_causes=stated_causes)
    shares = hazards.posterior(covariates.take(world.churned), stated_causes[world.churned]).mean(axis=0)
    return 100 * float(np.abs(shares - world.truth).max())


@pytest.mark.parametrize("seed", [1, 2])
def test_shares_are_within_five_points_of_the_truth_with_a_third_of_noise(seed: int):
    world = competing(60_000, seed, noise_rate=0.35)

    assert error_points(world, world.stated_causes) < 5


def test_one_constant_noisy_answer_of_half_the_customers_is_recognised():
    world = competing(60_000, seed=6, noise_rate=0)
    is_noise = (world.stated_causes != NOT_STATED) & (np.random.default_rng(6).random(60_000) < 0.5)
    stated_causes = np.where(is_noise, 2, world.stated_causes)
    codes = stated_causes[stated_causes != NOT_STATED]

    assert (codes == 2).mean() - world.truth[2] > 0.3
    assert error_points(world, stated_causes) < 5


def test_a_rare_cause_does_not_vanish_where_noise_could_explain_its_few_statements():
    world = competing(1_500, seed=2, noise_rate=0)
    left = np.flatnonzero(world.churned)
    stated_causes = np.full(1_500, NOT_STATED)
    stated_causes[left] = np.arange(len(left)) % 2
    stated_causes[left[:3]] = 2

    hazards = CauseHazards.fit(world.covariates, world.churned, stated_causes=stated_causes)

    shares = hazards.posterior(world.covariates.take(left), stated_causes[left]).mean(axis=0)
    assert shares[2] > 0.01


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_features_alone_come_close_if_they_show_every_cause(seed: int):
    world = competing(60_000, seed)

    assert error_points(world, np.full(60_000, NOT_STATED)) < 5


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_statements_halve_the_error_where_no_feature_shows_a_cause(seed: int):
    world = competing(60_000, seed)
    hidden = covariates_of(world.covariates.values * np.array([1, 0, 1]))

    assert (
        error_points(world, world.stated_causes, hidden) < error_points(world, np.full(60_000, NOT_STATED), hidden) / 2
    )


def test_uninformative_features_attract_no_churn():
    world = competing(20_000, seed=7)
    noise = np.random.default_rng(7).normal(size=(20_000, 60))
    cause_of_column = np.append(np.arange(3), np.arange(60) % 3)
    families = np.append(np.full(3, "one"), np.full(60, "noise"))
    covariates = Covariates.of(
        np.column_stack([world.covariates.values, noise]), cause_of_column, families=families, n_causes=3
    )

    hazards = CauseHazards.fit(covariates, world.churned, stated_causes=world.stated_causes)

    assert np.abs(hazards.weights[:, 4:]).max() < 0.15
    assert error_points(world, world.stated_causes, covariates) < 5


def test_a_column_drives_only_the_hazard_of_its_cause():
    world = competing(5_000, seed=8)

    hazards = CauseHazards.fit(world.covariates, world.churned, stated_causes=world.stated_causes)

    assert hazards.weights[0, 1] > 0.5
    assert hazards.weights[1, 2] > 0.5
    assert hazards.weights[0, 2] == hazards.weights[1, 1] == hazards.weights[2, 1] == 0


def test_shares_sum_to_one():
    world = competing(5_000, seed=4)
    hazards = CauseHazards.fit(world.covariates, world.churned, stated_causes=world.stated_causes)

    for shares in (hazards.shares(world.covariates), hazards.posterior(world.covariates, world.stated_causes)):
        np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_expected_churn_equals_observed_churn():
    world = competing(20_000, seed=5)

    hazards = CauseHazards.fit(world.covariates, world.churned, stated_causes=world.stated_causes)

    assert hazards.risks(world.covariates).sum() == pytest.approx(world.churned.sum(), rel=0.01)


def test_no_churn_is_not_an_error():
    covariates = covariates_of(np.zeros((50, 3)))

    hazards = CauseHazards.fit(covariates, np.zeros(50, bool), stated_causes=np.full(50, NOT_STATED))

    np.testing.assert_allclose(hazards.shares(covariates.take(np.array([0]))), 1 / 3)
