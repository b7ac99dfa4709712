"""Scores for any horizon and survival curves, from the hazard part of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import churn_part, hazard_part, publish, sample_release

CHURN = "/v1/churn/score"


def score(send: Send, *customer_ids: str, **fields: Any) -> dict[str, Any]:
    response = send("POST", CHURN, json={"customer_ids": list(customer_ids), **fields})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(("days", "risk"), [(30, 0.2), (45, 1 - 0.8**1.5), (120, 1 - 0.8**4)])
def test_any_horizon_up_to_the_end_of_the_curve_is_answered_from_it(send: Send, days: int, risk: float):
    response = score(send, "ada", horizon_days=days)

    assert response["horizon_days"] == days
    assert response["model"]["name"] == "kizuna.shop.hazard"
    assert response["scores"][0]["churn_probability"] == pytest.approx(risk)
    assert (response["scores"][0]["low"], "curve" in response["scores"][0]) == (None, False)


def test_without_a_horizon_the_churn_model_answers_for_its_own(send: Send):
    response = score(send, "ada")

    assert response["horizon_days"] == 90
    assert (response["model"]["name"], response["scores"][0]["churn_probability"]) == ("kizuna.shop.churn", 0.5)
    assert "curve" not in response["scores"][0]


def test_the_probability_never_decreases_as_the_horizon_passes_that_of_the_churn_model(send: Send):
    risks = [score(send, "ada", horizon_days=days)["scores"][0]["churn_probability"] for days in range(85, 96)]

    assert risks == sorted(risks)
    assert risks[5] == pytest.approx(score(send, "ada", curve=True)["scores"][0]["churn_probability"])


def test_the_risk_level_follows_the_horizon(send: Send):
    levels = [score(send, "ada", horizon_days=days)["scores"][0]["risk_level"] for days in (30, 60, 120)]

    assert levels == ["low", "medium", "medium"]


def test_a_curve_never_decreases_and_its_causes_add_up(send: Send):
    response = score(send, "ada", "cyd", curve=True)
    curve = response["scores"][0]["curve"]

    assert curve["days"] == [30, 60, 90, 120]
    assert curve["churn_probability"] == pytest.approx([0.2, 0.36, 0.488, 0.5904])
    assert np.sum(list(curve["by_cause"].values()), axis=0) == pytest.approx(curve["churn_probability"])
    assert response["scores"][1]["curve"]["by_cause"]["support"] == [0.0] * 4
    assert response["scores"][0]["churn_probability"] == pytest.approx(curve["churn_probability"][2])


def test_expected_months_and_revenue_follow_from_the_curve(send: Send):
    ada, bo = (each["curve"] for each in score(send, "ada", "bo", curve=True)["scores"])

    assert 0 < ada["months_within"] < ada["expected_months"] < bo["expected_months"]
    assert ada["expected_revenue"] == pytest.approx(50 * ada["expected_months"])
    assert bo["expected_revenue"] is None


def test_a_horizon_beyond_the_curves_is_refused_with_their_end(send: Send):
    response = send("POST", CHURN, json={"customer_ids": ["ada"], "horizon_days": 121})

    assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
    assert response.json()["type"] == "urn:kizuna:problem:horizon-too-long"
    assert response.json()["detail"] == "the curves end after 120 days"


@pytest.mark.parametrize("field", [{"horizon_days": 0}, {"horizon_days": 1.5}, {"horizon_days": "90"}, {"curve": 1}])
def test_an_invalid_horizon_is_refused(send: Send, field: dict[str, Any]):
    response = send("POST", CHURN, json={"customer_ids": ["ada"], **field})

    assert (response.status_code, response.json()["type"]) == (422, "urn:kizuna:problem:invalid-request")


@pytest.mark.parametrize("field", [{"horizon_days": 30}, {"curve": True}])
def test_without_curves_in_the_release_the_error_names_the_horizon_of_the_scores(tmp_path: Path, field: dict[str, Any]):
    publish(tmp_path, sample_release(without=("hazard",)))
    send = client_for(open_api(tmp_path))

    response = send("POST", CHURN, json={"customer_ids": ["ada"], **field})

    assert (response.status_code, response.json()["type"]) == (409, "urn:kizuna:problem:model-not-released")
    assert "scores are for 90 days only: its churn is random" in response.json()["detail"]
    assert score(send, "ada", horizon_days=90)["scores"][0]["churn_probability"] == 0.5


def test_unknown_customers_and_those_who_opted_out_have_no_curve(send: Send):
    without_ada = hazard_part(opted_out=np.array(["ada"]))

    assert score(send, "unknown", curve=True)["scores"] == [{"status": "not_found", "customer_id": "unknown"}]
    assert without_ada.index.find("ada") == -1
    assert (len(without_ada.curves), churn_part(np.array(["ada"])).n_excluded) == (2, 1)


def test_curves_are_read_as_they_were_written():
    part = hazard_part()
    again = type(part).from_artifacts(part.to_artifacts())

    np.testing.assert_array_equal(again.curves.risk, part.curves.risk)
    assert (again.curves.causes, again.risk_levels) == (part.curves.causes, part.risk_levels)
