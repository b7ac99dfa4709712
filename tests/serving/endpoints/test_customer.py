"""GET /v1/customers/{customer_id} and GET /v1/segments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from serving.release.customer_part import RecordedProfiles
from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import churn_part, publish, recommender_part, sample_release, segment_part


def test_the_page_contains_everything_known_about_a_customer(send: Send):
    page = send("GET", "/v1/customers/ada?k=1").json()

    assert page["figures"] == {
        "recency_days": 2.0, "frequency": None, "revenue_365d": 100.0, "mrr": None, "tenure_days": None,
    }  # fmt: skip
    assert (page["attributes"], page["customer_tier"], page["segments"]) == (
        {"town": "Osaka"},
        "gold",
        ["often", "key"],
    )
    assert page["loyalty"] == {
        "points_balance": 300.0, "points_expiring_30d": None,
        "rank": "silver", "next_rank": None, "distance_to_next_rank": 2000.0, "rank_unit": None,
    }  # fmt: skip
    assert (page["churn"]["churn_probability"], page["churn"]["risk_level"], page["health"]) == (0.5, "medium", 50.0)
    assert page["churn"]["reasons"][0]["code"] == "recency"
    assert len(page["recommendations"]) == 1
    assert (page["refused"], page["missing"], page["is_customer"]) == ([], {}, True)


def test_the_page_shows_the_same_recommendations_as_their_own_route(send: Send):
    page = send("GET", "/v1/customers/bo?k=2").json()
    response = send("POST", "/v1/recommendations", json={"customer_id": "bo", "k": 2}).json()

    assert page["recommendations"] == response["items"]


@pytest.mark.parametrize("customer_id", ["ada@example.com", "%E7%B5%86", "a%2Fb"])
def test_an_unknown_customer_has_no_page(send: Send, customer_id: str):
    response = send("GET", f"/v1/customers/{customer_id}")

    assert (response.status_code, response.json()["type"]) == (404, "urn:kizuna:problem:unknown-customer")
    assert response.headers["content-type"] == "application/problem+json"
    assert customer_id not in response.text


def test_the_page_shows_opt_outs_and_uses_no_data_of_the_customer(tmp_path: Path):
    ada = np.array(["ada"])
    release = replace(
        sample_release(),
        churn=churn_part(opted_out=ada),
        retention=None,
        recommender=recommender_part(profiles=RecordedProfiles(declined_recommendations=ada)),
        segments=segment_part({"score": ada, "recommend": ada, "contact": np.array(["zed"])}),
    )
    publish(tmp_path, release)
    send = client_for(open_api(tmp_path))

    page = send("GET", "/v1/customers/ada").json()

    assert page["refused"] == ["score", "recommend"]
    assert (page["churn"]["status"], page["health"]) == ("no_consent", None)
    assert page["not_personalised_because"].startswith("the customer opted out")
    assert {item["stage"] for item in page["recommendations"]} == {"popularity"}
    assert send("GET", "/v1/customers/zed").json()["refused"] == ["contact"]


def test_a_former_customer_still_has_a_page(tmp_path: Path):
    publish(tmp_path, sample_release(without=("segments",)))
    send = client_for(open_api(tmp_path))

    page = send("GET", "/v1/customers/bo").json()

    assert (page["is_customer"], page["customer_tier"], page["segments"]) == (False, None, [])
    assert page["missing"] == {"segments": "its churn is random"}
    assert send("GET", "/v1/segments").status_code == 409


def test_without_models_the_page_still_shows_the_facts(tmp_path: Path):
    publish(tmp_path, sample_release(without=("churn", "recommender")))

    page = client_for(open_api(tmp_path))("GET", "/v1/customers/ada").json()

    assert (page["churn"], page["health"], page["recommendations"]) == (None, None, [])
    assert page["figures"]["recency_days"] == 2.0


def test_segments_have_size_value_risk_health_and_action(send: Send):
    response = send("GET", "/v1/segments").json()

    often, key = response["segments"]
    assert (response["customers"], response["value_kind"], response["currency"]) == (3, "revenue_365d", "JPY")
    assert (often["name"], often["customers"], often["action"]) == ("often", 2, "early access")
    assert often["risk"]["value"] == pytest.approx(0.3)
    assert often["expected_loss"]["value"] == pytest.approx(50)
    assert (key["value"], key["value_share"], key["health"]["value"]) == (100.0, pytest.approx(100 / 110), 50.0)
    assert [customer_tier["name"] for customer_tier in response["customer_tiers"]] == ["gold"]


def test_segments_are_read_as_they_were_written():
    part = segment_part({"score": np.array(["ada"])})

    again = type(part).from_artifacts(part.to_artifacts())

    assert msgspec.json.encode(again.segments) == msgspec.json.encode(part.segments)
    row = again.index.find("cyd")
    assert (again.customer_tier_of(row), again.segments_of(row), again.facts_of(row)) == (None, [], part.facts_of(row))
    assert again.opt_outs_of("ada") == ["score"]


def test_the_page_shows_the_survival_curve_and_open_tasks(send: Send):
    page = send("GET", "/v1/customers/ada").json()
    body = {"customer_ids": ["ada"], "horizon_days": 60, "curve": True}

    assert page["curve"] == send("POST", "/v1/churn/score", json=body).json()["scores"][0]["curve"]
    assert page["tasks"] == []
