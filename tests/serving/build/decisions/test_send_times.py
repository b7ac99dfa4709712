"""A shop whose customers buy on Tuesdays at 9 and click in mails alone gets mails on Tuesdays at 9."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import msgspec
import numpy as np
import pytest

from core.config.decisions import ChannelSettings, ContactPolicy, DecisionSettings
from core.customer_moments import ChannelContacts, CustomerMoments
from models.policies.channels import ASSUMED_ALIKE, learn_channel_effects
from models.policies.timing import find_allowed_hours, fit_contact_timing
from serving.build.decisions.deciding import DecisionRun, decide_customers
from serving.build.decisions.layouts import LAYOUTS
from serving.build.decisions.writing import DecisionWriter
from serving.decisions.store import ContactHistory
from serving.offers.candidates import offers_of
from serving.offers.choosing import OfferRequest, choose_offer
from tests.serving.build.decisions.test_deciding import CALL, GIFT, NOON, release_with, with_slots

POLICY = ContactPolicy(quiet_from=time(21), quiet_until=time(9))
CHANNELS = {"line": ChannelSettings(), "mail": ChannelSettings(cost=1)}
TUESDAY_AT_9 = datetime(2026, 4, 7, 9)  # NOON is a Wednesday


def send_times_of(release, **settings):
    part = offers_of(release)
    terms = msgspec.structs.replace(part.terms, settings=DecisionSettings(**settings), policy=POLICY)
    decided = decide_customers(replace(release, offers=replace(part, terms=terms)), DecisionRun(now=NOON))
    return {row.customer_id: row.send_at for row in decided.rows}


def test_a_promotional_contact_waits_for_the_best_weekday_within_the_planning_span():
    release = with_slots(release_with(GIFT), hours=[9, 20, -1], weekdays=[1, 2, 3])

    assert send_times_of(release) == {
        "ada": TUESDAY_AT_9,
        "bo": datetime(2026, 4, 1, 20),
        "cyd": datetime(2026, 4, 2, 9),
    }
    assert send_times_of(release, planning_days=6)["ada"] == datetime(2026, 4, 2, 9)  # Tuesday is the seventh day
    assert send_times_of(release, planning_days=7)["ada"] == TUESDAY_AT_9


def test_a_channel_without_quiet_hours_is_used_at_night():
    release = release_with(GIFT)
    part, late = offers_of(release), datetime(2026, 4, 1, 23, 10)

    def send_at(channel: ChannelSettings) -> set[datetime | None]:
        settings = DecisionSettings(channels={"site": channel})
        terms = msgspec.structs.replace(part.terms, settings=settings, policy=POLICY)
        decided = decide_customers(replace(release, offers=replace(part, terms=terms)), DecisionRun(now=late))
        return {row.send_at for row in decided.rows}

    assert send_at(ChannelSettings(quiet_hours=False)) == {late}
    assert send_at(ChannelSettings()) == {datetime(2026, 4, 2, 9)}


@pytest.mark.parametrize(
    "offer",
    [
        CALL,
        msgspec.structs.replace(GIFT, ends_at=TUESDAY_AT_9),
        msgspec.structs.replace(GIFT, rule="days_to_birthday > 0 or churn_probability >= 0"),
    ],
    ids=["a renewal", "an offer that ends before", "a rule that counts days"],
)
def test_a_contact_that_cannot_wait_is_made_in_the_best_hour_of_the_first_day(offer):
    release = release_with(offer)
    part = offers_of(release)
    part = replace(part, numbers={**part.numbers, "days_to_birthday": np.array([3.0, 3.0, 3.0])})

    times = send_times_of(with_slots(replace(release, offers=part), hours=[9, 9, 9], weekdays=[1, 1, 1]))

    assert set(times.values()) == {datetime(2026, 4, 2, 9)}


def test_caps_hold_on_the_day_on_which_the_contact_is_made():
    release = with_slots(release_with(GIFT), hours=[9, 9, 9], weekdays=[1, 1, 1])
    first = decide_customers(release, DecisionRun(now=NOON))

    tomorrow = DecisionRun(now=datetime(2026, 4, 2, 12), history=ContactHistory(decisions=first.rows))
    again = decide_customers(release, tomorrow)

    assert {row.send_at for row in first.rows} == {TUESDAY_AT_9}
    assert {str(row.no_contact) for row in again.rows} == {"cap"}


def release_after_learning():
    """200 customers buy on Tuesdays at 9 and are contacted in turns; one in five mails is clicked, and no LINE message.

    Ada, Bo and Cyd are as all customers.
    """
    ids, weeks = np.char.mod("c%03d", np.arange(200)), np.arange(12)
    moments = CustomerMoments(
        customer_ids=np.tile(ids, 12),
        times=np.repeat(np.datetime64("2026-01-06T09") + 7 * 24 * weeks, 200).astype("datetime64[h]"),
        has_hour=np.ones(2400, bool),
        kinds=np.full(2400, "purchase"),
        channels=np.full(2400, ""),
    )
    is_mail = np.repeat(weeks % 2, 200) == 1
    contacts = ChannelContacts(
        customer_ids=moments.customer_ids,
        sent_at=moments.times.astype("datetime64[s]"),
        channels=np.where(is_mail, "mail", "line"),
        responded=is_mail & (np.arange(2400) % 5 == 0),
        response="clicked_at",
    )
    customers = np.array(["ada", "bo", "cyd"])
    timing = fit_contact_timing(moments, customers, allowed=find_allowed_hours(POLICY)).overall
    effects = learn_channel_effects(contacts, customers)
    release = with_slots(release_with(GIFT), hours=timing.hours, weekdays=timing.weekdays)
    part = offers_of(release)
    settings = DecisionSettings(channels=CHANNELS)
    terms = msgspec.structs.replace(part.terms, settings=settings, policy=POLICY, channels=effects.terms)
    part = replace(part, terms=terms, channel_effects=effects.effects.astype(np.float32))
    return replace(release, offers=part)


def test_mails_on_tuesdays_at_9_where_nothing_else_works():
    decided = decide_customers(release_after_learning(), DecisionRun(now=NOON))

    assert {(row.offer_id, row.channel, row.send_at) for row in decided.rows} == {("gift", "mail", TUESDAY_AT_9)}
    values = decided.candidates.valued.values
    in_mail, in_line = (
        next(i for i, o in enumerate(decided.candidates.options) if o.channel == c) for c in ("mail", "line")
    )
    assert values.acceptance[0, in_mail] > 0.15 > 0.05 > values.acceptance[0, in_line]
    assert "in mail as customers clicked there" in values.sources[in_mail]["acceptance"]


def test_a_request_for_a_customer_without_a_record_uses_the_channels_of_all():
    request = OfferRequest(customer_id="stranger", now=NOON, history=ContactHistory())

    choice = choose_offer(release_after_learning(), request)

    assert choice.option is not None
    assert (choice.option.channel, choice.candidates.customers.describe_channel(0)) == ("mail", "all customers")


def test_where_channels_were_not_shown_to_differ_the_cheaper_one_is_used_and_the_file_says_so():
    release = with_slots(
        release_with(GIFT, settings=DecisionSettings(channels=CHANNELS)), hours=[9] * 3, weekdays=[1] * 3
    )
    decided = decide_customers(release, DecisionRun(now=NOON))

    rows = list(DecisionWriter(release, decided).rows(LAYOUTS["kizuna"]))

    assert {row["channel"] for row in rows} == {"line"}
    assert {row["channel_source"] for row in rows} == {ASSUMED_ALIKE}
    assert {row["send_at_source"] for row in rows} == {"hour: by hand; weekday: by hand"}
