"""Which rule for targeting is chosen, on simulated experiments with known effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from core.intervals import Estimate
from models.uplift.learner import TargetingRule
from models.uplift.uplift_model import TreatmentData
from simulation.experiments import SimulatedExperiment, gain_over_random, simulate_experiment
from training.uplift.choosing import RuleChoice, RuleTrial, choose_rule, predict_held_out, rank_shares, score_customers

LINEAR: Mapping[TargetingRule, Sequence[str]] = {
    TargetingRule.ALIKE: ("average_effect",),
    TargetingRule.RESPONSE: ("response_linear",),
    TargetingRule.RISK: ("risk_linear",),
    TargetingRule.UPLIFT: ("s_linear",),
}


@pytest.mark.parametrize("rule", [TargetingRule.ALIKE, TargetingRule.RISK])
def test_gains_have_the_unit_of_the_outcome(rule: TargetingRule):
    gain = Estimate(1.0, 0.5, 1.5)
    trial = RuleTrial(
        rule=rule, learner="risk_linear", gain=gain, over_simpler=gain, is_better=False, gains=np.zeros(1)
    )  # fmt: skip

    assert "in JPY per customer" in RuleChoice(trial, (trial, trial), "JPY").sentence


def data_of(simulated: SimulatedExperiment) -> TreatmentData:
    return TreatmentData(simulated.features, simulated.rows)


@pytest.mark.parametrize(
    ("world", "rule"),
    [
        ("flag", TargetingRule.UPLIFT),
        ("harm", TargetingRule.UPLIFT),
        ("proportional", TargetingRule.RESPONSE),
    ],
)
def test_the_simplest_rule_that_fits_the_world_is_chosen(world: str, rule: TargetingRule):
    simulated = simulate_experiment(world, n=6_000, base_rate=0.35, strength=0.12, seed=5)

    assert choose_rule(data_of(simulated), candidates=LINEAR).chosen.rule == rule


def test_a_choice_of_all_alike_says_that_there_is_no_evidence():
    choices = [
        choose_rule(data_of(simulate_experiment("none", n=800, seed=seed)), candidates=LINEAR) for seed in range(4)
    ]

    is_alike = [choice.chosen.rule == TargetingRule.ALIKE for choice in choices]

    assert any(is_alike)
    assert [choice.sentence.startswith("no evidence") for choice in choices] == is_alike


def test_the_sentence_names_the_rule_its_learner_and_what_every_rule_gains():
    choice = choose_rule(
        data_of(simulate_experiment("flag", n=6_000, base_rate=0.35, strength=0.1, seed=5)), candidates=LINEAR
    )

    assert choice.sentence.startswith("target by uplift (s_linear)")
    assert all(f"{rule} (" in choice.sentence for rule in ("response", "risk", "uplift"))


def test_a_gain_is_estimated_without_bias():
    simulated = simulate_experiment("flag", n=40_000, base_rate=0.2, strength=0.1, seed=2)

    ranks = rank_shares(simulated.effects)

    estimated = score_customers(ranks, simulated.rows).mean()
    assert estimated == pytest.approx(gain_over_random(simulated.effects, simulated.effects), abs=0.004)


def test_customers_of_equal_score_share_their_ranks():
    assert rank_shares(np.array([3.0, 1.0, 1.0, 2.0])).tolist() == [0.125, 0.75, 0.75, 0.375]


def test_no_customer_is_predicted_by_a_learner_that_was_fitted_on_them():
    # The outcome is noise and the only feature numbers the customers: a learner that had seen them would rank well.
    simulated = simulate_experiment("none", n=1_500, base_rate=0.5, seed=8)
    twice = np.repeat(np.arange(1_500), 2)
    doubled = TreatmentData(simulated.features.take(twice), simulated.rows.take(twice))

    held_out = predict_held_out(doubled, {}, seed=0)

    assert all(len(set(held_out.folds[twice == place])) == 1 for place in range(0, 1_500, 100))


def test_what_an_outcome_is_worth_decides_where_only_that_differs_between_customers():
    simulated = simulate_experiment("alike", n=6_000, base_rate=0.3, strength=0.2, seed=5)
    values = np.where(simulated.features.column("number_1") > 1.0, 5.0, 1.0)

    choice = choose_rule(data_of(simulated), candidates=LINEAR, values=values)

    assert choice.chosen.rule == TargetingRule.UPLIFT_VALUE
    assert choice.chosen.over_simpler.low > 0


def test_a_more_complex_rule_needs_an_additional_gain_of_over_one_standard_error():
    choice = choose_rule(
        data_of(simulate_experiment("proportional", n=6_000, base_rate=0.35, strength=0.2, seed=5)), candidates=LINEAR
    )

    by_rule = {trial.rule: trial for trial in choice.trials}
    deviation = by_rule[TargetingRule.RESPONSE].gains.std() / np.sqrt(6_000)

    assert by_rule[TargetingRule.RESPONSE].gain.value > deviation
    assert by_rule[TargetingRule.RESPONSE].is_better
    assert not by_rule[TargetingRule.UPLIFT].is_better
    assert by_rule[TargetingRule.ALIKE].gain == Estimate(0.0, 0.0, 0.0)
