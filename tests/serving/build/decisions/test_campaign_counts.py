"""A campaign says how many customers it has due, and why some of them are not contacted."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from core.decisions import DecisionRow
from core.offers import Offer
from serving.build.decisions.campaign_counts import CampaignCount, count_campaigns
from serving.decisions.store import ContactHistory
from tests.serving.build.decisions.test_deciding import GIFT, campaign_release, decisions_of, due_today, release_with


def test_all_customers_of_a_campaign_are_contacted_or_counted_by_reason():
    release, campaigns = campaign_release()
    due = due_today(release, campaigns)
    everyone, _ = decisions_of(release, campaigns=due)
    contact = CampaignCount(campaign_id="april", due=2, contacted=2, control_group=0, not_contacted={})

    assert count_campaigns(everyone, due) == [contact]

    limited, _ = decisions_of(release, campaigns=due, budget=3.0)
    (count,) = count_campaigns(limited, due)

    assert count.contacted + count.control_group + sum(count.not_contacted.values()) == count.due == 2


def test_customers_who_were_contacted_before_are_counted_by_the_limit_of_contacts():
    release, campaigns = campaign_release()
    due = due_today(release, campaigns)
    gift = DecisionRow(
        decision_id="d1", customer_id="ada", decided_at=datetime(2026, 4, 1, 8), offer_id="gift", channel="mail"
    )  # fmt: skip
    decided, _ = decisions_of(release, campaigns=due, history=ContactHistory(decisions=[gift]))
    (count,) = count_campaigns(decided, due)

    assert (count.due, count.contacted, count.not_contacted) == (2, 1, {"cap": 1})


def test_the_control_group_of_a_campaign_is_counted_apart():
    release, campaigns = campaign_release(control_share=0.5)
    due = due_today(release, campaigns)
    decided, _ = decisions_of(release, campaigns=due)
    (count,) = count_campaigns(decided, due)

    assert (count.due, count.contacted + count.control_group, count.not_contacted) == (2, 2, {})
    assert count.control_group == int((~due[0].contacts.treated).sum())


def test_a_second_run_of_the_day_gives_the_same_counts():
    _, campaigns = campaign_release()
    cheap = Offer(offer_id="spring", kind="content", cost=1, margin=1)
    release = release_with(GIFT, cheap, campaign_offers=("spring",))
    due = due_today(release, campaigns)
    first, _ = decisions_of(release, campaigns=due)
    again, _ = decisions_of(release, campaigns=due, history=ContactHistory(decisions=first.rows_to_store))
    (count,) = count_campaigns(first, due)

    assert count.not_contacted == {"other_offer": 2}
    assert count_campaigns(again, due) == [count]


def test_the_reason_is_that_of_the_offer_which_is_due_whatever_keeps_other_offers_back():
    _, campaigns = campaign_release()
    dear = Offer(offer_id="spring", kind="content", cost=1000, margin=1)
    release = release_with(structs.replace(GIFT, capacity=0), dear, campaign_offers=("spring",))
    due = due_today(release, campaigns)
    decided, rows = decisions_of(release, campaigns=due)

    assert rows["ada"].no_contact == "capacity"
    assert count_campaigns(decided, due)[0].not_contacted == {"does_not_pay": 2}


def test_a_control_group_that_no_contact_would_pay_for_is_not_counted_as_one():
    _, campaigns = campaign_release(control_share=0.5)
    dear = Offer(offer_id="spring", kind="content", cost=1000, margin=1)
    release = release_with(dear, campaign_offers=("spring",), control_share=0.5)
    due = due_today(release, campaigns)
    decided, rows = decisions_of(release, campaigns=due)
    (count,) = count_campaigns(decided, due)

    assert {row.offer_id for row in rows.values()} == {None}
    assert (count.control_group, count.not_contacted) == (0, {"does_not_pay": 2})
