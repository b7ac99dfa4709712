"""`kizuna campaign show` and the report measure a campaign alike: from stored decisions, and from their contacts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from core.config.campaigns import Campaign, Kpi
from core.config.training import ChurnDefinition
from core.decisions import DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from insights.campaigns.customers import collect_customers
from insights.campaigns.kpis import Measurement
from insights.campaigns.measuring import measure_campaign
from insights.report.campaign_data import load_campaign_customers
from insights.report.campaign_reviews import ReviewSettings, review_campaigns
from serving.build.contacts import write_contacts
from serving.decisions.store import DecisionFilter, DecisionStore
from tests.worlds import config, purchase_log, tables_from_frames

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


@pytest.mark.parametrize("kpi", ["purchased", "amount", "stayed", "converted"])
def test_a_campaign_has_the_same_figures_in_the_report_and_on_the_command_line(tmp_path, kpi: Kpi):
    store = DecisionStore.at(None, tmp_path / "decisions.db", data_set="world")
    decide(store)
    write_contacts(store, tmp_path / "contacts.parquet")
    campaign = Campaign(goal="x", starts_on=MORNING.date(), rule="recency_days > 0", offers=("tea",), kpi=kpi)
    settings = config(campaigns={"spring": campaign}, churn=ChurnDefinition(horizon_days=60))
    orders = [
        # Contacts go out at 18:00: an order at noon of the day of the decision is before them, in both groups.
        *(f"c{place:03d} 2025-11-{1 + place % 28:02d} {10 + place}" for place in range(200)),
        *(f"c{place:03d} 2026-01-10T12:00 40" for place in range(0, 120, 7)),
        *(f"c{place:03d} 2026-01-21 {30 + place}" for place in range(0, 200, 3)),
        "last 2026-06-20 1",
    ]
    contacts = pq.read_table(tmp_path / "contacts.parquet")
    tables = tables_from_frames(settings, {"purchases": purchase_log(*orders), "contacts": contacts})

    selected = DecisionFilter(campaign_id="spring")
    shown = measure_campaign(
        collect_customers(store.find(selected), store.find_outcomes(selected)),
        Measurement(kpi=kpi, n_days=campaign.n_response_days, tables=tables, today=CUTOFF),
    )
    terms = ReviewSettings(cutoff=CUTOFF, margin_rate=1.0, groupings=(), statements=settings.campaigns, tables=tables)
    (review,) = review_campaigns(load_campaign_customers(tables, CUTOFF), terms, since=np.datetime64(MORNING, "s"))

    assert shown.effects[0].kpi == kpi
    assert shown.effects[0].per_customer.has_interval
    assert msgspec.json.encode(review.checked.measures) == msgspec.json.encode(shown)
