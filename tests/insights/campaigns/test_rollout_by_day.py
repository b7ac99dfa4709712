"""A campaign day by day from its start, with a fixed clock; three in ten customers convert without it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.campaigns import CampaignEvent, CampaignState
from core.config.campaigns import Campaign
from core.decisions import DecisionRow
from insights.campaigns.customers import NEVER, ComparedCustomers
from insights.campaigns.kpis import Measurement
from insights.campaigns.measuring import measure_campaign
from insights.campaigns.rollout import RunningCampaign, advance_campaigns
from models.policies.campaign_contacts import CampaignHistory, due_contacts

START, N, WITHOUT = date(2024, 3, 1), 6_000, 0.3
CAMPAIGN = Campaign(
    goal="x", starts_on=START, rule="1 == 1", offers=("tea10",), kpi="converted", control_share=0.5,
)  # fmt: skip
NAMES = np.array([f"c{row:04d}" for row in range(N)])


def collect(decisions: Sequence[DecisionRow], *, converts: NDArray[np.bool_]) -> ComparedCustomers:
    """Those who entered; `converts`, (N, 2), says who does without and with a contact, within six hours."""
    rows = np.array([int(one.customer_id[1:]) for one in decisions], dtype=np.int64)
    treated = np.array([one.treated for one in decisions], dtype=bool)
    entered_at = np.array([one.decided_at for one in decisions], dtype="datetime64[s]")
    return ComparedCustomers(
        customer_ids=NAMES[rows],
        entered_at=entered_at,
        treated=treated,
        propensities=np.full(len(rows), 0.5),
        n_contacts=treated.astype(np.int64),
        costs=treated.astype(np.float64),
        converted_at=np.where(converts[rows, treated.astype(int)], entered_at + np.timedelta64(6, "h"), NEVER),
        unsubscribed_at=np.full(len(rows), NEVER),
        contacted_anyway=np.zeros(len(rows), bool),
    )


def run_campaign(
    with_contact: float, *, seed: int = 1, n_days: int = 20
) -> tuple[list[CampaignEvent], list[DecisionRow]]:
    """What `kizuna decide` would do on each morning: let the campaign go on by its figures, then contact."""
    converts = np.random.default_rng(seed).random((N, 1)) < np.array([WITHOUT, with_contact])
    events, decisions = list[CampaignEvent](), list[DecisionRow]()
    for day in range(n_days):
        now = datetime.combine(START + timedelta(days=day), time(9), UTC)
        if not events:
            events.append(
                CampaignEvent(
                    campaign_id="spring", state=CampaignState.RUNNING, stage_percent=1, at=now, who="ann", why=""
                )
            )  # fmt: skip
        customers = collect(decisions, converts=converts)
        terms = Measurement(kpi="converted", n_days=14, tables=None, today=now.date())
        running = RunningCampaign(
            campaign=CAMPAIGN,
            events=list(events),
            measures=measure_campaign(customers, terms),
            treated_share=customers.mean_propensity,
        )
        events += advance_campaigns({"spring": running}, now=now, zone=ZoneInfo("UTC"))
        due = due_contacts(
            "spring", CAMPAIGN, customer_ids=NAMES, in_audience=np.ones(N, bool), today=now.date(),
            stage_percent=events[-1].stage_percent, history=CampaignHistory(decisions=decisions),
        )  # fmt: skip
        decisions += [
            DecisionRow(
                decision_id=f"{name} {day}", customer_id=name, decided_at=now.replace(tzinfo=None), offer_id="tea10",
                campaign_id="spring", treated=treated, propensity=0.5, stage_percent=stage,
            )
            for name, treated, stage in zip(
                due.customer_ids.tolist(), due.treated.tolist(), due.stage_percent.tolist(), strict=True
            )
        ]  # fmt: skip
    return events, decisions


def test_a_campaign_that_helps_reaches_its_whole_audience_by_itself():
    events, decisions = run_campaign(with_contact=0.4)

    assert [(str(event.state), event.stage_percent) for event in events] == [
        ("running", 1), ("running", 5), ("running", 20), ("running", 100),
    ]  # fmt: skip
    assert {event.who for event in events[1:]} == {"kizuna"}
    assert len({one.customer_id for one in decisions}) == len(decisions) == N


def test_a_campaign_that_harms_stops_by_itself_before_most_customers_are_contacted():
    events, decisions = run_campaign(with_contact=0.1)

    assert (events[-1].state, events[-1].stage_percent) == (CampaignState.STOPPED, 0)
    assert events[-1].why.startswith("fewer customers convert than in the control group")
    assert max(event.stage_percent for event in events) <= 20
    assert all(one.decided_at.date() < events[-1].at.date() for one in decisions)


def test_campaigns_that_change_nothing_are_hardly_ever_stopped():
    stopped = [run_campaign(with_contact=WITHOUT, seed=seed)[0][-1].state for seed in range(4)]

    assert CampaignState.STOPPED not in stopped
