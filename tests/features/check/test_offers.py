"""What the checks find in offers and in contacts."""

from __future__ import annotations

from typing import Any

import pytest

from core.config.customers import Segment
from core.config.decisions import ContactPolicy
from core.config.sources import TableSource
from core.control_group import in_control_group
from core.i18n.translation import ENGLISH, JAPANESE
from features.check.checks.contacts import find as find_in_contacts
from features.check.checks.offers import find as find_in_offers
from features.check.data import CheckedData
from features.check.finding import Finding, Severity
from features.check.texts import describe_finding
from tests.worlds import config, frame, shop

LINES = ("ada 2024-02-01 50", "bo 2024-03-05 10", "cyd 2024-03-08 500", "dan 2024-03-09")
"The last one makes 9 March the default cutoff, at which the other three are customers."
FINE: dict[str, Any] = {"kind": "item", "cost": 1.0, "margin": 5.0, "capacity": 9}


def offers(*rows: dict[str, Any]) -> Any:
    return frame(*({"offer_id": f"o{place}", **FINE, **row} for place, row in enumerate(rows)))


def find_offers(*rows: dict[str, Any], **changes: Any) -> list[Finding]:
    sources = {name: TableSource(path="nowhere.parquet") for name in ("purchases", "offers")}
    tables = shop(*LINES, settings=config(tables=sources, **changes), offers=offers(*rows))
    return list(find_in_offers(CheckedData.of_tables(tables)))


def find_contacts(*rows: dict[str, Any], lines: tuple[str, ...] = LINES, **frames: Any) -> list[Finding]:
    log = frame(*({"treated": True, **row} for row in rows))
    return list(find_in_contacts(CheckedData.of_tables(shop(*lines, contacts=log, **frames))))


def counts(findings: list[Finding]) -> list[tuple[str, int, int, str | None]]:
    return [(finding.kind, finding.count, finding.of, finding.example) for finding in findings]


def test_offers_without_cost_margin_or_capacity_are_counted():
    findings = find_offers({"cost": None}, {"margin": None}, {"margin": None, "kind": "renewal"}, {"capacity": 0}, {})

    assert counts(findings) == [
        ("offers_without_cost", 1, 5, "o0"), ("offers_without_margin", 1, 5, "o1"),
        ("offers_without_capacity", 1, 5, "o3"),
    ]  # fmt: skip
    assert {describe_finding(finding, JAPANESE).remedy != "" for finding in findings} == {True}


def test_a_table_of_offers_without_the_columns_has_no_costs_at_all():
    tables = shop(*LINES, offers=frame({"offer_id": "a", "kind": "item"}))

    assert counts(list(find_in_offers(CheckedData.of_tables(tables)))) == [
        ("offers_without_cost", 1, 1, "a"), ("offers_without_margin", 1, 1, "a"),
    ]  # fmt: skip


def test_a_contradictory_rule_names_the_clause_that_excludes_most():
    (finding,) = find_offers({"rule": "orders_total >= 1 and recency_days < 5 and recency_days > 30"}, {"rule": None})

    assert (finding.kind, finding.count, finding.severity) == ("offer_for_no_customer", 1, Severity.WARNING)
    assert describe_finding(finding, ENGLISH).message == (
        "no customer is eligible for 1 of 2 offers, such as 'o0': of the rule 'orders_total >= 1 and recency_days < 5 "
        "and recency_days > 30', the clause 'recency_days > 30' excludes most, 2 of 3"
    )


def test_offers_that_share_a_wrong_rule_have_one_line_with_their_number_and_an_example():
    findings = find_offers(*[{"rule": "recency_days > 999"}] * 30, *[{"rule": "recensy_days > 3"}] * 20, {"rule": None})

    assert counts(findings) == [("offer_rule", 20, 51, "o30"), ("offer_for_no_customer", 30, 51, "o0")]


def test_many_different_wrong_rules_have_a_few_lines_and_every_offer_is_counted():
    findings = find_offers(*({"rule": f"recency_days > {1_000 + place // 2}"} for place in range(40)))

    assert len(findings) == 6
    assert sum(finding.count for finding in findings) == 40


RULES = [
    ("recency_days > 2", None),
    ("channel == 'mail' and churn_probability > 0.4", None),
    ("segment_risky == 1", None),
    ("segment_rich == 1", None),
    ("churn_probability > 0.4 and recency_days > 999", "offer_for_no_customer"),
    ("segment_rich == 0 and segment_rich == 1", "offer_for_no_customer"),
    ("1 == 2", "offer_for_no_customer"),
    ("recensy_days > 3", "offer_rule"),
    ("recency_days > ", "offer_rule"),
    ("recency_days > 'tea'", "offer_rule"),
]


