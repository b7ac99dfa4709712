"""Who may be contacted when, worked out by hand, and the laws of the contact policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.decisions import ChannelSettings, ContactPolicy
from core.contact_state import ContactState, RecentContacts
from core.control_group import PermanentControlGroup
from core.decisions import NoContact
from core.offers import Offer
from models.policies.candidates import REASONS, Option
from models.policies.contact_limits import (
    ContactRules,
    choose_control_group,
    is_quiet,
    keep_priority,
    limit_contacts,
    next_allowed_times,
)

NO_CONTROL = PermanentControlGroup(share=0.0, salt="s", n_contactable=0)
COUPON = Option(offer=Offer(offer_id="coupon", kind="discount"), channel="mail")
CALL = Option(offer=Offer(offer_id="call", kind="service_call"), channel="phone")
SPRING = Option(offer=Offer(offer_id="tea", kind="item"), channel="mail", campaign_id="spring")
NOON = np.datetime64("2026-04-08T12:00:00")


def contact_log(*lines: str) -> RecentContacts:
    """Contacts from lines such as "0 2026-04-01T10:00 mail spring".

    'service' at the end is not promotional, and 'unmade' is what a control group did not get.
    """
    words = [[*line.split(), "-", "-", "-"] for line in lines]
    return RecentContacts(
        rows=np.array([int(word[0]) for word in words], np.int64),
        times=np.array([word[1] for word in words], "datetime64[s]"),
        channels=np.array([word[2].strip("-") for word in words], np.str_),
        campaigns=np.array([word[3].strip("-") for word in words], np.str_),
        promotional=np.array(["service" not in word for word in words], np.bool_),
        made=np.array(["unmade" not in word for word in words], np.bool_),
    )


def state_of(*lines: str, n: int = 1) -> ContactState:
    return ContactState.unknown(np.array([f"c{place}" for place in range(n)])).add_contacts(contact_log(*lines))


def rules_of(*, channels: dict[str, ChannelSettings] | None = None, control=NO_CONTROL, **policy: Any):
    return ContactRules(policy=ContactPolicy(**policy), channels=channels or {}, control=control)


def reasons(state: ContactState, *options: Option, moments: Any = NOON, **changes: Any) -> list[list[str]]:
    """By customer: the reason against each option, '' where it is allowed."""
    is_immediate = changes.pop("is_immediate", False)
    codes = limit_contacts(options, state, rules=rules_of(**changes), moments=moments, is_immediate=is_immediate)
    names = ["", *REASONS]
    return [[str(names[code]) for code in row] for row in codes]


def test_a_refusal_holds_for_service_contacts_too():
    state = state_of(n=2)
    state.refuses[0] = True

    assert reasons(state, COUPON, CALL) == [["no_consent", "no_consent"], ["", ""]]


def test_a_refusal_of_a_channel_leaves_the_others_however_the_name_is_written():
    state = replace(state_of(n=2), refuses_channel={"mail": np.array([True, False])})
    by_mail = Option(offer=COUPON.offer, channel="Mail")

    assert reasons(state, COUPON, CALL, by_mail) == [["no_consent", "", "no_consent"], ["", "", ""]]
    assert reasons(state.take(0), COUPON, CALL) == [["no_consent", ""]]
    assert reasons(state.reorder(np.array([1, 0])), COUPON, CALL) == [["", ""], ["no_consent", ""]]


def test_an_open_ticket_or_a_complaint_stops_marketing_and_no_service():
    state = state_of(n=3)
    state.has_open_ticket[0] = True
    state.last_complaint_at[1:] = ["2026-03-25T12:00:01", "2026-03-25T12:00:00"]

    assert reasons(state, COUPON, CALL) == [["complaint", ""], ["complaint", ""], ["", ""]]


def test_the_cap_of_a_day_is_of_the_local_day_and_that_of_a_week_of_seven_days():
    state = state_of(
        "0 2026-04-08T00:00", "1 2026-04-07T23:59", "2 2026-04-01T12:00:01", "2 2026-04-07T10:00",
        "3 2026-04-01T12:00:00", "3 2026-04-07T10:00", n=4,
    )  # fmt: skip

    by_customer = reasons(state, COUPON, max_per_day=1, max_per_week=2, other_campaign_days=0)

    assert by_customer == [["cap"], [""], ["cap"], [""]]


def test_a_channel_has_caps_of_its_own():
    state = state_of("0 2026-04-06T10:00 phone", "1 2026-04-06T10:00 mail", n=2)
    channels = {"phone": ChannelSettings(max_per_week=1)}

    assert reasons(state, COUPON, CALL, channels=channels, max_per_week=5) == [["", "cap"], ["", ""]]


def test_a_contact_that_is_planned_for_later_counts():
    assert reasons(state_of("0 2026-04-08T18:00"), COUPON, max_per_day=1) == [["cap"]]


def test_another_campaign_waits_and_the_same_one_goes_on():
    state = state_of(
        "0 2026-04-06T10:00 mail spring", "1 2026-04-06T10:00 mail autumn", "2 2026-04-06T10:00 mail autumn service",
        "3 2026-04-05T12:00 mail autumn", n=4,
    )  # fmt: skip

    by_customer = reasons(state, SPRING, CALL, other_campaign_days=3)

    assert by_customer == [["", ""], ["other_campaign", ""], ["", ""], ["", ""]]


def test_a_contact_without_a_campaign_counts_as_another_one():
    assert reasons(state_of("0 2026-04-06T10:00 mail"), SPRING, COUPON) == [["other_campaign", ""]]


def test_quiet_hours_stop_contacts_that_are_made_at_once():
    late = np.datetime64("2026-04-08T21:00:00")

    assert reasons(state_of(), COUPON, CALL, moments=late, is_immediate=True) == [["quiet_hours", "quiet_hours"]]
    assert reasons(state_of(), COUPON, moments=late) == [[""]]


def test_quiet_hours_do_not_hold_in_a_channel_to_which_customers_come_by_themselves():
    late, banner = np.datetime64("2026-04-08T23:00:00"), Option(offer=COUPON.offer, channel="site")
    channels = {"site": ChannelSettings(quiet_hours=False), "mail": ChannelSettings()}

    by_customer = reasons(state_of(), COUPON, banner, CALL, moments=late, is_immediate=True, channels=channels)

    assert by_customer == [["quiet_hours", "", "quiet_hours"]]


@pytest.mark.parametrize(
    ("moment", "moved"),
    [
        ("2026-04-08T20:59:59", "2026-04-08T20:59:59"),
        ("2026-04-08T21:00:00", "2026-04-09T09:00:00"),
        ("2026-04-09T08:59:59", "2026-04-09T09:00:00"),
        ("2026-04-09T09:00:00", "2026-04-09T09:00:00"),
        ("2026-12-31T23:00:00", "2027-01-01T09:00:00"),
    ],
)
def test_a_contact_of_the_night_moves_to_the_morning(moment: str, moved: str):
    assert next_allowed_times(np.array([moment], "datetime64[s]"), ContactPolicy()).astype(str).tolist() == [moved]


def test_quiet_hours_may_lie_within_a_day_or_not_exist():
    siesta = ContactPolicy(quiet_from=time(12), quiet_until=time(13, 30))
    moments = np.array(["2026-04-08T11:59", "2026-04-08T12:00", "2026-04-08T13:30"], "datetime64[s]")

    assert is_quiet(moments, siesta).tolist() == [False, True, False]
    assert not is_quiet(moments, ContactPolicy(quiet_from=None, quiet_until=None)).any()


def test_each_option_may_have_its_own_moment():
    state = state_of("0 2026-04-08T08:00")
    moments = np.array([["2026-04-08T12:00", "2026-04-09T12:00"]], "datetime64[s]")

    assert reasons(state, COUPON, COUPON, moments=moments, max_per_day=1) == [["cap", ""]]


def test_the_first_reason_is_given():
    state = state_of("0 2026-04-08T10:00 mail autumn")
    state.has_open_ticket[0] = True

    assert reasons(state, SPRING, CALL) == [["complaint", "cap"]]


def test_the_state_of_one_customer_gives_the_reasons_of_its_row():
    state = state_of("2 2026-04-08T10:00 mail autumn", "0 2026-04-06T10:00 mail spring", n=3)
    state.refuses[1] = True
    together = reasons(state, SPRING, CALL)

    assert [reasons(state.take(row), SPRING, CALL)[0] for row in range(3)] == together


def test_the_control_group_is_off_below_a_thousand_contactable_customers():
    state = state_of(n=1_000)

    assert choose_control_group(state, ContactPolicy(), data_set="shop").is_on
    state.refuses[0] = True
    group = choose_control_group(state, ContactPolicy(), data_set="shop")

    assert (group.is_on, group.is_too_small, group.n_contactable) == (False, True, 999)
    assert not group.members(state.customer_ids).any()
    assert not choose_control_group(state, ContactPolicy(control_share=0.0), data_set="shop").is_too_small


def test_a_service_contact_is_never_blocked_by_the_control_group():
    state = state_of(n=1_000)
    control = choose_control_group(state, ContactPolicy(control_share=0.3), data_set="shop")
    by_customer = reasons(state, COUPON, CALL, control=control)

    assert {row[1] for row in by_customer} == {""}
    assert [row[0] == "control_group" for row in by_customer] == control.members(state.customer_ids).tolist()
    assert 0.25 < np.mean(control.members(state.customer_ids)) < 0.35


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=2), st.text(max_size=4))
@settings(max_examples=30)
def test_a_larger_control_group_contains_the_smaller_one(shares: list[float], salt: str):
    ids = [f"c{place}" for place in range(100)]
    small, large = (
        PermanentControlGroup(share=share, salt=salt, n_contactable=1_000).members(ids) for share in sorted(shares)
    )

    assert (small <= large).all()


@given(st.data())
@settings(max_examples=40)
def test_caps_are_never_exceeded_however_often_contacts_are_asked_for(data: st.DataObject):
    max_per_day, max_per_week = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    hours = sorted(data.draw(st.lists(st.integers(0, 24 * 20), max_size=40)))
    settings_of = {"max_per_day": max_per_day, "max_per_week": max_per_week, "other_campaign_days": 0}
    state, made = state_of(), np.empty(0, "datetime64[s]")
    for hour in hours:
        moment = np.datetime64("2026-04-01T00:00:00") + np.timedelta64(hour, "h")
        if reasons(state, COUPON, moments=moment, **settings_of) == [[""]]:
            state, made = state.add_contacts(contact_log(f"0 {moment} mail")), np.append(made, moment)

    days = np.unique(made.astype("datetime64[D]"), return_counts=True)[1]
    weeks = [(np.abs(made - first) < np.timedelta64(7, "D"))[made >= first].sum() for first in made]
    assert days.max(initial=0) <= max_per_day
    assert max(weeks, default=0) <= max_per_week


def test_kinds_of_priority_go_first_where_they_are_allowed():
    options = (COUPON, CALL, Option(offer=Offer(offer_id="r", kind="renewal")))
    ranks = rules_of(priority=("renewal", "service_call")).priority_ranks(options)
    allowed = np.array([[True, True, True], [True, True, False], [True, False, False], [False, False, False]])

    assert ranks.tolist() == [2, 1, 0]
    assert keep_priority(allowed, ranks).tolist() == [
        [False, False, True], [False, True, False], [True, False, False], [False, False, False],
    ]  # fmt: skip


def test_every_reason_of_the_policy_comes_before_those_of_eligibility():
    of_policy = [
        NoContact.NO_CONSENT, NoContact.CONTROL_GROUP, NoContact.COMPLAINT, NoContact.CONTACTS_UNKNOWN, NoContact.CAP,
        NoContact.FREQUENCY, NoContact.OTHER_CAMPAIGN, NoContact.QUIET_HOURS,
    ]  # fmt: skip

    assert list(REASONS[:8]) == of_policy


def test_what_a_control_group_would_have_got_limits_promotional_contacts_alone():
    state = state_of("0 2026-04-08T09:00 mail - unmade")

    assert reasons(state, COUPON, CALL) == [["cap", ""]]


def test_only_members_of_the_permanent_control_group_keep_contacts_that_were_not_made():
    state = state_of("0 2026-04-08T09:00 mail - unmade", "1 2026-04-08T09:00 mail - unmade", n=2)

    assert reasons(state.drop_unmade(np.array([True, False])), COUPON) == [["cap"], [""]]
