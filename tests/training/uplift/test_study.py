"""The test of a choice: on later campaigns or held-out customers, and what it confirms."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from core.config.training import UpliftSettings
from models.uplift.learner import TargetingRule
from models.uplift.uplift_model import TreatmentData
from simulation.experiments import simulate_experiment
from tests.worlds import config
from training.uplift.rows import Outcome, UpliftRows
from training.uplift.study import BASELINE, CHOSEN, TreatmentStudy, split_customers, split_later, study_treatment

DAY = np.datetime64("2026-01-01", "D")


def rows_of(world: str, *, n: int = 1_500, strength: float = 0.15, seed: int = 0) -> UpliftRows:
    """One campaign on one day."""
    simulated = simulate_experiment(world, n=n, base_rate=0.35, strength=strength, seed=seed)
    return UpliftRows(
        data={"letter": TreatmentData(simulated.features, simulated.rows)},
        days={"letter": np.full(n, DAY)},
        outcome=Outcome("purchased", simulated.rows.outcomes, 14, "a purchase"),
        cutoffs=np.array([DAY]),
        left_out=(),
        notes=(),
    )


@cache
def study(world: str, seed: int) -> TreatmentStudy:
    settings = config(uplift=UpliftSettings(models=("response_linear", "s_linear")))
    return study_treatment(rows_of(world, seed=seed), "letter", learner=None, config=settings)


@pytest.mark.parametrize("world", ["none", "alike"])
def test_where_effects_do_not_differ_the_study_ends_without_evidence(world: str):
    studies = [study(world, seed) for seed in range(4)]

    without_evidence = [one.sentence.startswith("no evidence") for one in studies]

    assert sum(without_evidence) >= 3
    for one in studies:
        assert one.has_rule or (one.score(CHOSEN) == one.score(BASELINE)).all()


def test_a_rule_that_finds_sleeping_dogs_is_confirmed():
    one = study("harm", 0)

    assert one.has_rule
    assert one.choice is not None
    assert one.choice.chosen.rule == TargetingRule.UPLIFT
    assert one.sentence.startswith("target by uplift")
    assert (one.score(CHOSEN) != one.score(BASELINE)).any()


def test_each_customer_of_one_campaign_is_tested_once_by_a_model_fitted_without_them():
    splits = split_customers(rows_of("none").data["letter"], seed=0)

    assert (np.sum([split.test for split in splits], axis=0) == 1).all()
    assert not any((split.train & split.test).any() for split in splits)


def test_later_campaigns_are_the_test_and_their_outcomes_are_not_trained_on():
    rows = rows_of("harm", n=2_000).data["letter"]
    days = DAY + np.repeat([0, 10, 20, 30, 40], 400)

    (split,) = split_later(rows, days, horizon_days=14)

    assert split.first_day == DAY + 30
    assert (days[split.test] >= DAY + 30).all()
    assert (days[split.train] <= DAY + 16).all()


def test_one_campaign_cannot_be_tested_on_a_later_one():
    assert split_later(rows_of("none").data["letter"], np.full(1_500, DAY), horizon_days=14) == []
