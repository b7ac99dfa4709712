"""Whom a campaign contacts: stages grow, control groups stay, journeys go on step by step."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from core.config.campaigns import Campaign, CampaignTrigger, JourneyStep
from core.decisions import DecisionOutcome, DecisionRow, OutcomeKind
from models.policies.campaign_audience import explain_empty_audience, find_audience
from models.policies.campaign_contacts import (
    NO_STEP,
    CampaignContacts,
    CampaignHistory,
    decision_id_of,
    due_contacts,
    in_campaign_control,
    in_stage,
)

DAY = date(2026, 4, 1)
MANY = np.array([f"c{number:05d}" for number in range(4000)])
PLAIN = Campaign(goal="x", starts_on=DAY, rule="recency_days > 90", offers=("tea10",))
JOURNEY = Campaign(
    goal="x",
    starts_on=DAY,
    trigger=CampaignTrigger(kind="first_purchase"),
    control_share=0.5,
    steps=(
        JourneyStep(offer="hello"),
        JourneyStep(offer="guide", after_days=3, only_if="not_opened"),
        JourneyStep(offer="tea10", after_days=7, only_if="not_converted"),
    ),
)


def due(
    campaign: Campaign = PLAIN, *, customers: Any = MANY, day: int = 0, percent: int = 100, **more: Any
) -> CampaignContacts:
    usual: dict[str, Any] = {"in_audience": np.ones(len(customers), bool)}
    return due_contacts(
        "spring", campaign, customer_ids=np.array(customers), stage_percent=percent,
        today=DAY + timedelta(days=day), **usual | more,
    )  # fmt: skip


def decisions_of(contacts: CampaignContacts, day: int) -> list[DecisionRow]:
    """The contacts as they are stored."""
    at = datetime.combine(DAY + timedelta(days=day), time(9))
    return [
        DecisionRow(
            decision_id=decision_id_of("shop", "spring", customer_id=str(customer), day=at.date()),
            customer_id=str(customer), decided_at=at, offer_id=str(contacts.offer_ids[row]), campaign_id="spring",
            treated=bool(contacts.treated[row]), propensity=float(contacts.propensities[row]),
            stage_percent=int(contacts.stage_percent[row]), step=None if step == NO_STEP else int(step),
        )
        for row, (customer, step) in enumerate(zip(contacts.customer_ids, contacts.steps, strict=True))
    ]  # fmt: skip


TREATED = [str(one) for one in MANY[~in_campaign_control("spring", MANY, share=0.5)][:2]]
CONTROL = [str(one) for one in MANY[in_campaign_control("spring", MANY, share=0.5)][:2]]


def run_journey(days: int, *, reactions: dict[int, OutcomeKind] | None = None, customers=TREATED[:1]) -> list[tuple]:
    """(day, customer, offer) of each contact; `reactions` are those of the first customer, by day."""
    decisions, outcomes, contacts = list[DecisionRow](), list[DecisionOutcome](), []
    for day in range(days):
        contacts_today = due(
            JOURNEY, customers=customers, day=day, history=CampaignHistory(decisions=decisions, outcomes=outcomes)
        )
        contacts += [
            (day, *pair)
            for pair in zip(contacts_today.customer_ids.tolist(), contacts_today.offer_ids.tolist(), strict=True)
        ]
        decisions += decisions_of(contacts_today, day)
        if kind := (reactions or {}).get(day):
            outcomes.append(
                DecisionOutcome(
                    outcome_id=f"o{day}", decision_id=decisions[0].decision_id, kind=kind, event_time=datetime.now()
                )
            )
    return contacts


def test_a_larger_stage_contains_the_smaller_one():
    small, large = (set(due(percent=percent).customer_ids.tolist()) for percent in (5, 20))

    assert small < large
    assert len(small) / 4000 == pytest.approx(0.05, abs=0.01)
    assert len(due().customer_ids) == 4000


def test_the_control_group_is_a_tenth_of_every_stage_and_its_members_stay():
    small, large = due(percent=20), due()
    control = [set(contacts.customer_ids[~contacts.treated].tolist()) for contacts in (small, large)]

    assert (~small.treated).mean() == pytest.approx(0.1, abs=0.03)
    assert control[0] == control[1] & set(small.customer_ids.tolist())
    assert set(small.propensities.tolist()) == {0.9}
    assert not (in_campaign_control("spring", MANY, share=0.1) == in_campaign_control("may", MANY, share=0.1)).all()


def test_a_customer_enters_once_and_the_next_stage_only_adds_others():
    first = due(percent=20)
    later = due(day=4, history=CampaignHistory(decisions=decisions_of(first, 0)))

    assert len(first) + len(later) == 4000
    assert not set(first.customer_ids.tolist()) & set(later.customer_ids.tolist())


def test_a_second_run_on_a_day_gives_the_same_contacts():
    first = due()
    again = due(history=CampaignHistory(decisions=decisions_of(first, 0)))

    assert decisions_of(again, 0) == decisions_of(first, 0)


def test_a_customer_may_enter_again_after_some_days_if_the_campaign_says_so():
    again = msgspec.structs.replace(PLAIN, again_after_days=30)
    history = CampaignHistory(decisions=decisions_of(due(), 0))

    assert [len(due(again, day=day, history=history)) for day in (1, 29, 30)] == [0, 0, 4000]


def test_only_customers_for_whom_the_audience_has_become_true_enter():
    before = np.arange(4000) < 3990

    assert due(was_in_audience=before).customer_ids.tolist() == MANY[3990:].tolist()


def test_nothing_is_due_outside_of_the_audience_the_dates_and_a_running_campaign():
    ending = msgspec.structs.replace(PLAIN, ends_on=DAY + timedelta(days=2))

    assert len(due(in_audience=np.zeros(4000, bool))) == 0
    assert [len(due(ending, day=day)) for day in (-1, 0, 2, 3)] == [0, 4000, 4000, 0]
    assert len(due(percent=0)) == 0


def test_the_policy_chooses_where_there_are_several_offers():
    contacts = due(msgspec.structs.replace(PLAIN, offers=("tea10", "tea20")))

    assert set(contacts.offer_ids.tolist()) == {""}
    assert set(contacts.steps.tolist()) == {NO_STEP}


def test_a_journey_goes_on_step_by_step():
    ada = TREATED[0]

    assert run_journey(20) == [(0, ada, "hello"), (3, ada, "guide"), (10, ada, "tea10")]


def test_a_step_whose_condition_does_not_hold_is_left_out_and_the_next_one_keeps_its_day():
    ada = TREATED[0]

    assert run_journey(20, reactions={1: OutcomeKind.OPENED}) == [(0, ada, "hello"), (10, ada, "tea10")]
    assert run_journey(20, reactions={8: OutcomeKind.CONVERTED}) == [(0, ada, "hello"), (3, ada, "guide")]


def test_who_unsubscribes_or_complains_leaves_the_journey():
    assert run_journey(20, reactions={1: OutcomeKind.UNSUBSCRIBED}) == [(0, TREATED[0], "hello")]
    assert run_journey(20, reactions={5: OutcomeKind.COMPLAINED})[-1] == (3, TREATED[0], "guide")


def test_the_control_group_of_a_journey_has_one_decision_and_no_further_step():
    assert run_journey(20, customers=CONTROL[:1]) == [(0, CONTROL[0], "hello")]


def test_a_journey_goes_on_although_the_customer_has_left_the_audience():
    first = due(JOURNEY, customers=TREATED)
    later = due(
        JOURNEY, customers=TREATED, day=3, in_audience=np.zeros(2, bool),
        history=CampaignHistory(decisions=decisions_of(first, 0)),
    )  # fmt: skip

    assert (later.customer_ids.tolist(), later.steps.tolist()) == (TREATED, [1, 1])
    assert set(later.propensities.tolist()) == {0.5}


def test_stage_and_control_group_are_independent():
    stage, control = in_stage("spring", MANY, stage_percent=20), in_campaign_control("spring", MANY, share=0.5)

    assert control[stage].mean() == pytest.approx(0.5, abs=0.06)


def test_an_audience_fits_the_rule_and_the_trigger():
    campaign = msgspec.structs.replace(PLAIN, trigger=CampaignTrigger(kind="renewal", days=30))
    variables = {"recency_days": np.array([100.0, 100.0, 5.0]), "days_to_renewal": np.array([10.0, np.nan, 10.0])}

    in_audience = find_audience(campaign, n_customers=3, variables=variables, memberships={})

    assert in_audience.tolist() == [True, False, False]
    assert explain_empty_audience("spring", campaign, n_customers=3) == (
        "campaign 'spring' has an empty audience: none of 3 customers fits its rule 'recency_days > 90' and trigger "
        "'renewal' (days_to_renewal <= 30)"
    )


def test_an_audience_may_be_a_segment_or_abandoned_carts():
    cart = CampaignTrigger(kind="abandoned_cart", event="add_to_cart")
    campaign = Campaign(goal="x", starts_on=DAY, segment="loyal", trigger=cart, offers=("tea10",))
    loyal, carts = np.array([True, True, False]), np.array([True, False, True])

    in_audience = find_audience(
        campaign, n_customers=3, variables={}, memberships={"loyal": loyal}, has_abandoned_cart=carts
    )

    assert in_audience.tolist() == [True, False, False]
