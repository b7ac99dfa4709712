"""Departures are laid on the causes that they had, in worlds whose risks are known."""

from __future__ import annotations

import numpy as np
import pytest

from insights.causes.attributed import NOT_STATED, CompetingCauses, Witness
from insights.causes.comparable import LEAST_STAYERS, excess
from tests.insights.causes.worlds import competing, months_of


def error_points(world: dict[str, np.ndarray], stated: np.ndarray) -> float:
    """The largest error of a share, in points."""
    left = world["left"]
    found = CompetingCauses.fitted(world["scores"], left, stated)
    laid = found.laid_on(world["scores"][left], stated[left]).mean(axis=0)
    return 100 * np.abs(laid - world["true_shares"][left].mean(axis=0)).max()


@pytest.mark.parametrize("seed", [1, 2])
def test_shares_come_within_five_points_of_the_truth_though_a_third_says_anything(seed: int):
    world = competing(60_000, seed, careless=0.35)

    assert error_points(world, world["stated"]) < 5


def test_what_was_stated_makes_shares_surer_than_scores_alone():
    world = competing(60_000, seed=3)
    silence = np.full(60_000, NOT_STATED)

    assert error_points(world, world["stated"]) < min(5, error_points(world, silence))


def test_shares_of_everybody_sum_to_one_and_a_higher_score_never_lowers_its_cause():
    world = competing(5_000, seed=4)
    found = CompetingCauses.fitted(world["scores"], world["left"], world["stated"])
    higher = world["scores"].copy()
    higher[:, 0] += 0.5

    for shares in (found.shares(world["scores"]), found.laid_on(world["scores"], world["stated"])):
        np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (found.shares(higher)[:, 0] >= found.shares(world["scores"])[:, 0] - 1e-12).all()


def test_the_risks_of_all_causes_make_as_many_departures_as_there_were():
    world = competing(20_000, seed=5)

    found = CompetingCauses.fitted(world["scores"], world["left"], world["stated"])

    assert found.risks(world["scores"]).sum() == pytest.approx(world["left"].sum(), rel=0.01)


def test_nobody_left_is_no_fault():
    found = CompetingCauses.fitted(np.zeros((50, 3)), np.zeros(50, bool), np.full(50, NOT_STATED))

    np.testing.assert_allclose(found.shares(np.zeros((1, 3))), 1 / 3)


def test_a_witness_who_says_the_same_whatever_is_true_is_found_careless():
    blamed = np.repeat(np.eye(2), 200, axis=0)
    witness = Witness.usual(2)
    for _ in range(50):
        witness = witness.heard(blamed, np.zeros(400, np.int64))

    assert witness.carelessness > 0.8
    assert witness.careless_words[0] > 0.9
    np.testing.assert_allclose(witness.statements.sum(axis=1), 1)


def test_a_contribution_is_told_as_the_distance_from_comparable_stayers():
    n = 4 * LEAST_STAYERS
    plans = np.repeat([0, 1], n // 2)
    left = np.arange(n) % 20 == 0
    contributions = np.where(plans == 1, 3.0, 1.0)[:, None] + np.where(left, 0.5, 0.0)[:, None]

    found = excess(contributions, months_of(n, left), plans)

    np.testing.assert_allclose(found[left], 0.5)
    np.testing.assert_allclose(found[~left], 0)


def test_with_too_few_alike_the_whole_month_s_stayers_are_comparable():
    plans = np.arange(2 * LEAST_STAYERS)
    contributions = np.arange(2.0 * LEAST_STAYERS)[:, None]

    found = excess(contributions, months_of(2 * LEAST_STAYERS), plans)

    np.testing.assert_allclose(found, contributions - contributions.mean())
