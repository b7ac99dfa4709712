"""`kizuna campaign show` and the report measure a campaign alike, whether its contacts are stored, mapped or both."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from core.config.campaigns import Campaign, Kpi
from core.config.training import ChurnDefinition
from core.decisions import DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from insights.campaigns.kpis import Measurement
from insights.campaigns.measuring import CampaignMeasures, measure_campaign
from insights.report.building import build_report
from insights.report.campaign_data import WITHOUT_CAMPAIGN, compare_campaign, load_campaign_customers
from insights.report.campaign_reviews import ReviewSettings, review_campaigns
from serving.build.contacts import read_contacts, write_contacts
from serving.decisions.store import DecisionStore
from tables.stored_contacts import add_contacts
from tables.tables import Tables
from tests.contacts import with_decisions
from tests.worlds import config, purchase_log, shop, tables_from_frames

MORNING, CUTOFF = datetime(2026, 1, 10, 3), date(2026, 6, 1)


def decide(store: DecisionStore) -> None:
    """120 customers with a control group of a half, later 80 with a fifth; five of the controls are contacted later."""
    rows, outcomes = list[DecisionRow](), list[DecisionOutcome]()
    for place in range(200):
        day, share = (MORNING, 0.5) if place < 120 else (MORNING + timedelta(days=9), 0.8)
        treated = place % 10 < 10 * share
        rows.append(
            DecisionRow(
                decision_id=f"d{place}",
                customer_id=f"c{place:03d}",
                decided_at=day,
                offer_id="tea",
                channel="mail",
                campaign_id="spring",
                stage_percent=20,
                treated=treated,
                propensity=share,
                cost=2.0 * treated,
                no_contact=None if treated else NoContact.CONTROL_GROUP,
                send_at=day + timedelta(hours=15),
            )
        )
        if (treated and place % 4 == 0) or place % 16 == 7:
            outcomes.append(
                DecisionOutcome(
                    outcome_id=f"o{place}",
                    decision_id=f"d{place}",
                    kind=OutcomeKind.CONVERTED,
                    event_time=day + timedelta(days=2),
                )
            )
    for row in [one for one in rows if not one.treated][:5]:
        again = {"decision_id": f"{row.decision_id} again", "treated": True, "no_contact": None, "cost": 2.0}
        rows.append(msgspec.structs.replace(row, **again, decided_at=MORNING + timedelta(days=30), send_at=None))
    store.add(rows)
    store.add_outcomes(outcomes, now=datetime(2026, 6, 1))


ORDERS = [
    # Contacts go out at 18:00: an order at noon of the day of the decision is before them, in both groups.
    *(f"c{place:03d} 2025-11-{1 + place % 28:02d} {10 + place}" for place in range(200)),
    *(f"c{place:03d} 2026-01-10T12:00 40" for place in range(0, 120, 7)),
    *(f"c{place:03d} 2026-01-21 {30 + place}" for place in range(0, 200, 3)),
    "last 2026-06-20 1",
]


def open_world(folder: Path, *, kpi: Kpi, mapped: bool, stored: bool) -> Tables:
    """The world with its contacts in a file of the company, in the store of decisions, or in both."""
    store = DecisionStore.at(None, folder / "decisions.db", data_set="world")
    if not store.database.exists:
        decide(store)
    campaign = Campaign(goal="x", starts_on=MORNING.date(), rule="recency_days > 0", offers=("tea",), kpi=kpi)
    settings = config(campaigns={"spring": campaign}, churn=ChurnDefinition(horizon_days=60))
    frames = {"purchases": purchase_log(*ORDERS)}
    if mapped:
        write_contacts(store, folder / "contacts.parquet")
        frames["contacts"] = pq.read_table(folder / "contacts.parquet")
    tables = tables_from_frames(settings, frames)
    return add_contacts(tables, read_contacts(store)) if stored else tables


def show(tables: Tables) -> CampaignMeasures:
    """As `kizuna campaign show` measures."""
    campaign = tables.config.campaigns["spring"]
    terms = Measurement(kpi=campaign.kpi, n_days=campaign.n_response_days, tables=tables, today=CUTOFF)
    return measure_campaign(compare_campaign(load_campaign_customers(tables, CUTOFF), "spring"), terms)


@pytest.mark.parametrize("kpi", ["purchased", "amount", "stayed", "converted"])
def test_a_campaign_of_the_store_has_the_same_figures_in_the_report_and_on_the_command_line(tmp_path, kpi: Kpi):
    stored = open_world(tmp_path, kpi=kpi, mapped=False, stored=True)
    shown = show(stored)
    terms = ReviewSettings(
        cutoff=CUTOFF, margin_rate=1.0, groupings=(), statements=stored.config.campaigns, tables=stored
    )
    (review,) = review_campaigns(load_campaign_customers(stored, CUTOFF), terms, since=np.datetime64(MORNING, "s"))

    assert shown.effects[0].kpi == kpi
    assert shown.effects[0].per_customer.has_interval
    assert (shown.n_customers, shown.n_control) == (200, 76)
    assert msgspec.json.encode(review.checked.measures) == msgspec.json.encode(shown)


def test_contacts_that_are_stored_and_mapped_as_well_count_once(tmp_path):
    stored, mapped, both = (
        msgspec.json.encode(show(open_world(tmp_path, kpi="purchased", mapped=mapped, stored=stored)))
        for mapped, stored in ((False, True), (True, False), (True, True))
    )

    assert stored == mapped == both
    assert json.loads(stored)["n_contacts"] == 129


def test_the_report_has_a_campaign_that_lives_in_the_store_alone(tmp_path):
    reviews = build_report(open_world(tmp_path, kpi="amount", mapped=False, stored=True), CUTOFF).campaigns

    assert [one.name for one in reviews] == ["spring"]
    assert (reviews[0].planned.goal, reviews[0].planned.kpi, reviews[0].done.n_contacts) == ("x", "amount", 129)
    assert [one.kpi for one in reviews[0].checked.measures.effects] == ["amount", "purchased", "stayed"]


def test_decisions_without_a_campaign_are_reviewed_together_against_the_permanent_control_group():
    rows = [
        DecisionRow(decision_id=f"d{place}", customer_id=f"c{place:02d}", decided_at=MORNING, offer_id="tea",
                    treated=place >= 10, propensity=0.8, no_contact=NoContact.CONTROL_GROUP if place < 10 else None)
        for place in range(40)
    ]  # fmt: skip
    orders = [*(f"c{place:02d} 2025-12-01 10" for place in range(40)), *(f"c{place} 2026-01-12" for place in range(20))]
    (review,) = build_report(with_decisions(shop(*orders, "last 2026-06-20"), rows), CUTOFF).campaigns

    assert review.name == WITHOUT_CAMPAIGN
    assert (review.done.n_contacted, review.done.n_control) == (30, 10)
    assert review.checked.own.per_customer.value == pytest.approx(1 / 3)
