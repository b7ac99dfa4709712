"""What a campaign has changed: customers once, by chance, within their days to respond."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from core.campaigns import CampaignEvent, CampaignState
from core.config.campaigns import Campaign, JourneyStep
from core.config.training import ChurnDefinition
from core.decisions import DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from core.i18n.message import translate_written, write
from core.i18n.translation import ENGLISH, GAP, JAPANESE, translate
from insights.campaigns.customers import ComparedCustomers
from insights.campaigns.kpis import Measurement
from insights.campaigns.measuring import SENTENCES, CampaignMeasures, measure_campaign
from insights.campaigns.rollout import REASONS, RunningCampaign, advance_campaigns, choose_next
from insights.campaigns.staging import StageDecision
from insights.render.campaign import describe_campaign, describe_change
from tables.tables import Tables
from tests.contacts import collect_customers
from tests.worlds import config, frame, purchase_log, tables_from_frames

DAY = datetime(2024, 3, 1, 9)
TODAY = date(2024, 4, 1)
CAMPAIGN = Campaign(goal="more orders", starts_on=DAY.date(), rule="recency_days > 0", offers=("tea10",))
NOW = datetime(2024, 4, 1, 1, tzinfo=UTC)


def decision(customer: str, *, treated: bool = True, day: int = 0, **changes: Any) -> DecisionRow:
    usual: dict[str, Any] = {
        "decision_id": f"{customer} {day}", "decided_at": DAY + timedelta(days=day), "offer_id": "tea10",
        "campaign_id": "spring", "propensity": 0.5, "cost": 2.0 if treated else 0.0, "treated": treated,
        "no_contact": None if treated else NoContact.CONTROL_GROUP,
    }  # fmt: skip
    return DecisionRow(customer_id=customer, **usual | changes)


def outcome(of: DecisionRow, kind: OutcomeKind, *, day: int = 1) -> DecisionOutcome:
    return DecisionOutcome(
        outcome_id=f"{of.decision_id} {kind}",
        decision_id=of.decision_id,
        kind=kind,
        event_time=DAY + timedelta(days=day),
    )


def half_and_half(n: int, **changes: Any) -> list[DecisionRow]:
    """Customers t0, t1, ... are contacted, c0, c1, ... are the control group."""
    return [decision(f"{arm}{row}", treated=arm == "t", **changes) for arm in "tc" for row in range(n)]


def measure(customers: ComparedCustomers, *purchases: str, today: date = TODAY, **campaign: Any) -> CampaignMeasures:
    frames = {"purchases": purchase_log(*purchases, "last 2024-04-10")}
    tables = tables_from_frames(config(), frames)
    own = Campaign(**{"goal": "x", "starts_on": DAY.date(), "rule": "a > 0", "offers": ("tea10",)} | campaign)
    return measure_on(tables, customers, campaign=own, today=today)


def measure_on(
    tables: Tables, customers: ComparedCustomers, *, campaign: Campaign = CAMPAIGN, today: date = TODAY
) -> CampaignMeasures:
    own = Measurement(kpi=campaign.kpi, n_days=campaign.n_response_days, tables=tables, today=today)
    return measure_campaign(customers, own)


def test_a_customer_counts_once_from_the_first_decision_with_the_cost_of_all_contacts():
    first, second = decision("ada"), decision("ada", day=3)
    customers = collect_customers(
        [second, first, decision("bo", no_contact=NoContact.NO_CONSENT), decision("cyd", treated=False)],
        [outcome(second, OutcomeKind.CONVERTED, day=4), outcome(first, OutcomeKind.CONVERTED, day=2)],
    )

    assert customers.customer_ids.tolist() == ["ada", "cyd"]
    assert customers.entered_at.tolist() == [DAY, DAY]
    assert (customers.n_contacts.tolist(), customers.costs.tolist()) == ([2, 0], [4.0, 0.0])
    assert customers.converted_at[0] == np.datetime64(DAY + timedelta(days=2))
    assert np.isnat(customers.converted_at[1])


def test_orders_count_within_the_days_to_respond_in_both_groups_alike():
    customers = collect_customers(half_and_half(60), [])
    orders = [f"t{row} 2024-03-0{day} 30" for row, day in ((0, 2), (1, 3), (2, 4), (3, 5))]
    measures = measure(customers, *orders, "t4 2024-02-28", "t5 2024-03-20", "c0 2024-03-03 10")

    purchased, amount = measures.effects[:2]
    assert (purchased.kpi, purchased.n_treated, purchased.n_control) == ("purchased", 60, 60)
    assert (purchased.treated_mean, purchased.control_mean) == (pytest.approx(4 / 60), pytest.approx(1 / 60))
    assert purchased.total.value == pytest.approx(3)
    assert (amount.kpi, amount.total.value) == ("amount", pytest.approx(120 - 10))
    assert measures.return_on_cost.value == pytest.approx(110 / 120 - 1)
    assert measures.conversions is not None
    assert (measures.conversions.n_treated, measures.conversions.n_control) == (4, 1)


def test_an_effect_waits_until_the_days_to_respond_are_over():
    customers = collect_customers(half_and_half(60), [])
    measures = measure(customers, "t0 2024-03-02", today=date(2024, 3, 10))

    assert "are over for 0 contacted customers and 0 of the control group" in measures.effects[0].unknown
    assert measures.conversions is not None
    assert measures.conversions.n_treated == 1


def test_reported_conversions_of_one_group_alone_are_no_evidence():
    rows = half_and_half(60)
    customers = collect_customers(rows, [outcome(rows[0], OutcomeKind.CONVERTED)])
    measures = measure(customers, kpi="converted")

    assert "no conversion of the control group is reported; set kpi = 'purchased'" in measures.effects[0].unknown
    assert measures.conversions is None


def test_a_control_group_that_was_contacted_anyway_still_counts_and_is_named():
    rows = half_and_half(60)
    sent = [outcome(row, OutcomeKind.SENT) for row in rows if row.customer_id in ("c0", "c1")]
    customers = collect_customers([*rows, decision("c2", day=4)], sent)
    measures = measure(customers)

    assert (measures.n_treated, measures.n_control) == (60, 60)
    assert measures.warnings[0].startswith("3 of 60 customers of the control group were contacted anyway")


def test_an_empty_arm_is_named():
    everyone_contacted = collect_customers([decision(f"t{row}", propensity=1.0) for row in range(5)], [])
    only_control = collect_customers([decision("c0", treated=False)], [])

    assert measure(everyone_contacted).warnings == (
        "the control group is empty, so no effect can be shown; set control_share = 0.1",
    )
    assert measure(everyone_contacted).conversions is None
    assert "no customer was contacted" in measure(only_control).warnings[0]
    assert measure(collect_customers([], [])).warnings == ()


def test_a_control_group_that_no_customer_has_entered_yet_is_waited_for():
    first = collect_customers([decision("t0", propensity=0.9)], [])

    assert measure(first).warnings == (
        "none of the 1 customers so far is of the control group, of 10% by chance, so no effect can be shown yet",
    )


def test_only_the_offers_of_a_journey_have_an_order():
    def audience(**campaign) -> str:
        own = {"goal": "x", "starts_on": DAY.date(), "rule": "a > 0"} | campaign
        shown = running(Campaign(**own), day=3)
        return list(describe_campaign("spring", shown, following=None, currency="JPY", language=ENGLISH))[1]

    steps = (JourneyStep(offer="tea10"), JourneyStep(offer="cup", after_days=7))
    assert audience(offers=("tea10", "cup")).endswith("offers: tea10, cup")
    assert audience(steps=steps).endswith("offers: tea10 > cup")


def test_customers_whom_chance_could_not_leave_out_are_counted_but_not_compared():
    before = [decision(f"b{row}", propensity=1.0) for row in range(30)]
    orders = [f"b{row} 2024-03-02 50" for row in range(30)]
    measures = measure(collect_customers([*before, *half_and_half(60)], []), *orders, "t0 2024-03-02 50")

    assert (measures.n_customers, measures.n_contacts, measures.cost) == (150, 90, 180)
    assert (measures.effects[0].n_treated, measures.effects[0].total.value) == (60, pytest.approx(1))
    assert measures.warnings[0].startswith("30 of 150 customers were contacted for certain")
    assert measures.conversions is not None
    assert measures.conversions.treated_share == 0.5


def test_a_changed_share_is_named():
    rows = [*half_and_half(60), *(decision(f"x{row}", treated=row > 5, propensity=0.9) for row in range(60))]

    assert "P(treated) varies from 0.50 to 0.90" in measure(collect_customers(rows, [])).warnings[0]


def running(campaign: Campaign = CAMPAIGN, *purchases: str, percent: int = 5, day: int = 1, **changes: Any):
    started = CampaignEvent(
        campaign_id="spring", state=CampaignState.RUNNING, stage_percent=percent, at=NOW - timedelta(days=day),
        who="ann", why="",
    )  # fmt: skip
    customers = collect_customers(half_and_half(200, **changes), [])
    tables = tables_from_frames(config(), {"purchases": purchase_log(*purchases, "last 2024-04-10")})
    measures = measure_on(tables, customers, campaign=campaign)
    return RunningCampaign(campaign=campaign, events=[started], measures=measures, treated_share=0.5)


def next_event(running: RunningCampaign) -> tuple[str, int, str] | None:
    events = advance_campaigns({"spring": running}, now=NOW, zone=config().zone)
    return (str(events[0].state), events[0].stage_percent, events[0].why) if events else None


def test_a_stage_is_held_for_some_days_and_then_left():
    assert next_event(running(day=1)) is None
    assert next_event(running(day=3)) == ("running", 20, "no sign of harm at 5 %")
    assert next_event(running(day=30, percent=100)) is None


def test_the_days_on_which_a_campaign_was_stopped_are_no_days_at_its_stage():
    shown = running(day=20)
    stopped, again = (
        msgspec.structs.replace(shown.events[0], state=state, stage_percent=percent, at=NOW - timedelta(days=day))
        for state, percent, day in ((CampaignState.STOPPED, 0, 19), (CampaignState.RUNNING, 5, 1))
    )

    assert next_event(replace(shown, events=[*shown.events, stopped, again])) is None


def test_a_stage_that_contacted_no_customer_says_so_instead_of_finding_no_harm():
    shown = replace(running(day=8), measures=measure(collect_customers([decision("c0", treated=False)], [])))

    assert next_event(shown) == (
        "running",
        20,
        "no customer was contacted by 5 %, so harm is looked for at the next stage",
    )


def test_harm_stops_a_campaign():
    harmful = [f"c{row} 2024-03-05" for row in range(90)] + [f"t{row} 2024-03-05" for row in range(20)]
    event = next_event(running(CAMPAIGN, *harmful))

    assert event is not None
    assert event[:2] == ("stopped", 0)
    assert "fewer customers convert than in the control group (20 of 110" in event[2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ends_on": date(2024, 3, 31)}, "it ended on 2024-03-31"),
        ({"max_days": 20}, "max_days = 20 are over"),
        ({"max_contacts": 200}, "200 contacts reach max_contacts = 200"),
        ({"budget": 400.0}, "its contacts have cost 400 of 400"),
        ({"ends_on": date(2024, 4, 1)}, ""),
        ({"max_days": 40, "max_contacts": 201, "budget": 401.0}, ""),
    ],
)
def test_a_campaign_finishes_at_its_own_limits(change, reason):
    settings = {"goal": "x", "starts_on": DAY.date(), "rule": "a > 0", "offers": ("tea10",)}
    event = next_event(running(Campaign(**settings | change), percent=100, day=30))

    assert event == (("finished", 100, reason) if reason else None)


def test_a_campaign_may_finish_once_its_effect_is_shown():
    helpful = [f"t{row} 2024-03-05" for row in range(90)] + [f"c{row} 2024-03-05" for row in range(20)]
    campaign = Campaign(goal="x", starts_on=DAY.date(), rule="a > 0", offers=("tea10",), stop_when_shown=True)

    assert next_event(running(campaign, *helpful, percent=100, day=30)) == (
        "finished", 100, "the test that may be read every day shows an effect",
    )  # fmt: skip
    assert next_event(running(CAMPAIGN, *helpful, percent=100, day=30)) is None


def test_the_page_of_a_campaign_says_plan_figures_and_next_step():
    shown = running(CAMPAIGN, *(f"t{row} 2024-03-05 30" for row in range(80)), day=3)
    following = choose_next(shown, now=NOW, zone=config().zone)[1]

    text = "\n".join(describe_campaign("spring", shown, following=following, currency="JPY", language=ENGLISH))

    assert "spring: more orders" in text
    assert "state: running at 5 % since 2024-03-29 01:00 UTC, by ann: no reason given" in text
    assert "so far: 200 customers contacted, 200 in the control group, 200 contacts, cost ¥400" in text
    assert "customers with an order: 40.00% of the contacted against 0.00% of the control group" in text
    assert "in total 80 customers who ordered because of the campaign (" in text
    assert "read daily: ordered 80 contacted and 0 of the control group" in text
    assert text.endswith("next: goes on to 20 %: no sign of harm at 5 %")


def test_the_page_of_a_campaign_exists_in_japanese_with_what_was_stored_in_english():
    campaign = Campaign(
        goal="注文を増やす", starts_on=DAY.date(), rule="a > 0", offers=("tea10",), hypothesis="増える", owner="田中",
        kpi="stayed",
    )  # fmt: skip
    rows = [*half_and_half(60), decision("c1", day=3), *(decision(f"x{row}", propensity=0.9) for row in range(9))]
    customers = collect_customers(rows, [])
    tables = tables_from_frames(config(), {"purchases": purchase_log("t1 2024-03-05 30", "last 2024-04-10")})
    events = [
        CampaignEvent(campaign_id="spring", state=state, stage_percent=stage, at=NOW, who="kizuna", why=why)
        for state, stage, why in (
            (CampaignState.RUNNING, 5, "no sign of harm at 1 %"), (CampaignState.FINISHED, 5, "max_days = 20 are over"),
        )
    ]  # fmt: skip
    shown = RunningCampaign(
        campaign=campaign, events=events, measures=measure_on(tables, customers, campaign=campaign), treated_share=0.5
    )
    harm = "more customers churn than in the control group (9 of 10, where 50% are in the campaign)"
    following = StageDecision("stop", 0, harm)

    lines = [
        *describe_campaign("spring", shown, following=following, currency="JPY", language=JAPANESE),
        describe_change(events[0], JAPANESE),
    ]

    words = set(re.findall(r"[A-Za-z_]+", " ".join(lines)))
    assert words <= {"spring", "rule", "a", "tea", "KPI", "UTC", "kizuna", "max_days", "P", "treated"}
    assert any("対照群より解約が多くなっています(10人中9人" in line for line in lines)
    assert "キャンペーンspring:実施中(5 %):1 %で悪影響の兆しはありません" in lines


@pytest.mark.parametrize("template", [*SENTENCES, *REASONS])
def test_every_stored_sentence_is_translated_when_it_is_read(template: str):
    numbers = {name: str(place + 2) for place, name in enumerate(GAP.findall(template))}
    text, japanese = write(template, **numbers), translate(template, JAPANESE, **numbers)

    assert translate_written(text, JAPANESE, templates=(*SENTENCES, *REASONS)) == japanese != text


def test_churn_is_that_of_the_toml_from_the_day_on_which_each_customer_entered():
    rows = [
        {
            "customer_id": f"{arm}{row}", "subscription_id": f"{arm}{row}", "plan": "a", "mrr": 10.0,
            "started_at": "2023-01-01", "ended_at": "2024-03-20" if row < (10 if arm == "t" else 30) else None,
        }
        for arm in "tc" for row in range(100)
    ]  # fmt: skip
    churn = ChurnDefinition(definition="subscription_ended", horizon_days=30, grace_days=10)
    settings = config(churn=churn, watermark=date(2024, 6, 1))
    tables = tables_from_frames(settings, {"subscriptions": frame(*rows)})
    campaign = Campaign(goal="x", starts_on=DAY.date(), rule="a > 0", offers=("tea10",), kpi="stayed")

    customers = collect_customers(half_and_half(100), [])
    measures = measure_on(tables, customers, campaign=campaign, today=date(2024, 6, 1))

    (stayed,) = (effect for effect in measures.effects if effect.kpi == "stayed")
    assert (stayed.treated_mean, stayed.control_mean) == (pytest.approx(0.9), pytest.approx(0.7))
    assert stayed.total.value == pytest.approx(20)
    assert measures.conversions is not None
    assert (measures.conversions.event, measures.conversions.n_treated, measures.conversions.n_control) == (
        "churned", 10, 30,
    )  # fmt: skip


def test_refusals_of_contact_since_the_entry_are_compared_where_both_groups_record_them():
    customers = collect_customers(half_and_half(60), [])
    refusals = frame(
        *(
            {"customer_id": one, "purpose": "contact", "granted": False, "event_time": "2024-03-05"}
            for one in ("t0", "t1", "c0")
        )
    )
    tables = tables_from_frames(config(), {"purchases": purchase_log("last 2024-04-10"), "consents": refusals})

    measures = measure_on(tables, customers)

    assert measures.unsubscriptions is not None
    assert (measures.unsubscriptions.n_treated, measures.unsubscriptions.n_control) == (2, 1)
    assert measure(customers).unsubscriptions is None


def test_levels_of_the_control_share_are_read_daily_within_themselves():
    # Eager customers were mostly contacted, and others mostly not; the campaign changes nothing.
    groups = [("eager", 0.9, (900, 450), (100, 50)), ("others", 0.1, (100, 10), (900, 90))]
    rows, outcomes = list[DecisionRow](), list[DecisionOutcome]()
    for name, share, *arms in groups:
        for treated, (n, n_converted) in zip((True, False), arms, strict=True):
            for place in range(n):
                rows.append(decision(f"{name} {treated} {place}", treated=treated, propensity=share))
                if place < n_converted:
                    outcomes.append(outcome(rows[-1], OutcomeKind.CONVERTED))
    measures = measure(collect_customers(rows, outcomes), kpi="converted")

    assert measures.effects[0].per_customer.value == pytest.approx(0, abs=1e-9)
    assert measures.conversions is not None
    assert measures.conversions.e_value < 1


def test_events_after_the_day_of_the_figures_do_not_count():
    customers = collect_customers(half_and_half(60), [])
    measures = measure(customers, "t0 2024-03-03", "t1 2024-03-08", today=date(2024, 3, 5))

    assert measures.conversions is not None
    assert measures.conversions.n_treated == 1


def test_both_groups_enter_when_their_contact_is_or_would_have_been_made():
    evening = DAY + timedelta(hours=10)
    rows = [decision("t0", send_at=evening), decision("c0", treated=False, send_at=evening)]

    assert collect_customers(rows, []).entered_at.tolist() == [evening, evening]
