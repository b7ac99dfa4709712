"""What running campaigns do on a day, from the tables: audiences, refusals, triggers that have just become true."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from core.config.campaigns import Campaign, CampaignTrigger
from core.config.customers import Segment
from core.decisions import DecisionRow
from insights.campaigns.audience import count_audience
from insights.campaigns.due import find_due_contacts
from insights.segments import Probabilities, Risks
from models.policies.campaign_contacts import CampaignHistory
from tables.tables import Tables
from tests.worlds import config, frame, purchase_log, tables_from_frames

TODAY = date(2024, 3, 31)
NO_RISKS = Risks.unknown()
USUAL: dict[str, Any] = {"goal": "x", "starts_on": date(2024, 1, 1), "offers": ("tea10",), "control_share": 0.0}
ONE_STAGE: dict[str, Any] = USUAL | {"stages": (100,)}


def campaign_of(**changes: Any) -> Campaign:
    return Campaign(**ONE_STAGE | changes)


def tables_with(campaign: Campaign) -> Tables:
    """Ada bought 11 days before the cutoff, Bo 30, Cyd and Dan yesterday; Bo refuses contact, Dan filled a cart."""
    orders = ["ada 2024-03-20", "bo 2024-03-01", "cyd 2024-03-30", "cyd 2024-03-29", "dan 2024-03-30T09:00"]
    consents = frame({"customer_id": "bo", "purpose": "contact", "granted": False, "event_time": "2024-03-02"})
    usage = frame({"customer_id": "dan", "event_time": "2024-03-30T12:00", "event": "add_to_cart"})
    settings = config(
        segments={"twice": Segment(rule="orders_total >= 2")}, campaigns={"spring": campaign}, watermark=TODAY
    )
    frames = {"purchases": purchase_log(*orders), "consents": consents, "usage": usage}
    return tables_from_frames(settings, frames)


def risks_of(**churn: float) -> Risks:
    return Risks(Probabilities(np.array(list(churn)), np.array(list(churn.values()))), source="")


def customers_due(
    campaign: Campaign, *, history: CampaignHistory | None = None, risks: Risks = NO_RISKS, earlier: Risks = NO_RISKS
) -> list[str]:
    contacts = find_due_contacts(
        tables_with(campaign), {"spring": campaign}, stages={"spring": 100}, risks=risks, today=TODAY,
        load_earlier_risks=lambda _: earlier,
        histories={"spring": history} if history else {},
    )  # fmt: skip
    return contacts["spring"].customer_ids.tolist()


@pytest.mark.parametrize(
    ("changes", "customers"),
    [
        ({"rule": "recency_days > 10"}, ["ada"]),
        ({"rule": "recency_days > 10", "again_after_days": 5}, ["ada"]),
        ({"segment": "twice"}, ["cyd"]),
        ({"rule": "segment_twice == 1 or recency_days > 10"}, ["ada", "cyd"]),
        ({"trigger": {"kind": "abandoned_cart", "event": "add_to_cart"}}, ["dan"]),
        ({"trigger": {"kind": "rule", "rule": "recency_days > 10"}}, ["ada"]),
        ({"trigger": {"kind": "rule", "rule": "recency_days > 5"}}, ["ada"]),
        ({"trigger": {"kind": "rule", "rule": "recency_days > 5", "days": 5}}, []),
        ({"trigger": {"kind": "first_purchase", "days": 12}}, ["ada", "dan"]),
    ],
)
def test_a_campaign_contacts_its_audience_without_refusals(changes, customers):
    campaign = msgspec.convert(ONE_STAGE | changes | {"offers": ["tea10"], "stages": [100]}, Campaign)

    assert customers_due(campaign) == customers


@pytest.mark.parametrize(("earlier", "customers"), [(0.1, ["ada"]), (0.8, [])])
def test_a_risk_has_become_high_where_the_scores_of_earlier_days_were_low(earlier, customers):
    rises = campaign_of(trigger=CampaignTrigger(kind="rule", rule="churn_probability > 0.5"))

    assert customers_due(rises, risks=risks_of(ada=0.9), earlier=risks_of(ada=earlier)) == customers


def test_who_has_entered_does_not_enter_again():
    earlier = DecisionRow(decision_id="d1", customer_id="ada", decided_at=datetime(2024, 3, 30, 9), offer_id="tea10")

    assert customers_due(campaign_of(rule="recency_days > 10"), history=CampaignHistory(decisions=[earlier])) == []


def test_an_audience_is_counted_whatever_its_trigger():
    campaign = campaign_of(trigger=None, rule="recency_days > 10")

    assert count_audience(tables_with(campaign), campaign, risks=NO_RISKS) == (2, 4)
