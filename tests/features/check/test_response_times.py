"""What the checks find in the times of responses to contacts."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.config.campaigns import Campaign
from core.config.money import OfferAssumptions
from core.config.sources import TableSource
from core.i18n.translation import ENGLISH
from features.check.checks.response_times import find
from features.check.data import CheckedData
from features.check.finding import Finding, Severity
from features.check.texts import describe_finding
from tests.worlds import config, frame, shop

LINES = ("ada 2024-02-01 50", "bo 2024-03-05 10", "cyd 2024-03-08 500", "dan 2024-06-09")


def find_responses(*rows: dict[str, Any], **changes: Any) -> list[Finding]:
    log = frame(*({"treated": True, "event_time": "2024-03-01 10:00", "offer_id": "a", **row} for row in rows))
    sources = {name: TableSource(path="nowhere.parquet") for name in ("purchases", "contacts")}
    settings = config(tables=sources, offers=OfferAssumptions(answer_days=14), **changes)
    return list(find(CheckedData.of_tables(shop(*LINES, settings=settings, contacts=log))))


def counts(findings: list[Finding]) -> list[tuple[str, int, int, str | None]]:
    return [(finding.kind, finding.count, finding.of, finding.example) for finding in findings]


def test_a_conversion_after_the_days_to_answer_is_late_and_one_second_earlier_it_is_not():
    (finding,) = find_responses(
        {"customer_id": "ada", "converted_at": "2024-03-15 09:59:59"},
        {"customer_id": "bo", "converted_at": "2024-03-15 10:00"},
        {"customer_id": "cyd", "converted_at": None},
        {"customer_id": "dan", "converted_at": "2024-04-20 10:00", "treated": False},
    )

    assert counts([finding]) == [("late_conversions", 1, 2, "bo")]
    assert finding.setting == "[offers] answer_days"
    assert describe_finding(finding, ENGLISH).message == (
        "conversions later than answer_days after their contact: 1 of 2 (50.0%), the latest after 14 days; they do not "
        "count as accepted offers"
    )


def test_one_late_conversion_in_many_is_a_note():
    in_time = [{"customer_id": "ada", "converted_at": "2024-03-02"}] * 20
    (finding,) = find_responses(*in_time, {"customer_id": "bo", "converted_at": "2024-05-01"})

    assert (finding.severity, finding.count, finding.of) == (Severity.NOTE, 1, 21)


def test_late_unsubscriptions_are_counted_apart_from_late_conversions():
    findings = find_responses(
        {"customer_id": "ada", "converted_at": "2024-03-02", "unsubscribed_at": "2024-03-15 10:00"},
        {"customer_id": "bo", "converted_at": None, "unsubscribed_at": "2024-03-03 10:00"},
    )

    assert counts(findings) == [("late_unsubscriptions", 1, 2, "ada")]


def test_responses_before_their_contact_are_found_and_those_of_the_same_day_are_none():
    findings = find_responses(
        {"customer_id": "ada", "clicked_at": "2024-03-01", "opened_at": "2024-02-20 10:00"},
        {"customer_id": "bo", "clicked_at": "2024-02-29 09:00", "opened_at": "2024-03-01 10:30"},
    )

    assert counts(findings) == [("early_responses", 1, 2, "ada"), ("early_responses", 1, 2, "bo")]
    assert [finding.column for finding in findings] == ["opened_at", "clicked_at"]
    assert "up to 10 days before" in describe_finding(findings[0], ENGLISH).message


def test_the_days_to_respond_to_a_campaign_are_its_own_and_begin_with_the_first_contact():
    spring = Campaign(goal="g", starts_on=date(2024, 3, 1), rule="recency_days > 1", offers=("a",), response_days=30)
    findings = find_responses(
        {"customer_id": "ada", "campaign_id": "spring", "converted_at": "2024-03-30"},
        {"customer_id": "bo", "campaign_id": "spring", "converted_at": None},
        {"customer_id": "bo", "campaign_id": "spring", "event_time": "2024-03-25", "converted_at": "2024-04-02"},
        {"customer_id": "cyd", "campaign_id": "spring", "treated": False, "converted_at": "2024-04-02"},
        {"customer_id": "dan", "campaign_id": "other", "converted_at": "2024-03-02"},
        campaigns={"spring": spring},
    )

    assert counts(findings) == [("late_conversions", 1, 3, "ada"), ("late_for_campaign", 2, 3, "bo")]
    assert findings[1].setting == "[campaigns.spring] response_days"


def test_contacts_without_responses_and_responses_in_time_have_no_finding():
    assert not find_responses({"customer_id": "ada"})
    assert not find_responses({"customer_id": "ada", "converted_at": "2024-03-03", "unsubscribed_at": None})
