"""Laws that every hazard model keeps, in worlds whose hazards are known."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from core.errors import BadInput, DataError, NotEnoughHistory
from models.artifact import Artifact
from models.churn.logistic import Logistic
from models.hazard.hazard import Hazard
from models.hazard.hazard_models import HAZARD_MODELS, LogisticHazard
from tests.models.hazard.lifetime_worlds import FOLLOWED, coin_toss, subscribers, true_risk, world

HORIZONS = (7, 30, 45, 90, 200, 360)

every_hazard = pytest.mark.parametrize("name", list(HAZARD_MODELS))
every_learner = pytest.mark.parametrize("name", ["logistic_hazard", "boosted_hazard"])


def model(name: str, **settings: int) -> Hazard:
    return HAZARD_MODELS[name](seed=1, **settings)


@pytest.fixture(scope="module")
def fitted() -> dict[str, Hazard]:
    return {name: model(name).fit(*world(2500, observed_days=(60, 400))) for name in HAZARD_MODELS}


@every_hazard
def test_churn_never_falls_as_the_horizon_grows(name, fitted):
    features = subscribers(50, seed=3)

    risks = np.array([fitted[name].score(features, days).value for days in HORIZONS])

    assert (np.diff(risks, axis=0) > 0).all()
    assert ((risks > 0) & (risks < 1)).all()


@every_learner
@pytest.mark.parametrize("days", [30, 90, 360])
def test_finds_the_risk_of_each_plan_though_most_were_not_followed_to_the_end(name, days, fitted):
    features = subscribers(400, seed=3)

    found = fitted[name].score(features, days).value

    for plan in (0, 1):
        rows = features.column("main_plan") == plan
        assert found[rows].mean() == pytest.approx(true_risk(features, days)[rows].mean(), abs=0.05)


def test_the_life_table_says_the_mean_of_everybody(fitted):
    features = subscribers(1000, seed=3)

    found = fitted["kaplan_meier"].score(features, 30).value

    assert np.ptp(found) == 0
    assert found[0] == pytest.approx(true_risk(features, 30).mean(), abs=0.02)


@every_hazard
def test_risks_by_cause_add_up_to_the_whole_at_any_day(name, fitted):
    curves = fitted[name].curves(subscribers(50, seed=3))

    assert curves.causes == ("price", "support")
    for days in HORIZONS:
        np.testing.assert_allclose(curves.causes_at(days).sum(axis=1), curves.at(days), rtol=1e-9)


@every_learner
def test_each_plan_has_its_own_mix_of_causes(name, fitted):
    features = subscribers(400, seed=3)
    curves, plan = fitted[name].curves(features), features.column("main_plan")

    price = curves.causes_at(FOLLOWED)[:, 0] / curves.at(FOLLOWED)

    assert price[plan == 0].mean() == pytest.approx(0.8, abs=0.06)
    assert price[plan == 1].mean() == pytest.approx(0.3, abs=0.08)


def test_without_stated_causes_there_is_the_whole_alone():
    features, outcomes = world(300)
    unstated = outcomes.take(np.arange(300))
    unstated.cause[:] = ""

    assert model("logistic_hazard").fit(features, unstated).curves(features).causes == ()


@every_learner
def test_where_plans_leave_alike_a_plan_makes_no_difference(name):
    features = subscribers(400, seed=3)
    plan = features.column("main_plan")

    found = model(name).fit(*coin_toss(2500)).score(features, 90).value

    assert abs(found[plan == 0].mean() - found[plan == 1].mean()) < 0.04


@every_hazard
def test_save_and_load_give_the_same_curves(name, fitted, tmp_path: Path):
    features = subscribers(60, seed=3)

    fitted[name].to_artifact().write(tmp_path)
    loaded = HAZARD_MODELS[name].from_artifact(Artifact.read(tmp_path, mapped=True))

    before, after = (one.curves(features) for one in (fitted[name], loaded))
    np.testing.assert_array_equal(before.risk, after.risk)
    np.testing.assert_array_equal(before.by_cause, after.by_cause)
    assert loaded.reasons(features) == fitted[name].reasons(features)
    assert loaded.settings == fitted[name].settings
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".npy", ".txt"}


@every_hazard
def test_the_same_settings_and_rows_give_the_same_model(name):
    features, outcomes = world(400)
    first, second = (model(name).fit(features, outcomes).score(features, 90).value for _ in range(2))

    np.testing.assert_array_equal(first, second)


@every_hazard
def test_columns_are_found_by_name_in_any_order(name, fitted):
    features = subscribers(60, seed=3)
    shuffled = features.select(features.names[::-1])

    first, second = (fitted[name].score(one, 45).value for one in (features, shuffled))
    np.testing.assert_array_equal(first, second)


@every_hazard
def test_one_customer_alone_scores_as_among_others(name, fitted):
    features = subscribers(60, seed=3)

    alone = fitted[name].score(features.take(np.array([7])), 45)

    assert alone.value[0] == pytest.approx(fitted[name].score(features, 45).value[7], rel=1e-12)


@every_hazard
@pytest.mark.parametrize("days", [0, -1, FOLLOWED + 1])
def test_a_horizon_beyond_what_was_learnt_is_refused(name, days, fitted):
    with pytest.raises(BadInput, match=f"answers for 1 to 360 days, not for {days}"):
        fitted[name].score(subscribers(5, seed=3), days)


@every_learner
def test_a_missing_column_is_named(name, fitted):
    with pytest.raises(DataError, match="main_plan"):
        fitted[name].score(subscribers(5, seed=3).select(["mrr_now"]), 30)


@every_learner
def test_the_plan_is_what_matters_most_and_is_given_as_a_reason(name, fitted):
    features = subscribers(30, seed=3)

    assert next(iter(fitted[name].importance(features))) in ("main_plan", "mrr_now")
    assert {reasons[0].code for reasons in fitted[name].reasons(features)} == {"subscription"}


@every_hazard
def test_nothing_is_learnt_from_who_was_not_followed_for_a_period(name):
    features, outcomes = world(50)

    with pytest.raises(NotEnoughHistory, match="whole period of 30 days"):
        model(name).fit(features, outcomes.known_at(outcomes.cutoffs[0] + 29))


@every_hazard
def test_no_customers_get_no_scores(name, fitted):
    nobody = subscribers(5, seed=3).take(np.zeros(5, dtype=bool))

    assert len(fitted[name].score(nobody, 30)) == 0
    assert fitted[name].reasons(nobody) == []


@every_hazard
def test_a_fit_on_a_sample_of_customers_says_about_the_same(name):
    features, outcomes = world(1500)

    found = model(name, most_person_periods=5000).fit(features, outcomes).score(features, 90).value

    assert found.mean() == pytest.approx(true_risk(features, 90).mean(), abs=0.06)


def test_the_penalty_of_a_logistic_hazard_grows_with_its_columns_and_never_drowns_few_departures():
    few, many = (LogisticHazard().fit(*world(n)) for n in (60, 2500))
    strengths = [cast(Logistic, one.make_part()).regularization for one in (few, many)]

    assert strengths == [2.0 * few.n_departures_, 30.0 * len(many.columns_)]
    assert few.n_departures_ * 2.0 < 30.0 * len(few.columns_)
