"""Departures are laid on the causes that they had, in worlds whose risks are known."""

from __future__ import annotations

import numpy as np
import pytest

from insights.causes.competing_risks import CauseHazards
from insights.causes.covariates import Covariates
from insights.causes.stated_cause_model import NOT_STATED
from tests.insights.causes.worlds import Competing, competing, lived_by


def error_points(world: Competing, stated: np.ndarray, lived: Covariates | None = None) -> float:
    """The largest error of a share, in points."""
    lived = lived or world.lived
    found = CauseHazards.fitted(lived, world.left, stated)
    laid = found.posterior(lived.take(world.left), stated[world.left]).mean(axis=0)
    return 100 * float(np.abs(laid - world.truth).max())


@pytest.mark.parametrize("seed", [1, 2])
def test_shares_come_within_five_points_of_the_truth_though_a_third_says_anything(seed: int):
    world = competing(60_000, seed, careless=0.35)

    assert error_points(world, world.stated) < 5


def test_a_careless_half_that_always_says_the_same_is_seen_through():
    world = competing(60_000, seed=6, careless=0)
    careless = (world.stated != NOT_STATED) & (np.random.default_rng(6).random(60_000) < 0.5)
    stated = np.where(careless, 2, world.stated)
    said = stated[stated != NOT_STATED]

    assert (said == 2).mean() - world.truth[2] > 0.3
    assert error_points(world, stated) < 5


def test_where_features_show_every_cause_they_alone_come_near():
    world = competing(60_000, seed=3)
    silence = np.full(60_000, NOT_STATED)

    assert error_points(world, world.stated) < error_points(world, silence) < 15


def test_features_that_say_nothing_take_no_departure():
    world = competing(20_000, seed=7)
    noise = np.random.default_rng(7).normal(size=(20_000, 60))
    speaks_of = np.append(np.arange(3), np.arange(60) % 3)
    families = np.append(np.full(3, "one"), np.full(60, "noise"))
    lived = Covariates.of(np.column_stack([world.lived.values, noise]), speaks_of, families, 3)

    found = CauseHazards.fitted(lived, world.left, world.stated)

    assert np.abs(found.weights[:, 4:]).max() < 0.15
    assert error_points(world, world.stated, lived) < 5


def test_a_column_moves_only_the_risk_of_its_cause():
    world = competing(5_000, seed=8)

    found = CauseHazards.fitted(world.lived, world.left, world.stated)

    assert found.weights[0, 1] > 0.5
    assert found.weights[1, 2] > 0.5
    assert found.weights[0, 2] == found.weights[1, 1] == found.weights[2, 1] == 0


def test_shares_of_everybody_sum_to_one():
    world = competing(5_000, seed=4)
    found = CauseHazards.fitted(world.lived, world.left, world.stated)

    for shares in (found.shares(world.lived), found.posterior(world.lived, world.stated)):
        np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_the_risks_of_all_causes_make_as_many_departures_as_there_were():
    world = competing(20_000, seed=5)

    found = CauseHazards.fitted(world.lived, world.left, world.stated)

    assert found.risks(world.lived).sum() == pytest.approx(world.left.sum(), rel=0.01)


def test_nobody_left_is_no_fault():
    lived = lived_by(np.zeros((50, 3)))

    found = CauseHazards.fitted(lived, np.zeros(50, bool), np.full(50, NOT_STATED))

    np.testing.assert_allclose(found.shares(lived.take(np.array([0]))), 1 / 3)
