"""Tickets, surveys, contacts and preferences, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

from core.feature_table import FeatureTable
from tests.featured import features_at
from tests.worlds import frame, shop

OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}


def ada(table: str, old: dict[str, Any], *rows: dict[str, Any]) -> FeatureTable:
    """Ada's features from rows of one table; 'old' has every column of it since 2020."""
    complete = [{**dict.fromkeys(old), "customer_id": "ada", **row} for row in rows]
    frames: dict[str, Any] = {table: frame({"customer_id": "old", **old}, *complete)}
    return features_at(shop(usage=frame(OLD), **frames), "ada")


TICKET = {
    "opened_at": "2020-01-01", "first_answered_at": "2020-01-01", "closed_at": "2020-01-02", "severity": "low",
    "topic": "bug", "satisfaction": 3.0,
}  # fmt: skip


def test_a_ticket_that_is_closed_later_is_open_and_its_rating_unknown():
    found = ada("tickets", TICKET, {"opened_at": "2024-03-01", "closed_at": "2024-03-09", "satisfaction": 1.0})

    assert (found.column("tickets_open")[0], found.column("oldest_open_ticket_days")[0]) == (1, 7)
    assert math.isnan(found.column("last_ticket_satisfaction")[0])


def test_slower_than_usual_shows_against_the_customers_own_history():
    found = ada(
        "tickets", TICKET,
        {"opened_at": "2023-01-01T08:00", "first_answered_at": "2023-01-01T10:00"},
        {"opened_at": "2024-03-01T08:00", "first_answered_at": "2024-03-01T14:00"},
    )  # fmt: skip

    assert (found.column("hours_to_answer_90d")[0], found.column("hours_to_answer_total")[0]) == (6, 4)
    assert found.column("hours_to_answer_vs_usual")[0] == 1.5


def test_tickets_are_told_apart_by_severity_and_topic():
    rows = [
        {"opened_at": "2024-03-01", "severity": "high", "topic": "price"},
        {"opened_at": "2024-03-02", "severity": "high"},
    ]

    found = ada("tickets", TICKET, *rows)

    assert (found.column("tickets_severity_high_90d")[0], found.column("tickets_topic_price_90d")[0]) == (2, 1)


def test_the_last_rated_ticket_is_the_newest_with_a_rating():
    rows = [
        {"opened_at": "2024-02-01", "closed_at": "2024-02-02", "satisfaction": 2.0},
        {"opened_at": "2024-03-01", "closed_at": "2024-03-02"},
    ]

    assert ada("tickets", TICKET, *rows).column("last_ticket_satisfaction")[0] == 2


SURVEY = {"event_time": "2020-01-01", "kind": "NPS", "score": 8.0}


def test_the_last_nps_and_its_change_skip_what_was_not_answered():
    answers = (("2024-01-01", 9.0), ("2024-02-01", 3.0), ("2024-03-01", None))

    found = ada("surveys", SURVEY, *({"event_time": when, "kind": "NPS", "score": score} for when, score in answers))

    assert (found.column("last_nps")[0], found.column("nps_change")[0]) == (3, -6)
    assert found.column("survey_response_share")[0] == 2 / 3
    assert math.isnan(found.column("last_csat")[0])


CONTACT = {
    "event_time": "2020-01-01", "campaign_id": "c", "offer_id": "o", "channel": "mail", "treated": True,
    "opened_at": "2020-01-01", "clicked_at": "2020-01-01", "converted_at": "2020-01-01",
}  # fmt: skip


def test_the_control_group_was_not_contacted_and_an_opening_counts_once_it_happened():
    def contact(when: str, treated: bool = True, opened_at: str | None = None) -> dict[str, Any]:
        return {**CONTACT, "event_time": when, "treated": treated, "opened_at": opened_at}

    found = ada(
        "contacts", CONTACT,
        contact("2024-03-05", opened_at="2024-03-06"), contact("2024-03-06", opened_at="2024-03-08"),
        contact("2024-03-06", treated=False),
    )  # fmt: skip

    assert (found.column("contacts_7d")[0], found.column("contacts_via_mail_28d")[0]) == (2, 2)
    assert (found.column("contacts_opened_28d")[0], found.column("days_since_last_open")[0]) == (1, 2)


def test_a_preference_is_the_last_word():
    told = {"event_time": "2020-01-01", "key": "colour", "value": "red"}

    found = ada(
        "preferences", told, {**told, "event_time": "2024-01-01"}, {**told, "event_time": "2024-02-01", "value": "blue"}
    )

    answers = found.vocabularies["preference_colour"]
    assert answers[int(found.column("preference_colour")[0])] == "colour: blue"
    assert found.column("preferences_told")[0] == 1


def test_an_absent_table_takes_its_family_away():
    families = {
        column.family for column in ada("preferences", {"event_time": "2020-01-01", "key": "k", "value": "v"}).columns
    }

    assert families == {"usage", "preferences"}
