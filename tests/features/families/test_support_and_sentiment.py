"""Features of tickets, surveys, contacts and preferences, on small tables with known answers."""

from __future__ import annotations

import math
from typing import Any

from core.feature_table import FeatureTable
from tests.featured import features_at
from tests.worlds import frame, shop

OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}


def features_of_ada(table: str, old: dict[str, Any], *rows: dict[str, Any]) -> FeatureTable:
    """Ada's features from rows of one table; 'old' has every column of it since 2020."""
    complete = [{**dict.fromkeys(old), "customer_id": "ada", **row} for row in rows]
    frames: dict[str, Any] = {table: frame({"customer_id": "old", **old}, *complete)}
    return features_at(shop(usage=frame(OLD), **frames), "ada")


TICKET = {
    "opened_at": "2020-01-01", "first_answered_at": "2020-01-01", "closed_at": "2020-01-02", "severity": "low",
    "topic": "bug", "satisfaction": 3.0,
}  # fmt: skip


def test_a_ticket_that_is_closed_after_the_cutoff_is_open_and_has_no_rating_yet():
    features = features_of_ada(
        "tickets", TICKET, {"opened_at": "2024-03-01", "closed_at": "2024-03-09", "satisfaction": 1.0}
    )

    assert (features.column("tickets_open")[0], features.column("oldest_open_ticket_days")[0]) == (1, 7)
    assert math.isnan(features.column("last_ticket_satisfaction")[0])


def test_answer_times_are_compared_with_the_customers_own_history():
    features = features_of_ada(
        "tickets", TICKET,
        {"opened_at": "2023-01-01T08:00", "first_answered_at": "2023-01-01T10:00"},
        {"opened_at": "2024-03-01T08:00", "first_answered_at": "2024-03-01T14:00"},
    )  # fmt: skip

    assert (features.column("hours_to_answer_90d")[0], features.column("hours_to_answer_total")[0]) == (6, 4)
    assert features.column("hours_to_answer_vs_usual")[0] == 1.5


def test_tickets_are_counted_by_severity_and_topic():
    rows = [
        {"opened_at": "2024-03-01", "severity": "high", "topic": "price"},
        {"opened_at": "2024-03-02", "severity": "high"},
    ]

    features = features_of_ada("tickets", TICKET, *rows)

    assert (features.column("tickets_severity_high_90d")[0], features.column("tickets_topic_price_90d")[0]) == (2, 1)


def test_unrated_tickets_do_not_hide_the_last_rating():
    rows = [
        {"opened_at": "2024-02-01", "closed_at": "2024-02-02", "satisfaction": 2.0},
        {"opened_at": "2024-03-01", "closed_at": "2024-03-02"},
    ]

    assert features_of_ada("tickets", TICKET, *rows).column("last_ticket_satisfaction")[0] == 2


SURVEY = {"event_time": "2020-01-01", "kind": "NPS", "score": 8.0}


def test_unanswered_surveys_do_not_hide_the_last_nps():
    answers = (("2024-01-01", 9.0), ("2024-02-01", 3.0), ("2024-03-01", None))

    features = features_of_ada(
        "surveys", SURVEY, *({"event_time": when, "kind": "NPS", "score": score} for when, score in answers)
    )

    assert (features.column("last_nps")[0], features.column("nps_change")[0]) == (3, -6)
    assert features.column("survey_response_share")[0] == 2 / 3
    assert math.isnan(features.column("last_csat")[0])


CONTACT = {
    "event_time": "2020-01-01", "campaign_id": "c", "offer_id": "o", "channel": "mail", "treated": True,
    "opened_at": "2020-01-01", "clicked_at": "2020-01-01", "converted_at": "2020-01-01",
}  # fmt: skip


def test_a_control_group_has_no_contact_and_an_open_counts_from_its_own_time_on():
    def contact(when: str, treated: bool = True, opened_at: str | None = None) -> dict[str, Any]:
        return {**CONTACT, "event_time": when, "treated": treated, "opened_at": opened_at}

    features = features_of_ada(
        "contacts", CONTACT,
        contact("2024-03-05", opened_at="2024-03-06"), contact("2024-03-06", opened_at="2024-03-08"),
        contact("2024-03-06", treated=False),
    )  # fmt: skip

    assert (features.column("contacts_7d")[0], features.column("contacts_via_mail_28d")[0]) == (2, 2)
    assert (features.column("contacts_opened_28d")[0], features.column("days_since_last_open")[0]) == (1, 2)


def test_the_latest_answer_is_the_preference():
    answer = {"event_time": "2020-01-01", "key": "colour", "value": "red"}

    features = features_of_ada(
        "preferences",
        answer,
        {**answer, "event_time": "2024-01-01"},
        {**answer, "event_time": "2024-02-01", "value": "blue"},
    )

    answers = features.vocabularies["preference_colour"]
    assert answers[int(features.column("preference_colour")[0])] == "colour: blue"
    assert features.column("preferences_told")[0] == 1


def test_a_missing_table_has_no_features():
    families = {
        column.family
        for column in features_of_ada("preferences", {"event_time": "2020-01-01", "key": "k", "value": "v"}).columns
    }

    assert families == {"usage", "preferences"}
