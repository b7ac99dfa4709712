"""One customer's page and the segments, at the counter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from serving.release.customer_part import Statements
from tests.serving.conftest import Ask, asker, face_on
from tests.serving.hand_made import churn_part, hand_made, put_in_force, recommender_part, segment_part


def test_the_page_holds_everything_known_of_a_customer(ask: Ask):
    page = ask("GET", "/v1/customers/ada?k=1").json()

    assert page["figures"] == {
        "recency_days": 2.0, "frequency": None, "revenue_365d": 100.0, "mrr": None, "tenure_days": None,
    }  # fmt: skip
    assert (page["attributes"], page["customer_tier"], page["segments"]) == (
        {"town": "Osaka"},
        "gold",
        ["often", "key"],
    )
    assert (page["churn"]["churn_probability"], page["churn"]["risk_level"], page["health"]) == (0.5, "medium", 50.0)
    assert page["churn"]["reasons"][0]["code"] == "recency"
    assert len(page["recommendations"]) == 1
    assert (page["refused"], page["missing"], page["is_customer"]) == ([], {}, True)


def test_the_page_recommends_what_the_counter_does(ask: Ask):
    page = ask("GET", "/v1/customers/bo?k=2").json()

    assert (
        page["recommendations"]
        == ask("POST", "/v1/recommendations", json={"customer_id": "bo", "k": 2}).json()["items"]
    )


@pytest.mark.parametrize("nobody", ["nobody", "%E7%B5%86", "a%2Fb"])
def test_an_unknown_customer_has_no_page(ask: Ask, nobody: str):
    answer = ask("GET", f"/v1/customers/{nobody}")

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:kizuna:problem:unknown-customer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert nobody not in answer.text


def test_who_refused_is_shown_as_such_and_nothing_of_theirs_is_used(tmp_path: Path):
    no = np.array(["ada"])
    release = replace(
        hand_made(),
        churn=churn_part(refused=no),
        recommender=recommender_part(said=Statements(refused_recommending=no)),
        segments=segment_part({"score": no, "recommend": no, "contact": np.array(["zed"])}),
    )
    put_in_force(tmp_path, release)

    page = asker(face_on(tmp_path))("GET", "/v1/customers/ada").json()

    assert page["refused"] == ["score", "recommend"]
    assert (page["churn"]["status"], page["health"]) == ("no_consent", None)
    assert page["not_personalised_because"].startswith("the customer refused")
    assert {item["stage"] for item in page["recommendations"]} == {"popularity"}
    assert asker(face_on(tmp_path))("GET", "/v1/customers/zed").json()["refused"] == ["contact"]


def test_who_is_no_customer_any_more_still_has_a_page(tmp_path: Path):
    release = hand_made(without=("segments",))
    put_in_force(tmp_path, release)
    ask = asker(face_on(tmp_path))

    page = ask("GET", "/v1/customers/bo").json()

    assert (page["is_customer"], page["customer_tier"], page["segments"]) == (False, None, [])
    assert page["missing"] == {"segments": "its churn is a coin toss"}
    assert ask("GET", "/v1/segments").status_code == 503


def test_without_models_the_facts_remain(tmp_path: Path):
    put_in_force(tmp_path, hand_made(without=("churn", "recommender")))

    page = asker(face_on(tmp_path))("GET", "/v1/customers/ada").json()

    assert (page["churn"], page["health"], page["recommendations"]) == (None, None, [])
    assert page["figures"]["recency_days"] == 2.0


def test_segments_come_with_size_value_risk_health_and_measure(ask: Ask):
    answer = ask("GET", "/v1/segments").json()

    often, key = answer["segments"]
    assert (answer["customers"], answer["value_kind"], answer["currency"]) == (3, "revenue_365d", "JPY")
    assert (often["name"], often["customers"], often["action"]) == ("often", 2, "early access")
    assert often["risk"]["value"] == pytest.approx(0.3)
    assert often["expected_loss"]["value"] == pytest.approx(50)
    assert (key["value"], key["value_share"], key["health"]["value"]) == (100.0, pytest.approx(100 / 110), 50.0)
    assert [customer_tier["name"] for customer_tier in answer["customer_tiers"]] == ["gold"]


def test_what_was_written_of_segments_is_read_again():
    part = segment_part({"score": np.array(["ada"])})

    again = type(part).from_artifact(part.to_artifact())

    assert msgspec.json.encode(again.segments) == msgspec.json.encode(part.segments)
    row = again.index.find("cyd")
    assert (again.customer_tier_of(row), again.segments_of(row), again.facts_of(row)) == (None, [], part.facts_of(row))
    assert again.refused_by("ada") == ["score"]


def test_the_page_tells_when_they_will_leave_and_what_is_to_be_done(ask: Ask):
    page = ask("GET", "/v1/customers/ada").json()
    asked = {"customer_ids": ["ada"], "horizon_days": 60, "curve": True}

    assert page["curve"] == ask("POST", "/v1/churn/score", json=asked).json()["scores"][0]["curve"]
    assert page["tasks"] == []
