"""Campaigns, channels and stores, gross margin, referrals and community, on a shop small enough to count by hand."""

from __future__ import annotations

import math
from datetime import date
from functools import cache

import pytest

from core.config.money import ReportSettings
from insights.report.building import Report, build_report
from tests.worlds import config, frame, shop

LINES = (
    "ada 2026-01-03 100 channel=web store_id=s1 cost=60", "ada 2026-01-20 -40 channel=store store_id=s2 cost=24",
    "ada 2026-02-03 200 channel=store store_id=s2 cost=90", "bo 2026-02-05 60 channel=web store_id=s1",
    "cy 2026-02-06 80",
)  # fmt: skip


def contact(who: str, when: str, campaign: str, *, treated: bool = True, **more: object) -> dict[str, object]:
    row = {"customer_id": who, "event_time": when, "campaign_id": campaign, "offer_id": "o", "channel": "mail"}
    return {**row, "treated": treated, "opened_at": None, "clicked_at": None, "converted_at": None, **more}


CONTACTS = frame(
    contact("ada", "2026-01-05", "spring", opened_at="2026-01-05", clicked_at="2026-01-06"),
    contact("bo", "2026-01-05", "spring", opened_at="2026-01-07"),
    contact("cy", "2026-01-05", "spring"),
    contact("dee", "2026-01-05", "spring", treated=False),
    # Bo converts after the day of the report.
    contact("bo", "2026-02-20", "summer", opened_at="2026-02-21", converted_at="2026-03-02"),
)
PEOPLE = frame(
    {"customer_id": "ada", "joined_at": "2025-12-01", "referred_by": None, "valid_from": "2025-12-01"},
    {"customer_id": "bo", "joined_at": "2026-01-10", "referred_by": "ada", "valid_from": "2026-01-10"},
    {"customer_id": "cy", "joined_at": "2026-02-01", "referred_by": "ada", "valid_from": "2026-02-01"},
    {"customer_id": "dee", "joined_at": "2026-02-01", "referred_by": None, "valid_from": "2026-02-01"},
)
USAGE = frame(
    {"customer_id": "ada", "event_time": "2026-01-04", "event": "forum_post"},
    {"customer_id": "bo", "event_time": "2026-01-05", "event": "visit"},
    {"customer_id": "bo", "event_time": "2026-02-05", "event": "visit"},
)


@cache
def crm_report() -> Report:
    settings = config(report=ReportSettings(community_events=("forum_post",)))
    tables = shop(*LINES, settings=settings, contacts=CONTACTS, customers=PEOPLE, usage=USAGE)
    return build_report(tables, date(2026, 3, 1))


def value(name: str, by: str = "all", group: str = "", period: str = "2026-01/2026-02") -> float:
    (figure,) = [f for f in crm_report().figures.of(name, by, group=group) if f.place.period == period]
    return figure.value


def test_rates_of_messages_count_what_was_sent_and_known_by_the_day_of_the_report():
    assert value("messages_sent") == 4
    assert (value("open_rate"), value("click_rate"), value("conversion_rate")) == (3 / 4, 1 / 4, 0)
    assert value("open_rate", "campaign", "spring") == pytest.approx(2 / 3)
    assert (value("open_rate", period="2026-02"), value("messages_sent", "contact_channel", "mail")) == (1, 4)


def uplift_contacts() -> list[dict[str, object]]:
    """Spring: 4 contacted, 3 order; 2 not, 1 orders. Summer: 2 contacted, none orders; 1 not, who does not order."""
    spring = [("a", True), ("b", True), ("c", True), ("d", True), ("e", False), ("f", False)]
    summer = [("g", True), ("h", True), ("i", False)]
    return [
        contact(who, "2026-01-05", name, treated=treated, cost=30.0 if treated else 0.0)
        for name, people in (("spring", spring), ("summer", summer))
        for who, treated in people
    ]


@cache
def campaign_report() -> Report:
    orders = [f"{who} 2026-01-18" for who in "abce"] + ["d 2026-01-20", "f 2026-01-04"]  # d is too late, f too early
    late = contact("f", "2026-02-26", "spring", cost=30.0)  # Not answered yet, and not compared.
    rows = uplift_contacts()
    rows[0] |= {"converted_at": "2026-01-06"}
    return build_report(shop(*orders, contacts=frame(*rows, late)), date(2026, 3, 1))


