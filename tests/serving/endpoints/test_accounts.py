"""POST /v1/accounts/score and GET /v1/segments/{name}/customers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import publish, sample_release, segment_part


def test_an_account_s_risk_is_that_of_its_customers_weighted_by_value(send: Send):
    response = send("POST", "/v1/accounts/score", json={"account_ids": ["acme", "cold", "none"]}).json()

    acme, cold, none = response["accounts"]
    account = acme["account"]
    # Ada is worth 1,000 and Bo's value is unknown, so Ada's probability of 0.5 is the account's.
    assert (account["churn_probability"], account["risk_level"], account["customers"]) == (0.5, "medium", 2)
    assert (account["value"], account["expected_loss"], account["owner"]) == (1000.0, 500.0, "mori")
    assert (account["highest_customer_id"], account["highest_probability"]) == ("ada", 0.5)
    assert [(reason["code"], reason["customer_id"], reason["direction"]) for reason in account["reasons"]] == [
        ("recency", "ada", "up")
    ]
    assert (cold, none["status"]) == ({"status": "no_consent", "account_id": "cold"}, "not_found")
    assert (response["currency"], response["horizon_days"]) == ("JPY", 90)


def test_without_accounts_the_problem_says_why(tmp_path: Path):
    publish(tmp_path, replace(sample_release(), accounts=None))

    response = client_for(open_api(tmp_path))("POST", "/v1/accounts/score", json={"account_ids": ["acme"]})

    assert response.status_code == 409
    assert "no customer has an account_id" in response.json()["detail"]


def test_the_customers_of_a_segment_come_page_by_page(send: Send):
    first = send("GET", "/v1/segments/often/customers?limit=1").json()
    second = send("GET", f"/v1/segments/often/customers?limit=1&after={first['next_after']}").json()

    assert (first["segment"], first["action"], first["total"]) == ("often", "early access", 2)
    assert first["customers"] == [
        {
            "customer_id": "ada",
            "churn_probability": 0.5,
            "risk_level": "medium",
            "value": 1000.0,
            "owner": "mori",
            "contact_allowed": True,
        }
    ]
    assert [one["customer_id"] for one in second["customers"]] == ["bo"]
    assert (first["next_after"], second["next_after"]) == ("ada", None)


@pytest.mark.parametrize(("after", "expected"), [("aa", ["ada", "bo"]), ("b", ["bo"]), ("bo" * 9, []), ("zz", [])])
def test_a_page_may_follow_a_customer_who_is_no_longer_there(send: Send, after: str, expected: list[str]):
    page = send("GET", f"/v1/segments/often/customers?after={after}").json()

    assert [one["customer_id"] for one in page["customers"]] == expected


def test_a_customer_who_refused_contact_is_marked(tmp_path: Path):
    segments = segment_part(opted_out={"contact": np.array(["ada"])})
    publish(tmp_path, replace(sample_release(), segments=segments))

    page = client_for(open_api(tmp_path))("GET", "/v1/segments/gold/customers").json()

    assert [(one["customer_id"], one["contact_allowed"]) for one in page["customers"]] == [("ada", False)]


def test_an_unknown_segment_is_not_found_and_the_others_are_named(send: Send):
    response = send("GET", "/v1/segments/oftn/customers")

    assert (response.status_code, response.json()["type"]) == (404, "urn:kizuna:problem:unknown-segment")
    assert response.json()["detail"].endswith("often, key, gold")
