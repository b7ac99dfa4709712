"""The test of a choice: on later campaigns or held-out customers, and what it confirms."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.config.training import UpliftSettings
from core.intervals import Estimate
from models.uplift.learner import TargetingRule
from models.uplift.uplift_model import TreatmentData
from simulation.experiments import simulate_experiment
from tests.worlds import config
from training.uplift.rows import Outcome, UpliftRows
from training.uplift.study import (
    BASELINE,
    CHOSEN,
    TreatmentStudy,
    confirm_together,
    describe_together,
    split_customers,
    split_later,
    study_treatment,
)

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


def together(*standard_errors: float) -> dict[str, TreatmentStudy]:
    """Treatments with chosen rules, whose qini is so many standard errors above 0, each of 0.1."""
    one = study("harm", 0)
    return confirm_together(
        {
            f"offer {place}": replace(one, qini=Estimate(0.1 * above, 0.1 * above - 0.16449, 0.1 * above + 0.16449))
            for place, above in enumerate(standard_errors)
        }
    )


def test_a_rule_that_is_above_chance_alone_is_none_among_seven_treatments():
    # Normal table: 2.0 standard errors are p = .0228, and 7 * .0228 = .159.
    (alone,), seven = together(2.0).values(), together(2.0, *[0.0] * 6)

    assert alone.has_rule
    assert not any(one.has_rule for one in seven.values())
    assert seven["offer 0"].joint_p_value == pytest.approx(0.159, abs=0.001)
    assert "as the best of 7 tested together this happens by chance (Holm's p = 0.16" in seven["offer 0"].sentence
    assert (seven["offer 0"].score(CHOSEN) == seven["offer 0"].score(BASELINE)).all()
    assert describe_together(seven) == (
        "Of 7 rules whom to contact, tested together, none is above chance at the joint level of 5 % (Holm 1979)."
    )


def test_a_confirmed_rule_makes_room_for_the_next_one():
    # 3.0 standard errors: p = .00135, times 3. 2.0: p = .0228, times 2 is .0455, but times 3 would be .068.
    three = together(2.0, 3.0, 0.0)

    assert [one.has_rule for one in three.values()] == [True, True, False]
    assert describe_together(three).startswith(
        "Of 3 rules whom to contact, tested together, 2 (offer 0, offer 1) are above chance"
    )


def test_a_treatment_without_a_chosen_rule_counts_as_tested():
    alike = study("none", 0)
    assert not alike.chose_rule
    of_harm = replace(study("harm", 0), qini=Estimate(0.2, 0.2 - 0.16449, 0.4))

    assert not confirm_together({"a": of_harm, "b": alike, "c": alike})["a"].has_rule


def test_nothing_is_said_of_one_treatment_together():
    assert describe_together(together(2.0)) == ""
