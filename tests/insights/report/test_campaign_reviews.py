"""Campaigns from plan to action: what control groups show, and the next step that follows from it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from core.config.campaigns import Campaign, CampaignTrigger
from core.i18n.translation import ENGLISH, JAPANESE, translate
from core.intervals import Estimate
from insights.campaigns.kpis import Measurement
from insights.campaigns.sequential import Conversions
from insights.render.report import render_json, render_report
from insights.report.attribute_groups import Grouping
from insights.report.building import Report, build_report
from insights.report.campaign_actions import CampaignEvidence, NextAction, choose_action
from insights.report.campaign_check import check_campaign, find_best_groups
from insights.report.campaign_data import CampaignCustomers, load_campaign_customers
from insights.report.campaign_reviews import ReviewSettings, review_campaigns
from tables.tables import Tables
from tests.worlds import config, frame, purchase_log, shop

CUTOFF = date(2026, 3, 1)


def contact(who: str, when: str, *, treated: bool = True, cost: float = 5.0, **more: object) -> dict[str, object]:
    row = {"customer_id": who, "event_time": when, "campaign_id": "spring", "offer_id": "tea", "channel": "mail"}
    return {**row, "treated": treated, "cost": cost if treated else 0.0, "stage_percent": None, **more}


@cache
def spring_shop() -> Tables:
    contacts = frame(
        contact("ada", "2026-02-02T10:00", stage_percent=5),
        contact("ada", "2026-02-09T10:00", stage_percent=20),
        contact("bo", "2026-02-02T10:00", treated=False),
        contact("cy", "2026-02-02T10:00", treated=False),
        contact("cy", "2026-02-03T10:00"),
        contact("dee", "2026-02-20T10:00"),
        contact("eve", "2026-03-02T10:00"),
    )
    orders = (
        "ada 2026-01-01 40", "ada 2026-02-05 100", "ada 2026-02-08 -30", "ada 2026-02-17 500", "bo 2026-02-02T09:00 70",
    )  # fmt: skip
    return shop(*orders, contacts=contacts)


def spring() -> CampaignCustomers:
    loaded = load_campaign_customers(spring_shop(), CUTOFF)
    assert loaded is not None
    return loaded


def test_a_customer_counts_once_with_all_contacts_and_the_days_after_the_first():
    customers = spring()
    assert customers.revenue is not None
    assert customers.spent_before is not None
    assert customers.acted is not None

    assert customers.customer_ids.tolist() == ["ada", "bo", "cy", "dee"]
    assert customers.n_contacts.tolist() == [2, 0, 1, 1]
    assert customers.costs.tolist() == [10, 0, 5, 5]
    assert customers.recent_contacts.tolist() == [0, 0, 0, 0]
    assert customers.acted.tolist() == [True, False, False, False]
    assert customers.revenue.tolist() == [70, 0, 0, 0]
    assert customers.spent_before.tolist() == [40, 70, 0, 0]
    assert customers.is_mature.tolist() == [True, True, True, False]


def test_a_control_customer_who_was_contacted_is_counted_and_still_control():
    (review,) = review_campaigns(spring(), settings(spring_shop()), since=np.datetime64("2026-01-01"))

    assert (review.done.n_contacted, review.done.n_control, review.done.n_in_both) == (2, 2, 1)
    assert review.done.stages == (5, 20)
    # One order in February is the last: who was contacted on the 20th can still respond, and the others' days are over.
    assert (review.done.n_known, review.checked.n_waiting) == (3, 1)
    assert review.action.action == NextAction.WAIT
    assert review.action.over_on == date(2026, 3, 7)  # 14 days after the last contact, the day after them


def test_contacts_of_other_campaigns_in_the_30_days_before_are_recent_ones():
    contacts = frame(
        contact("ada", "2026-01-02T10:00", campaign_id="old"),
        contact("ada", "2026-01-20T10:00", campaign_id="winter"),
        contact("ada", "2026-01-25T10:00", campaign_id="left_out", treated=False),
        contact("ada", "2026-02-02T10:00"),
    )
    customers = load_campaign_customers(shop("ada 2026-01-01 40", contacts=contacts), CUTOFF)
    assert customers is not None

    assert dict(zip(customers.campaigns.tolist(), customers.recent_contacts.tolist(), strict=True)) == {
        "old": 0, "winter": 1, "left_out": 2, "spring": 1,
    }  # fmt: skip


def test_a_campaign_in_the_toml_states_its_audience_and_its_days_to_respond():
    statement = Campaign(
        goal="More tea in spring",
        starts_on=date(2026, 2, 1),
        rule="orders_total > 2",
        offers=("tea",),
        response_days=3,
        hypothesis="1 % more buy",
        owner="Ken",
    )
    contacts = frame(contact("ada", "2026-02-02T10:00"), contact("bo", "2026-02-26T10:00", treated=False))
    orders = ("ada 2026-02-06 100", "last 2026-03-10 1")
    tables = shop(*orders, contacts=contacts, settings=config(campaigns={"spring": statement}))
    customers = load_campaign_customers(tables, CUTOFF)
    assert customers is not None
    assert customers.acted is not None

    terms = replace(settings(tables), statements={"spring": statement})
    (review,) = review_campaigns(customers, terms, since=np.datetime64("2026-01-01"))

    assert customers.acted.tolist() == [False, False]
    assert customers.is_mature.tolist() == [True, True]
    planned = review.planned
    assert (planned.audience, planned.hypothesis, planned.goal, planned.owner) == (
        "orders_total > 2", "1 % more buy", "More tea in spring", "Ken",
    )  # fmt: skip
    assert (planned.kpi, planned.n_response_days) == ("purchased", 3)


def test_a_trigger_that_no_rule_says_is_written_in_the_language_of_the_report():
    trigger = CampaignTrigger(kind="abandoned_cart", event="cart")
    statement = Campaign(goal="More orders", starts_on=date(2026, 2, 1), trigger=trigger, offers=("tea",))
    contacts = frame(contact("ada", "2026-02-02T10:00"), contact("bo", "2026-02-26T10:00", treated=False))
    tables = shop("ada 2026-02-06 100", "last 2026-03-10 1", contacts=contacts)
    customers = load_campaign_customers(tables, CUTOFF)
    assert customers is not None

    terms = replace(settings(tables), statements={"spring": statement})
    (review,) = review_campaigns(customers, terms, since=np.datetime64("2026-01-01"))

    assert (review.planned.audience, review.planned.trigger) == ("", "abandoned_cart")
    assert translate("trigger.abandoned_cart", JAPANESE) == "カゴ落ち"


def settings(tables: Tables) -> ReviewSettings:
    return ReviewSettings(cutoff=CUTOFF, margin_rate=0.5, groupings=(), statements={}, tables=tables)


def campaign(*arms: tuple[bool, int, int], name: str = "spring", propensity: float = 0.5) -> CampaignCustomers:
    """Arms of (treated, customers, customers who convert); a contact costs 1."""
    treated = np.concatenate([np.full(n, is_treated) for is_treated, n, _ in arms])
    acted = np.concatenate([np.arange(n) < n_acting for _, n, n_acting in arms])
    n, moment = len(treated), np.datetime64("2026-01-10T10:00:00")
    return CampaignCustomers(
        campaigns=np.full(n, name),
        customer_ids=np.array([f"c{number}" for number in range(n)]),
        first_at=np.full(n, moment),
        last_at=np.full(n, moment),
        treated=treated,
        in_both=np.zeros(n, bool),
        n_contacts=treated.astype(np.int64),
        recent_contacts=np.zeros(n, np.int64),
        propensities=np.full(n, propensity),
        costs=treated.astype(float),
        converted_at=np.where(acted, moment + np.timedelta64(1, "D"), np.datetime64("NaT")).astype("datetime64[s]"),
        unsubscribed_at=None,
        acted=acted,
        revenue=None,
        spent_before=None,
        response_days=np.full(n, 14),
        is_mature=np.ones(n, bool),
        offers={},
        channels={},
        stages={},
    )


def join(first: CampaignCustomers, second: CampaignCustomers) -> CampaignCustomers:
    arrays = {
        name: np.concatenate([one, getattr(second, name)])
        for name, one in vars(first).items()
        if isinstance(one, np.ndarray)
    }
    return replace(first, **arrays)


CONVERSIONS = Measurement(kpi="converted", n_days=14, tables=None, today=CUTOFF)


def test_a_campaign_earns_the_margin_of_what_it_adds_less_its_cost():
    customers = campaign((True, 1_000, 300), (False, 1_000, 200))
    buyers = customers.customer_ids[~np.isnat(customers.converted_at)].tolist()
    tables = shop(*(f"{one} 2026-01-12 100" for one in buyers), "last 2026-02-20")

    checked = check_campaign(customers, replace(CONVERSIONS, kpi="purchased", tables=tables), margin_rate=0.5)

    purchased, amount = checked.measures.effects[:2]
    assert (purchased.treated_mean, purchased.control_mean) == (0.3, 0.2)
    assert purchased.per_customer.value == pytest.approx(0.1)
    assert purchased.total.value == pytest.approx(100)
    assert (amount.kpi, amount.total.value) == ("amount", pytest.approx(10_000))
    assert checked.net_value.value == pytest.approx(0.5 * 10_000 - 1_000)
    assert checked.net_value.low < checked.net_value.value < checked.net_value.high
    assert checked.evidence > 20


def test_the_group_on_which_a_campaign_works_better_is_named_and_groups_that_do_not_differ_are_not():
    persuadable = campaign((True, 500, 250), (False, 500, 100))
    others = campaign((True, 500, 100), (False, 500, 100))
    customers = join(persuadable, others)
    ids = np.array([f"c{number:04d}" for number in range(2_000)])
    customers = replace(customers, customer_ids=ids)
    groups = Grouping("segment", {"persuadable": ids[:1_000], "odd": ids[1::2]})

    assert list(find_best_groups(customers.compare(), CONVERSIONS, groupings=[groups])) == [("segment", "persuadable")]


def test_campaigns_without_an_effect_end_without_a_claim_however_many_there_are():
    random = np.random.default_rng(11)
    parts = [
        campaign((True, 400, random.binomial(400, 0.1)), (False, 100, random.binomial(100, 0.1)), name=f"n{k:02d}",
                 propensity=0.8)
        for k in range(60)
    ]  # fmt: skip
    customers = parts[0]
    for part in parts[1:]:
        customers = join(customers, part)

    no_customers = shop(settings=config(), customers=frame({"customer_id": "last"}))
    reviews = review_campaigns(customers, settings(no_customers), since=np.datetime64("2026-01-01"))

    claims = {NextAction.ADVANCE, NextAction.REPEAT, NextAction.REPEAT_CHEAPER, NextAction.STOP_HARM}
    assert [one.name for one in reviews if one.action.action in claims] == []
    assert any(one.checked.own.per_customer.excludes(0) for one in reviews)  # Some intervals do, by chance.


EVIDENCE = CampaignEvidence(
    kpi="purchased",
    n_customers=1_000,
    effect=Estimate(0.05, 0.02, 0.08),
    n_campaigns=1,
    net_value=Estimate(100.0, 20.0, 180.0),
    e_value=5.0,
    has_control=True,
    can_compare=True,
    stage=100,
    control_rate=0.1,
    control_share=0.2,
    is_over=True,
    over_on=CUTOFF,
    conversions=None,
    unsubscriptions=None,
)
OPEN = Estimate(0.01, -0.02, 0.04)


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, NextAction.REPEAT),
        ({"stage": 20}, NextAction.ADVANCE),
        ({"has_control": False}, NextAction.ADD_CONTROL_GROUP),
        ({"can_compare": False}, NextAction.RECORD_RESPONSES),
        ({"is_over": False}, NextAction.WAIT),
        ({"is_over": False, "e_value": 25.0}, NextAction.REPEAT),
        ({"net_value": Estimate(10.0, -20.0, 40.0)}, NextAction.REPEAT_CHEAPER),
        ({"net_value": Estimate(-50.0, -90.0, -10.0)}, NextAction.STOP_COST),
        ({"effect": Estimate(-0.05, -0.08, -0.02)}, NextAction.STOP_HARM),
        ({"effect": OPEN}, NextAction.ENLARGE),
        ({"effect": Estimate(-0.01, -0.04, 0.02)}, NextAction.CHANGE),
        ({"effect": Estimate(0.004, -0.026, 0.034)}, NextAction.CHANGE),
        ({"n_campaigns": 100}, NextAction.ENLARGE),
        ({"conversions": Conversions(20, 80, 0.5)}, NextAction.STOP_HARM),
        ({"conversions": Conversions(20, 80, 0.5), "kpi": "stayed"}, NextAction.REPEAT),  # fewer have churned
        ({"conversions": Conversions(80, 20, 0.5), "kpi": "stayed"}, NextAction.STOP_HARM),
        ({"effect": Estimate(2.0, -1.0, 5.0), "kpi": "amount"}, NextAction.ENLARGE),
        ({"is_over": False, "unsubscriptions": Conversions(90, 10, 0.5)}, NextAction.STOP_HARM),
    ],
)
def test_the_next_step_follows_from_the_evidence(changes: dict[str, object], action: NextAction):
    assert choose_action(replace(EVIDENCE, **changes)).action == action


def test_a_campaign_to_repeat_needs_as_many_customers_as_show_its_effect():
    action = choose_action(replace(EVIDENCE, effect=OPEN))

    # (1.645 + .842)^2 x (.11 x .89 / .8 + .1 x .9 / .2) / .01^2
    assert action.n_customers == pytest.approx(35_388, rel=0.001)


@cache
def report() -> Report:
    n = 300
    ids = [f"c{number:03d}" for number in range(n)]
    orders = [f"{one} 2026-01-12 100" for one in ids[:120]] + [f"{one} 2025-12-12 80" for one in ids]
    orders.append("last 2026-02-20 10")
    contacts = pa.Table.from_pylist(
        [contact(one, "", treated=number < 200) | {"event_time": None} for number, one in enumerate(ids)]
    )
    times = pa.array([np.datetime64("2026-01-10T10:00", "us").item()] * n, pa.timestamp("us"))
    contacts = contacts.set_column(contacts.column_names.index("event_time"), "event_time", times)
    tables = shop(settings=config(), contacts=contacts, purchases=purchase_log(*orders))
    return build_report(tables, CUTOFF)


@pytest.mark.parametrize(("language", "pages", "step"), [
    (ENGLISH, ("Campaigns: plan", "Campaigns: do", "Campaigns: check", "Campaigns: act"), "Repeat"),
    (JAPANESE, ("(Plan)", "(Do)", "(Check)", "(Act)"), "繰り返す"),
])  # fmt: skip
def test_the_chapter_has_a_page_each_for_plan_do_check_and_act_with_the_kpi(language, pages, step):
    html = render_report(report(), language)

    chapter = html.split('<section class="page">')[1:]
    assert [title in page for title, page in zip(pages, chapter, strict=True)] == [True] * 4
    assert all("spring" in page for page in chapter)
    assert step in chapter[3]
    assert "[contact_policy]" in chapter[3]
    own, money, stayed = (translate(f"kpi.{kpi}", language) for kpi in ("purchased", "amount", "stayed"))
    assert [own in page for page in chapter] == [True] * 4
    assert money in chapter[2]
    assert stayed in chapter[2]


@pytest.mark.parametrize(
    ("language", "listed"), [(ENGLISH, "a, b, c and 3 more offers"), (JAPANESE, "a, b, c ほか3件")]
)
def test_the_page_names_the_first_of_many_offers(language, listed):
    (review,) = report().campaigns
    planned = replace(review.planned, offers=("a", "b", "c", "d", "e", "f"))

    assert listed in render_report(replace(report(), campaigns=(replace(review, planned=planned),)), language)


def test_the_json_has_the_review_of_each_campaign():
    (review,) = json.loads(render_json(report()))["campaigns"]

    assert review["plan"]["offers"] == ["tea"]
    assert (review["do"]["n_contacted"], review["do"]["n_control"], review["do"]["cost"]) == (200, 100, 1_000)
    purchased, amount, stayed = review["check"]["effects"]
    assert (stayed["kpi"], "are over for 0" in stayed["unknown"]) == ("stayed", True)
    assert (review["plan"]["kpi"], review["plan"]["n_response_days"], review["do"]["n_known"]) == ("purchased", 14, 300)
    assert (purchased["kpi"], purchased["per_customer"]["value"]) == ("purchased", pytest.approx(0.6))
    assert (amount["kpi"], amount["per_customer"]["value"]) == ("amount", pytest.approx(60))
    assert review["check"]["unsubscribed"] is None
    assert review["act"]["action"] == "repeat"


def test_the_json_says_how_often_to_contact_and_why():
    (everyone,) = json.loads(render_json(report()))["contact_frequency"]

    assert (everyone["by"], everyone["limit"]["contacts_per_month"], everyone["limit"]["source"]) == (
        "all", 8, "not_shown",
    )  # fmt: skip
    (step,) = everyone["limit"]["steps"]
    assert step["net_value"]["value"] == pytest.approx(0.6 * 100 - 5)  # 60 points more order for 100 at a margin of 1
