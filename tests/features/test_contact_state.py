"""What the tables say about refusals, tickets and recent contacts at a cutoff."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from core.config.decisions import ContactPolicy
from core.contact_state import ContactState
from features.contact_state import load_contact_state
from tests.worlds import config, frame, shop

IDS = np.array(["cyd", "ada", "bo", "dan"])
CUTOFF = date(2024, 3, 8)
OFFERS = frame({"offer_id": "ten_off", "kind": "discount"}, {"offer_id": "renew", "kind": "renewal"})


def state_of(*, settings: Any = None, **frames: Any) -> ContactState:
    return load_contact_state(shop("ada 2024-03-01", settings=settings, **frames), IDS, cutoff=CUTOFF)


def contact(who: str, when: str, **cells: Any) -> dict[str, Any]:
    return {"customer_id": who, "event_time": when, "treated": True, **cells}


def list_contacts(state: ContactState) -> list[tuple[str, str, str, str, bool]]:
    """The contacts as (customer, day, channel, campaign, promotional)."""
    log = state.contacts
    return [
        (str(IDS[row]), str(time)[:10], str(channel), str(campaign), bool(promotional))
        for row, time, channel, campaign, promotional in zip(
            log.rows, log.times, log.channels, log.campaigns, log.promotional, strict=True
        )
    ]


def test_a_data_set_without_tables_of_contacts_limits_nothing():
    state = state_of()

    assert not (state.refuses | state.has_open_ticket).any()
    assert np.isnat(state.last_complaint_at).all()
    assert len(state.contacts) == 0


def test_made_contacts_of_the_last_thirty_days_are_kept_by_customer_and_time():
    log = frame(
        contact("ada", "2024-03-07T10:00", channel="mail", campaign_id="spring", offer_id="ten_off"),
        contact("ada", "2024-03-02T10:00", channel="phone", campaign_id=None, offer_id="renew"),
        contact("ada", "2024-02-06T23:59", channel="mail", campaign_id="old", offer_id="ten_off"),
        contact("bo", "2024-03-05T10:00", channel=None, campaign_id=None, offer_id="gone"),
        contact("ada", "2024-03-08T00:00", channel="mail", campaign_id="later", offer_id="ten_off"),
        contact("eve", "2024-03-07T10:00", channel="mail", campaign_id="spring", offer_id="ten_off"),
        contact("dan", "2024-03-07T10:00", channel="mail", campaign_id="s", offer_id="ten_off") | {"treated": False},
    )

    state = state_of(contacts=log, offers=OFFERS)

    assert [str(IDS[row]) for row in state.contacts.rows[~state.contacts.made]] == ["dan"]
    assert list_contacts(state.drop_unmade(np.zeros(len(IDS), np.bool_))) == [
        ("ada", "2024-03-02", "phone", "", False),
        ("ada", "2024-03-07", "mail", "spring", True),
        ("bo", "2024-03-05", "", "", True),
    ]


def test_contacts_are_kept_as_long_as_other_campaigns_wait():
    settings = config(contact_policy=ContactPolicy(other_campaign_days=40))
    log = frame(contact("ada", "2024-01-29T10:00"), contact("ada", "2024-01-27T10:00"))

    assert list_contacts(state_of(contacts=log, settings=settings)) == [("ada", "2024-01-29", "", "", True)]


def test_the_purpose_says_what_a_contact_is_where_it_has_no_offer():
    log = frame(contact("ada", "2024-03-07", purpose="Legal"), contact("bo", "2024-03-07", purpose="win-back"))

    assert [row[-1] for row in list_contacts(state_of(contacts=log))] == [True, False][::-1]


def test_the_latest_word_on_contact_counts_and_unsubscribing_is_a_refusal():
    consents = frame(
        {"customer_id": "ada", "purpose": "contact", "granted": False, "event_time": "2024-02-01"},
        {"customer_id": "bo", "purpose": "contact", "granted": True, "event_time": "2024-03-05"},
        {"customer_id": "cyd", "purpose": "contact", "granted": True, "event_time": "2024-01-01"},
        {"customer_id": "dan", "purpose": "contact", "granted": False, "event_time": "2024-03-08"},
    )
    log = frame(
        contact("bo", "2024-03-01", unsubscribed_at="2024-03-02"),
        contact("cyd", "2024-03-01", unsubscribed_at="2024-03-02"),
        contact("dan", "2024-03-01", unsubscribed_at="2024-03-09"),
    )

    state = state_of(consents=consents, contacts=log)

    assert dict(zip(IDS.tolist(), state.refuses.tolist(), strict=True)) == {
        "cyd": True, "ada": True, "bo": False, "dan": False,
    }  # fmt: skip


def test_open_tickets_and_complaints_are_those_known_at_the_cutoff():
    tickets = frame(
        {"customer_id": "ada", "opened_at": "2024-03-01", "closed_at": "2024-03-09", "is_complaint": False},
        {"customer_id": "bo", "opened_at": "2024-03-02", "closed_at": "2024-03-03", "is_complaint": True},
        {"customer_id": "bo", "opened_at": "2024-01-02", "closed_at": "2024-01-03", "is_complaint": True},
        {"customer_id": "cyd", "opened_at": "2024-03-08", "closed_at": None, "is_complaint": True},
    )
    state = state_of(tickets=tickets)

    assert IDS[state.has_open_ticket].tolist() == ["ada"]
    assert state.last_complaint_at.astype(str).tolist() == ["NaT", "NaT", "2024-03-02T00:00:00", "NaT"]


def test_without_the_time_of_closing_no_ticket_is_open():
    tickets = frame({"customer_id": "ada", "opened_at": "2024-03-01"})

    assert not state_of(tickets=tickets).has_open_ticket.any()
