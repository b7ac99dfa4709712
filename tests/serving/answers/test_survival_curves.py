"""What is answered for any horizon, and when customers will leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.serving.conftest import Ask, asker, face_on
from tests.serving.hand_made import churn_part, hand_made, hazard_part, put_in_force

CHURN = "/v1/churn/score"


def scored(ask: Ask, *customer_ids: str, **more: Any) -> dict[str, Any]:
    answer = ask("POST", CHURN, json={"customer_ids": list(customer_ids), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("days", "risk"), [(30, 0.2), (45, 1 - 0.8**1.5), (120, 1 - 0.8**4)])
def test_any_horizon_up_to_the_end_of_the_curve_is_answered_from_it(ask: Ask, days: int, risk: float):
    told = scored(ask, "ada", horizon_days=days)

    assert told["horizon_days"] == days
    assert told["model"]["name"] == "kizuna.shop.hazard"
    assert told["scores"][0]["churn_probability"] == pytest.approx(risk)
    assert (told["scores"][0]["low"], "curve" in told["scores"][0]) == (None, False)


def test_where_no_horizon_is_stated_the_churn_model_answers_for_its_own(ask: Ask):
    plain = scored(ask, "ada")

    assert plain["horizon_days"] == 90
    assert (plain["model"]["name"], plain["scores"][0]["churn_probability"]) == ("kizuna.shop.churn", 0.5)
    assert "curve" not in plain["scores"][0]


def test_the_risk_never_falls_as_the_horizon_grows_past_the_churn_models_own(ask: Ask):
    risks = [scored(ask, "ada", horizon_days=days)["scores"][0]["churn_probability"] for days in range(85, 96)]

    assert risks == sorted(risks)
    assert risks[5] == pytest.approx(scored(ask, "ada", curve=True)["scores"][0]["churn_probability"])


def test_the_tier_goes_with_the_horizon(ask: Ask):
    tiers = [scored(ask, "ada", horizon_days=days)["scores"][0]["risk_level"] for days in (30, 60, 120)]

    assert tiers == ["low", "medium", "medium"]


def test_a_curve_never_falls_and_its_causes_add_up(ask: Ask):
    told = scored(ask, "ada", "cyd", curve=True)
    curve = told["scores"][0]["curve"]

    assert curve["days"] == [30, 60, 90, 120]
    assert curve["churn_probability"] == pytest.approx([0.2, 0.36, 0.488, 0.5904])
    assert np.sum(list(curve["by_cause"].values()), axis=0) == pytest.approx(curve["churn_probability"])
    assert told["scores"][1]["curve"]["by_cause"]["support"] == [0.0] * 4
    assert told["scores"][0]["churn_probability"] == pytest.approx(curve["churn_probability"][2])


def test_expected_months_and_revenue_follow_from_the_curve(ask: Ask):
    ada, bo = (each["curve"] for each in scored(ask, "ada", "bo", curve=True)["scores"])

    assert 0 < ada["months_within"] < ada["expected_months"] < bo["expected_months"]
    assert ada["expected_revenue"] == pytest.approx(50 * ada["expected_months"])
    assert bo["expected_revenue"] is None


def test_beyond_the_end_of_the_curves_the_end_is_named(ask: Ask):
    answer = ask("POST", CHURN, json={"customer_ids": ["ada"], "horizon_days": 121})

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["type"] == "urn:kizuna:problem:horizon-not-learnt"
    assert answer.json()["detail"] == "The curves end after 120 days"


@pytest.mark.parametrize("wrong", [{"horizon_days": 0}, {"horizon_days": 1.5}, {"horizon_days": "90"}, {"curve": 1}])
def test_what_is_no_horizon_is_refused(ask: Ask, wrong: dict[str, Any]):
    answer = ask("POST", CHURN, json={"customer_ids": ["ada"], **wrong})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:kizuna:problem:invalid-request")


@pytest.mark.parametrize("asked", [{"horizon_days": 30}, {"curve": True}])
def test_a_release_without_curves_says_which_horizon_it_answers_for(tmp_path: Path, asked: dict[str, Any]):
    put_in_force(tmp_path, hand_made(without=("hazard",)))
    ask = asker(face_on(tmp_path))

    refused = ask("POST", CHURN, json={"customer_ids": ["ada"], **asked})

    assert (refused.status_code, refused.json()["type"]) == (503, "urn:kizuna:problem:model-not-released")
    assert "answers for 90 days only: its churn is a coin toss" in refused.json()["detail"]
    assert scored(ask, "ada", horizon_days=90)["scores"][0]["churn_probability"] == 0.5


def test_unknown_customers_and_those_who_refused_have_no_curve(ask: Ask):
    without = hazard_part(refused=np.array(["ada"]))

    assert scored(ask, "nobody", curve=True)["scores"] == [{"status": "not_found", "customer_id": "nobody"}]
    assert without.index.find("ada") == -1
    assert (len(without.curves), churn_part(np.array(["ada"])).n_left_out) == (2, 1)


def test_curves_come_back_from_disk_as_they_were():
    part = hazard_part()
    back = type(part).from_artifact(part.to_artifact())

    np.testing.assert_array_equal(back.curves.risk, part.curves.risk)
    assert (back.curves.causes, back.risk_levels) == (part.curves.causes, part.risk_levels)
