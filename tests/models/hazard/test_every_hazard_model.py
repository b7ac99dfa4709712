"""Laws that every hazard model keeps, tested on simulated customers with known hazards."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from core.errors import BadInput, DataError, NotEnoughHistory
from core.model_kinds import HAZARD
from models.artifact import Artifact
from models.churn.logistic import Logistic
from models.hazard.hazard import HAZARD_MODELS, Hazard
from models.hazard.logistic_hazard import LogisticHazard
from tests.models.hazard.lifetime_worlds import OBSERVED_DAYS, coin_toss, subscribers, true_risk, world

HORIZONS = (7, 30, 45, 90, 200, 360)

every_hazard = pytest.mark.parametrize("name", list(HAZARD_MODELS))
every_learner = pytest.mark.parametrize("name", [name for name in HAZARD_MODELS if name != HAZARD.constant_model])


def model(name: str, **settings: int) -> Hazard:
    return HAZARD_MODELS[name](seed=1, **settings)


@pytest.fixture(scope="module")
def models() -> dict[str, Hazard]:
    return {name: model(name).fit(*world(2500, observed_days=(60, 400))) for name in HAZARD_MODELS}


@every_hazard
def test_churn_never_falls_as_the_horizon_grows(name, models):
    features = subscribers(50, seed=3)

    risks = np.array([models[name].score(features, days).value for days in HORIZONS])

    assert (np.diff(risks, axis=0) > 0).all()
    assert ((risks > 0) & (risks < 1)).all()


@every_learner
@pytest.mark.parametrize("days", [30, 90, 360])
def test_estimates_the_risk_of_each_plan_although_most_customers_are_censored(name, days, models):
    features = subscribers(400, seed=3)

    risk = models[name].score(features, days).value

    for plan in (0, 1):
        rows = features.column("main_plan") == plan
        assert risk[rows].mean() == pytest.approx(true_risk(features, days)[rows].mean(), abs=0.05)


def test_kaplan_meier_predicts_the_mean_for_every_customer(models):
    features = subscribers(1000, seed=3)

    risk = models["kaplan_meier"].score(features, 30).value

    assert np.ptp(risk) == 0
    assert risk[0] == pytest.approx(true_risk(features, 30).mean(), abs=0.02)


@every_hazard
def test_the_risks_by_cause_add_up_to_the_risk_of_churn_on_any_day(name, models):
    curves = models[name].curves(subscribers(50, seed=3))

    assert curves.causes == ("price", "support")
    for days in HORIZONS:
        np.testing.assert_allclose(curves.causes_at(days).sum(axis=1), curves.at(days), rtol=1e-9)


@every_learner
def test_each_plan_has_its_own_mix_of_causes(name, models):
    features = subscribers(400, seed=3)
    curves, plan = models[name].curves(features), features.column("main_plan")

    price = curves.causes_at(OBSERVED_DAYS)[:, 0] / curves.at(OBSERVED_DAYS)

    assert price[plan == 0].mean() == pytest.approx(0.8, abs=0.06)
    assert price[plan == 1].mean() == pytest.approx(0.3, abs=0.08)


def test_without_stated_causes_there_is_no_risk_by_cause():
    features, outcomes = world(300)
    unstated = outcomes.take(np.arange(300))
    unstated.cause[:] = ""

    assert model("logistic_hazard").fit(features, unstated).curves(features).causes == ()


@every_learner
def test_where_both_plans_have_the_same_hazard_the_plan_makes_no_difference(name):
    features = subscribers(400, seed=3)
    plan = features.column("main_plan")

    risk = model(name).fit(*coin_toss(2500)).score(features, 90).value

    assert abs(risk[plan == 0].mean() - risk[plan == 1].mean()) < 0.04


@every_hazard
def test_save_and_load_give_the_same_curves(name, models, tmp_path: Path):
    features = subscribers(60, seed=3)

    models[name].to_artifact().write(tmp_path)
    loaded = HAZARD_MODELS[name].from_artifact(Artifact.read(tmp_path, memory_map=True))

    before, after = (one.curves(features) for one in (models[name], loaded))
    np.testing.assert_array_equal(before.risk, after.risk)
    np.testing.assert_array_equal(before.by_cause, after.by_cause)
    assert loaded.reasons(features) == models[name].reasons(features)
    assert loaded.settings == models[name].settings
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".npy", ".txt"}


@every_hazard
def test_the_same_settings_and_rows_give_the_same_model(name):
    features, outcomes = world(400)
    first, second = (model(name).fit(features, outcomes).score(features, 90).value for _ in range(2))

    np.testing.assert_array_equal(first, second)


@every_hazard
def test_columns_are_found_by_name_in_any_order(name, models):
    features = subscribers(60, seed=3)
    shuffled = features.select(features.names[::-1])

    first, second = (models[name].score(one, 45).value for one in (features, shuffled))
    np.testing.assert_array_equal(first, second)


@every_hazard
def test_one_customer_alone_scores_as_among_others(name, models):
    features = subscribers(60, seed=3)

    alone = models[name].score(features.take(np.array([7])), 45)

    assert alone.value[0] == pytest.approx(models[name].score(features, 45).value[7], rel=1e-12)


@every_hazard
@pytest.mark.parametrize("days", [0, -1, OBSERVED_DAYS + 1])
def test_a_horizon_beyond_the_fitted_one_is_refused(name, days, models):
    with pytest.raises(BadInput, match=f"scores horizons of 1 to 360 days, not of {days}"):
        models[name].score(subscribers(5, seed=3), days)


@every_learner
def test_a_missing_column_is_named(name, models):
    with pytest.raises(DataError, match="main_plan"):
        models[name].score(subscribers(5, seed=3).select(["mrr_now"]), 30)


@every_learner
def test_the_plan_is_the_most_important_feature_and_a_reason(name, models):
    features = subscribers(30, seed=3)

    assert next(iter(models[name].importance(features))) in ("main_plan", "mrr_now")
    assert {reasons[0].code for reasons in models[name].reasons(features)} == {"subscription"}


@every_hazard
def test_customers_observed_for_less_than_a_period_are_too_little_to_fit(name):
    features, outcomes = world(50)

    with pytest.raises(NotEnoughHistory, match="whole period of 30 days"):
        model(name).fit(features, outcomes.censor(outcomes.cutoffs[0] + 29))


@every_hazard
def test_no_customers_get_no_scores(name, models):
    no_customers = subscribers(5, seed=3).take(np.zeros(5, dtype=bool))

    assert len(models[name].score(no_customers, 30)) == 0
    assert models[name].reasons(no_customers) == []


@every_hazard
def test_a_fit_on_a_sample_of_customers_gives_similar_risks(name):
    features, outcomes = world(1500)

    risk = model(name, max_person_periods=5000).fit(features, outcomes).score(features, 90).value

    assert risk.mean() == pytest.approx(true_risk(features, 90).mean(), abs=0.06)


def test_the_penalty_of_a_logistic_hazard_grows_with_its_columns_up_to_a_limit_by_churned_periods():
    few, many = (LogisticHazard().fit(*world(n)) for n in (60, 2500))
    penalties = [cast(Logistic, one.create_period_model()).regularization for one in (few, many)]

    assert penalties == [2.0 * few.n_churned_, 30.0 * len(many.columns_)]
    assert few.n_churned_ * 2.0 < 30.0 * len(few.columns_)
