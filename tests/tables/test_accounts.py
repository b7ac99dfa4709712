"""People roll up to their accounts where the account is the customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.errors import DataError
from features.cohort import select_cohort
from tables.tables import Tables
from tests.featured import features_at
from tests.worlds import config, frame, shop


def used(who: str, when: str, **more: Any) -> dict[str, Any]:
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
        usage=frame(used("old", "2020-01-01"), *events),
        customers=people,
        accounts=accounts or frame({"account_id": "acme", "industry": "tea", "valid_from": "2023-01-01"}),
        subscriptions=spans or frame(paid),
    )


def test_what_people_do_their_account_does():
    known = firm(used("ada", "2024-03-01"), used("bo", "2024-03-02"), used("bo", "2024-03-03", role="admin"))

    found = features_at(known, "acme")

    assert (found.column("usage_events_30d")[0], found.column("active_people_30d")[0]) == (3, 2)
    assert found.column("active_seat_share_30d")[0] == 0.5
    assert found.column("days_since_admin_usage")[0] == 5


def test_seats_that_spans_do_not_say_are_those_of_the_account_and_counted_once():
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

    found = features_at(firm(used("ada", "2024-03-01"), accounts=accounts, spans=spans), "acme")

    assert (found.column("seats_now")[0], found.column("active_seat_share_30d")[0]) == (8, 1 / 8)


def test_an_account_is_described_by_its_own_attributes():
    found = features_at(firm(used("ada", "2024-03-01")), "acme")

    assert found.vocabularies["account_industry"] == ("tea",)
    assert found.column("account_industry")[0] == 0


def test_the_cohort_is_of_accounts_and_of_people_without_one():
    known = firm(used("ada", "2024-03-01"), used("cyd", "2024-03-02"))

    assert select_cohort(known, [date(2024, 3, 8)]).customer_ids.tolist() == ["acme", "cyd"]


def test_who_changes_firms_counts_where_they_were():
    people = frame(
        {"customer_id": "ada", "account_id": "acme", "valid_from": "2023-01-01"},
        {"customer_id": "ada", "account_id": "zeta", "valid_from": "2024-03-08"},
    )

    assert features_at(firm(used("ada", "2024-03-01"), people=people), "acme").column("usage_events_30d")[0] == 1


def test_without_the_account_of_people_it_says_what_to_map():
    known = firm(used("ada", "2024-03-01"), people=frame({"customer_id": "ada", "role": "admin"}))

    with pytest.raises(DataError, match="needs the column account_id in customers"):
        known.latest()