def test_a_campaign_is_compared_with_its_own_control_group():
    built = campaign_report()

    def estimate(name: str, group: str = ""):
        by = "campaign" if group else "all"
        (figure,) = [one for one in built.figures.of(name, by, group=group) if "/" in one.place.period]
        return figure.estimate

    assert estimate("campaign_cost").value == 7 * 30
    assert estimate("incremental_rate", "spring").value == pytest.approx(3 / 4 - 1 / 2)
    assert estimate("incremental_conversions", "spring").value == pytest.approx(1)
    # The spring's control customers stand for 2 contacts each, the summer's for 2.
    assert estimate("incremental_rate").value == pytest.approx(3 / 6 - 2 / 6)
    assert estimate("incremental_rate").low <= 0 < estimate("incremental_rate").high


def test_without_purchases_conversions_in_the_days_to_answer_are_compared_and_later_ones_are_not():
    days = {"a": "2026-01-06", "b": "2026-01-18", "c": "2026-01-19", "e": "2026-01-07", "f": "2026-02-20"}
    rows = [row | {"converted_at": days.get(str(row["customer_id"]))} for row in uplift_contacts()]
    usage = frame(*({"customer_id": who, "event_time": "2026-01-04", "event": "visit"} for who in "abcdefghi"))
    figures = build_report(shop(usage=usage, contacts=frame(*rows)), date(2026, 3, 1)).figures

    # Contacts on 5 January have until the 19th: of spring a and b, but not c; of its control group e, but not f.
    (spring,) = [one for one in figures.of("incremental_rate", "campaign", group="spring") if "/" in one.place.period]
    assert spring.estimate.value == pytest.approx(2 / 4 - 1 / 2)


def test_a_conversion_costs_what_all_messages_of_its_campaign_cost():
    spring = campaign_report().figures.of("cost_per_conversion", "campaign", group="spring")

    assert {one.value for one in spring if "/" in one.place.period} == {5 * 30}
    assert not campaign_report().figures.of("cost_per_conversion", "campaign", group="summer")


def test_what_a_conversion_costs_has_no_upper_bound_where_one_customer_converted():
    """Of thirty messages at 10 each one led to an order: a third of the samples of customers have none."""
    rows = [
        {"customer_id": f"c{n:02d}", "event_time": "2026-01-05", "campaign_id": "spring", "offer_id": "tea"}
        | {"channel": "mail", "treated": True, "cost": 10.0, "converted_at": "2026-01-06" if n == 0 else None}
        for n in range(30)
    ]
    usage = frame(*({"customer_id": f"c{n:02d}", "event_time": "2026-01-04", "event": "visit"} for n in range(30)))
    figures = build_report(shop(usage=usage, contacts=frame(*rows)), date(2026, 3, 1)).figures

    (cost,) = [one for one in figures.of("cost_per_conversion") if "/" in one.place.period]
    assert (cost.value, cost.estimate.high) == (300, math.inf)
    assert cost.estimate.low < 300


def test_without_a_control_group_no_effect_is_shown():
    assert not crm_report().figures.of("incremental_rate", "campaign", group="summer")
    assert not crm_report().figures.of("campaign_cost")


def test_a_return_counts_in_the_channel_in_which_it_was_made():
    assert (value("outlet_revenue", "channel", "web"), value("outlet_revenue", "channel", "store")) == (160, 160)
    assert value("outlet_revenue_share", "channel", "web") == 0.5
    assert (value("outlet_orders", "channel", "store"), value("outlet_customers", "channel", "web")) == (1, 2)
    assert value("outlet_order_value", "store", "s1") == 80


def test_referred_customers_are_counted_of_all_and_of_those_who_joined():
    assert value("referred_customers", period="") == 2
    assert value("referred_share") == pytest.approx(2 / 3)
    assert (value("referring_share", period=""), value("referrals_a_referrer", period="")) == (1 / 4, 2)


def test_the_community_is_a_share_of_the_customers_who_used_anything():
    assert (value("community_share"), value("community_share", period="2026-02")) == (1 / 2, 0)


def test_the_gross_margin_takes_off_the_cost_of_what_was_kept_and_leaves_out_unknown_costs():
    # 100 - 40 + 200 of revenue with a cost of 60 - 24 + 90; the purchases of Bo and Cy have none.
    assert value("gross_profit") == 260 - 126
    assert value("gross_margin") == pytest.approx(134 / 260)
    assert value("gross_margin", period="2026-01") == pytest.approx(24 / 60)