@pytest.mark.parametrize(("rule", "kind"), RULES)
def test_a_rule_is_wrong_only_where_that_is_known_without_predictions(rule: str, kind: str | None):
    segments = {"risky": Segment(rule="churn_probability > 0.5"), "rich": Segment(rule="revenue_365d > 40")}

    assert [one.kind for one in find_offers({"rule": rule}, segments=segments)] == ([kind] if kind else [])


CONSENTS = [
    {"customer_id": "ada", "purpose": "contact", "granted": False, "event_time": "2024-02-01"},
    {"customer_id": "ada", "purpose": "contact", "granted": True, "event_time": "2024-02-20"},
    {"customer_id": "bo", "purpose": "contact", "granted": True, "event_time": "2024-02-10"},
    {"customer_id": "bo", "purpose": "Contact ", "granted": False, "event_time": "2024-02-10"},
    {"customer_id": "cyd", "purpose": "score", "granted": False, "event_time": "2024-01-01"},
]


@pytest.mark.parametrize(
    ("who", "when", "is_made", "is_wrong"),
    [
        ("ada", "2024-01-31", True, False),
        ("ada", "2024-02-10", True, True),
        ("ada", "2024-02-10", False, False),
        ("ada", "2024-02-21", True, False),
        ("bo", "2024-02-11", True, True),
        ("cyd", "2024-02-11", True, False),
    ],
)
def test_a_contact_after_a_refusal_and_before_the_next_consent_is_found(
    who: str, when: str, is_made: bool, is_wrong: bool
):
    contact = {"customer_id": who, "event_time": when, "treated": is_made}
    other = {"customer_id": "dan", "event_time": "2024-02-11"}

    findings = find_contacts(contact, other, consents=frame(*CONSENTS))

    assert counts(findings) == ([("contacts_despite_refusal", 1, 1 + is_made, who)] if is_wrong else [])


def test_propensities_by_which_chance_cannot_decide_are_found():
    findings = find_contacts(
        *(
            {"customer_id": who, "event_time": "2024-03-01", "propensity": propensity}
            for who, propensity in [("ada", 0.0), ("bo", 1.3), ("cyd", 0.8), ("dan", 1.0), ("eve", None)]
        )
    )

    assert counts(findings) == [("impossible_propensities", 2, 4, "ada")]


def test_a_control_group_that_its_campaign_contacts_anyway_is_found():
    findings = find_contacts(
        {"customer_id": "ada", "event_time": "2024-03-01", "campaign_id": "spring", "treated": False},
        {"customer_id": "ada", "event_time": "2024-03-03", "campaign_id": "spring"},
        {"customer_id": "bo", "event_time": "2024-03-01", "campaign_id": "spring", "treated": False},
        {"customer_id": "bo", "event_time": "2024-03-01", "campaign_id": "autumn"},
        {"customer_id": "cyd", "event_time": "2024-03-01", "campaign_id": "spring"},
    )

    assert counts(findings) == [("campaign_control_contacted", 1, 2, "ada")]


def test_the_permanent_control_group_counts_from_the_first_decision_on():
    ids = [f"c{place:04}" for place in range(1_000)]
    controls = [one for one, is_in in zip(ids, in_control_group(ids, share=0.05, salt="world"), strict=True) if is_in]
    others = [one for one in ids if one not in controls]
    log = [
        {"customer_id": controls[0], "event_time": "2024-02-01"},
        {"customer_id": others[0], "event_time": "2024-03-01", "decision_id": "d1", "offer_id": "a"},
        {"customer_id": controls[1], "event_time": "2024-03-02", "offer_id": "a"},
        {"customer_id": controls[2], "event_time": "2024-03-02", "offer_id": "renew"},
        {"customer_id": controls[3], "event_time": "2024-03-02", "offer_id": "a", "treated": False},
        {"customer_id": others[1], "event_time": "2024-03-02"},
    ]
    lines = (*(f"{one} 2024-03-05" for one in ids), "dan 2024-03-09")
    kinds = frame({"offer_id": "a", "kind": "item"}, {"offer_id": "renew", "kind": "renewal"})

    (finding,) = find_contacts(*log, lines=lines, offers=kinds)

    assert counts([finding]) == [("control_group_contacted", 1, 3, controls[1])]
    assert (finding.setting, finding.values["since"]) == ("[contact_policy] control_share", "2024-03-01")
    assert find_contacts(*log, lines=lines[1:], offers=kinds) == []
    off = config(contact_policy=ContactPolicy(control_share=0.0))
    assert find_contacts(*log, lines=lines, offers=kinds, settings=off) == []
