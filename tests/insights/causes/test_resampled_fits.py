"""Intervals of attributed shares cover the fit, in worlds with known hazards."""

from __future__ import annotations

import numpy as np
import pytest

from core.intervals import TAILS
from insights.causes.competing_risks import CauseHazards
from insights.causes.resampled_fits import ResampledShares, resample_shares
from insights.causes.stated import NOT_STATED
from insights.causes.views import mean_shares
from tests.insights.causes.worlds import Competing, competing


def resample(world: Competing, seed: int = 0) -> tuple[np.ndarray, ResampledShares]:
    """The posterior of the churned customers, and those of the samples."""
    hazards = CauseHazards.fit(world.covariates, world.churned, stated_causes=world.stated_causes)
    left = world.covariates.take(world.churned)
    resampled = resample_shares(
        hazards,
        world.covariates,
        churned=world.churned,
        stated_causes=world.stated_causes,
        customer_ids=np.arange(len(world.churned)).astype(str),
        seed=seed,
    )
    return hazards.posterior(left, world.stated_causes[world.churned]), resampled


def all_of(shares: ResampledShares) -> np.ndarray:
    return shares.means(np.ones(shares.weights.shape[1], bool))


def test_intervals_of_few_churned_customers_hold_the_truth_as_often_as_they_say():
    covered, covered_by_the_kept_model = [], []
    for seed in range(100, 130):
        world = competing(3_000, seed, noise_rate=0.4)
        posterior, resampled = resample(world)
        low, high = np.quantile(all_of(resampled), TAILS, axis=0)
        kept = mean_shares(posterior, ("a", "b", "c"), customer_ids=np.arange(len(posterior)).astype(str), seed=0)
        covered += [*((low <= world.truth) & (world.truth <= high))]
        covered_by_the_kept_model += [
            one.low <= true <= one.high for one, true in zip(kept.values(), world.truth, strict=True)
        ]

    assert np.mean(covered) > 0.85
    assert np.mean(covered_by_the_kept_model) < 0.8


def test_one_step_varies_about_as_much_as_a_refit_on_the_sample():
    world = competing(12_000, seed=3)
    random, refits = np.random.default_rng(0), []
    for _ in range(40):
        rows = random.integers(0, len(world.churned), len(world.churned))
        covariates, churned, statements = world.covariates.take(rows), world.churned[rows], world.stated_causes[rows]
        hazards = CauseHazards.fit(covariates, churned, stated_causes=statements)
        refits.append(hazards.posterior(covariates.take(churned), statements[churned]).mean(axis=0))

    by_refits, by_steps = np.std(refits, axis=0), all_of(resample(world)[1]).std(axis=0)
    assert by_steps == pytest.approx(by_refits, rel=0.4)


def test_the_posteriors_of_each_sample_sum_to_one():
    _, resampled = resample(competing(2_000, seed=5))

    assert np.allclose(resampled.posteriors.sum(axis=2), 1, atol=1e-5)


def test_members_that_no_sample_drew_have_no_mean():
    _, resampled = resample(competing(2_000, seed=5))

    assert np.isnan(resampled.means(np.zeros(resampled.weights.shape[1], bool))).all()


def test_the_same_seed_gives_the_same_samples():
    world = competing(2_000, seed=5)

    assert np.array_equal(all_of(resample(world, seed=1)[1]), all_of(resample(world, seed=1)[1]))
    assert not np.array_equal(all_of(resample(world, seed=1)[1]), all_of(resample(world, seed=2)[1]))


def test_without_statements_the_shares_are_less_certain():
    world = competing(8_000, seed=4)
    silent = world._replace(stated_causes=np.full(8_000, NOT_STATED))

    assert (all_of(resample(silent)[1]).std(axis=0) > 1.5 * all_of(resample(world)[1]).std(axis=0)).any()
