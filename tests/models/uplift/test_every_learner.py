"""What must hold of every uplift learner, on simulated experiments with known effects."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.errors import NotEnoughHistory
from core.experiments import RandomisedRows
from models.artifact import Artifact
from models.uplift.learner import LEARNERS, SIMPLEST_FIRST, PredictedEffect, TargetingRule, TreatmentRows, UpliftLearner
from models.uplift.uplift_model import TreatmentData, UpliftModel, treatment_rows
from simulation.experiments import SimulatedExperiment, simulate_experiment

every_learner = pytest.mark.parametrize("name", list(LEARNERS))
every_uplift_learner = pytest.mark.parametrize(
    "name", [name for name in LEARNERS if LEARNERS[name].rule == TargetingRule.UPLIFT]
)


@cache
def experiment(world: str) -> SimulatedExperiment:
    return simulate_experiment(world, n=4_000, base_rate=0.2, strength=0.15, seed=3)


def rows_of(simulated: SimulatedExperiment) -> TreatmentRows:
    return treatment_rows(TreatmentData(simulated.features, simulated.rows), simulated.features.columns)


@cache
def fit(name: str, world: str) -> UpliftLearner:
    return LEARNERS[name]().fit(rows_of(experiment(world)))


def predict(name: str, world: str) -> PredictedEffect:
    return fit(name, world).predict(experiment(world).features.values)


def test_the_catalogue_is_in_the_stated_order():
    assert list(LEARNERS) == list(SIMPLEST_FIRST)


@every_learner
def test_the_mean_effect_is_close_to_the_measured_one(name: str):
    assert predict(name, "flag").effect.mean() == pytest.approx(experiment("flag").rows.average_effect, abs=0.02)


@every_learner
def test_the_mean_outcome_without_treatment_is_close_to_the_true_one(name: str):
    assert predict(name, "flag").without.mean() == pytest.approx(experiment("flag").without.mean(), abs=0.03)


@every_uplift_learner
def test_an_uplift_learner_finds_the_customers_whom_the_contact_changes(name: str):
    assert experiment("flag").share_of_best(predict(name, "flag").effect) > 0.75


@every_uplift_learner
def test_an_uplift_learner_finds_sleeping_dogs(name: str):
    effect, truth = predict(name, "harm").effect, experiment("harm").effects

    assert effect[truth < -0.1].mean() < 0 < effect[truth > 0.1].mean()


@pytest.mark.parametrize("name", ["response_linear", "response_boosted"])
def test_a_response_model_ranks_well_where_effects_are_in_proportion_to_response(name: str):
    assert experiment("proportional").share_of_best(predict(name, "proportional").effect) > 0.75


@pytest.mark.parametrize("name", ["risk_linear", "risk_boosted"])
def test_a_risk_model_ranks_by_falling_outcome_without_treatment(name: str):
    predicted = predict(name, "flag")

    assert np.corrcoef(predicted.effect, -predicted.without)[0, 1] == pytest.approx(1.0)


@every_learner
def test_a_stored_learner_predicts_the_same(name: str, tmp_path: Path):
    fit(name, "flag").dump().write(tmp_path)

    loaded = LEARNERS[name].load(Artifact.read(tmp_path)).predict(experiment("flag").features.values)

    assert loaded.effect == pytest.approx(predict(name, "flag").effect, abs=1e-12)
    assert loaded.without == pytest.approx(predict(name, "flag").without, abs=1e-12)


@every_learner
def test_the_same_seed_gives_the_same_effects(name: str):
    rows = rows_of(experiment("flag"))

    assert (LEARNERS[name]().fit(rows).predict(rows.values).effect == predict(name, "flag").effect).all()


@every_learner
def test_an_outcome_that_every_customer_has_gives_no_effect(name: str):
    rows = rows_of(experiment("none"))
    always = replace(rows, randomised=replace(rows.randomised, outcomes=np.ones(len(rows.values))))

    assert LEARNERS[name]().fit(always).predict(rows.values).effect == pytest.approx(0.0, abs=1e-9)


@every_learner
def test_amounts_scale_with_their_unit(name: str):
    rows = rows_of(experiment("flag"))
    money = replace(rows.randomised, outcomes=rows.randomised.outcomes * 40.0 + 10.0)
    in_cents = replace(money, outcomes=money.outcomes * 100.0)

    effects = [
        LEARNERS[name]().fit(replace(rows, randomised=one)).predict(rows.values).effect for one in (money, in_cents)
    ]

    assert effects[1] == pytest.approx(effects[0] * 100.0, rel=0.05, abs=100 * 0.3)


def test_every_treatment_gets_its_own_effect_and_a_band():
    simulated = experiment("harm")
    data = TreatmentData(simulated.features, simulated.rows)
    learners = {"voucher": LEARNERS["average_effect"](), "letter": LEARNERS["s_linear"]()}

    model = UpliftModel.fit(learners, {"voucher": data, "letter": data}, n_resamples=10)
    effects = model.effects(simulated.features)

    assert effects.treatments == ("voucher", "letter")
    assert np.ptp(effects.effect[:, 0]) == 0 < np.ptp(effects.effect[:, 1])
    assert ((effects.low < effects.effect) & (effects.effect < effects.high)).all()


def test_only_customers_who_would_be_harmed_are_never_sent_an_offer():
    simulated = experiment("harm")
    model = UpliftModel.fit(
        {"letter": LEARNERS["s_linear"]()}, {"letter": TreatmentData(simulated.features, simulated.rows)}
    )

    never = model.effects(simulated.features).never_send[:, 0]

    assert 0.2 < never.mean() < 0.6
    assert (simulated.effects[never] < 0).mean() > 0.95


def test_most_bands_cover_the_true_effect():
    simulated = experiment("flag")
    model = UpliftModel.fit(
        {"letter": LEARNERS["t_linear"]()}, {"letter": TreatmentData(simulated.features, simulated.rows)}
    )

    effects = model.effects(simulated.features)
    covered = (effects.low[:, 0] <= simulated.effects) & (simulated.effects <= effects.high[:, 0])

    assert covered.mean() > 0.75


def test_a_stored_model_gives_the_same_effects(tmp_path: Path):
    simulated = experiment("flag")
    data = TreatmentData(simulated.features, simulated.rows)
    learners = {"a": LEARNERS["blend"](), "b": LEARNERS["x_linear"]()}
    model = UpliftModel.fit(learners, {"a": data, "b": data}, n_resamples=2)
    model.to_artifact().write(tmp_path)

    one, other = (
        each.effects(simulated.features) for each in (model, UpliftModel.from_artifact(Artifact.read(tmp_path)))
    )

    for name in ("effect", "low", "high", "without"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-12)


def test_too_few_conversions_are_refused_with_their_number():
    simulated = simulate_experiment("none", n=300, base_rate=0.02, seed=1)
    data = TreatmentData(simulated.features, simulated.rows)

    with pytest.raises(NotEnoughHistory, match=r"letter: of \d+ treated customers \d had the outcome"):
        UpliftModel.fit({"letter": LEARNERS["average_effect"]()}, {"letter": data})


def test_unequal_propensities_do_not_bias_the_effect():
    # Likely buyers are treated four times as often; a comparison of means would call that an effect.
    simulated = experiment("none")
    random = np.random.default_rng(0)
    likely = simulated.without > np.median(simulated.without)
    propensities = np.where(likely, 0.8, 0.2)
    rows = RandomisedRows(
        customer_ids=simulated.rows.customer_ids,
        treated=random.random(4_000) < propensities,
        outcomes=(random.random(4_000) < simulated.without).astype(np.float64),
        propensities=propensities,
    )
    treatment = treatment_rows(TreatmentData(simulated.features, rows), simulated.features.columns)

    for name in ("average_effect", "dr_linear", "t_linear"):
        assert LEARNERS[name]().fit(treatment).predict(treatment.values).effect.mean() == pytest.approx(0.0, abs=0.03)
