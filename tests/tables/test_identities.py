"""People roll up to their account if the account is the customer; aliases are tested in `test_tables.py`."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.errors import DataError
from features.cohort import select_cohort
from tables.tables import Tables
from tests.featured import features_at
from tests.worlds import config, frame, shop


def usage_row(who: str, when: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": who, "event_time": when, "event": "login", "role": "member", **more}


def firm(*events: dict[str, Any], people: Any = None, accounts: Any = None, spans: Any = None) -> Tables:
    people = people or frame(
        {"customer_id": "ada", "account_id": "acme"}, {"customer_id": "bo", "account_id": "acme"},
        {"customer_id": "cyd", "account_id": None},
    )  # fmt: skip
    paid = {
        "customer_id": "acme",
        "subscription_id": "s",
        "plan": "pro",
        "mrr": 9.0,
        "started_at": "2023-01-01",
        "seats": 4,
    }
    return shop(
        settings=config(customer="account", attributes={"accounts": ("industry",)}),
        usage=frame(usage_row("old", "2020-01-01"), *events),
        customers=people,
        accounts=accounts or frame({"account_id": "acme", "industry": "tea", "valid_from": "2023-01-01"}),
        subscriptions=spans or frame(paid),
    )


def test_usage_of_people_counts_for_their_account():
    tables = firm(
        usage_row("ada", "2024-03-01"), usage_row("bo", "2024-03-02"), usage_row("bo", "2024-03-03", role="admin")
    )

    features = features_at(tables, "acme")

    assert (features.column("usage_events_30d")[0], features.column("active_people_30d")[0]) == (3, 2)
    assert features.column("active_seat_share_30d")[0] == 0.5
    assert features.column("days_since_admin_usage")[0] == 5


def test_subscriptions_without_seats_have_those_of_the_account_once():
    sized = {"account_id": "acme", "industry": "tea"}
    accounts = frame(
        {**sized, "seats": 8, "valid_from": "2023-01-01"}, {**sized, "seats": 99, "valid_from": "2024-03-08"}
    )
    began = {"customer_id": "acme", "plan": "pro", "mrr": 9.0, "ended_at": None}
    spans = frame(
        {**began, "subscription_id": "s", "started_at": "2023-01-01"},
        {**began, "subscription_id": "t", "started_at": "2023-06-01"},
        {**began, "subscription_id": "u", "started_at": "2024-01-01", "ended_at": "2024-02-01"},
    )

    features = features_at(firm(usage_row("ada", "2024-03-01"), accounts=accounts, spans=spans), "acme")

    assert (features.column("seats_now")[0], features.column("active_seat_share_30d")[0]) == (8, 1 / 8)


def test_an_account_has_its_own_attributes():
    features = features_at(firm(usage_row("ada", "2024-03-01")), "acme")

    assert features.vocabularies["account_industry"] == ("tea",)
    assert features.column("account_industry")[0] == 0


def test_the_cohort_has_accounts_and_people_without_one():
    tables = firm(usage_row("ada", "2024-03-01"), usage_row("cyd", "2024-03-02"))

    assert select_cohort(tables, [date(2024, 3, 8)]).customer_ids.tolist() == ["acme", "cyd"]


def test_usage_counts_for_the_account_at_the_time():
    people = frame(
        {"customer_id": "ada", "account_id": "acme", "valid_from": "2023-01-01"},
        {"customer_id": "ada", "account_id": "zeta", "valid_from": "2024-03-08"},
    )

    assert features_at(firm(usage_row("ada", "2024-03-01"), people=people), "acme").column("usage_events_30d")[0] == 1


def test_a_missing_account_id_is_an_error_that_names_the_column():
    tables = firm(usage_row("ada", "2024-03-01"), people=frame({"customer_id": "ada", "role": "admin"}))

    with pytest.raises(DataError, match="needs the column account_id in customers"):
        tables.latest()
