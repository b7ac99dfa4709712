"""Moments are hours in which a customer did something; batch times, midnights and prompt opens are none."""

from __future__ import annotations

from datetime import date

import numpy as np

from features.contact_timing import load_channel_contacts, load_customer_moments
from tests.worlds import frame, shop

SENT = "2026-03-02T10:00"


def contact(who: str, channel: str, *, treated: bool = True, **responses: str | None) -> dict[str, object]:
    row = {"customer_id": who, "event_time": SENT, "campaign_id": "spring", "channel": channel, "treated": treated}
    return {**row, "opened_at": None, "clicked_at": None, **responses}


def test_lines_of_one_hour_are_one_moment_and_a_midnight_has_no_hour():
    tables = shop(
        "ada 2026-03-01T18:05 item_id=tea", "ada 2026-03-01T18:45 item_id=pot", "ada 2026-03-04",
        "bo 2026-03-05T09:10", "bo 2026-03-06T11:20 -5",
    )  # fmt: skip

    moments = load_customer_moments(tables)

    assert moments.customer_ids.tolist() == ["ada", "ada", "bo"]
    assert moments.hours.tolist() == [18, -1, 9]
    assert moments.weekdays.tolist() == [6, 2, 3]


def test_a_time_of_day_that_most_rows_share_is_that_of_a_batch():
    tables = shop("ada 2026-03-01T12:00", "bo 2026-03-02T12:00", "cy 2026-03-03T12:00", "ada 2026-03-04T17:30")

    assert load_customer_moments(tables).hours.tolist() == [-1, -1, -1, 17]


def test_an_open_within_an_hour_of_its_contact_is_no_moment_and_neither_is_one_after_the_cutoff():
    contacts = frame(
        contact("ada", "mail", opened_at="2026-03-02T10:30", clicked_at="2026-03-02T20:15"),
        contact("bo", "line", opened_at="2026-03-03T07:10"),
        contact("cy", "mail", opened_at="2026-03-09T07:10"),
    )

    moments = load_customer_moments(shop("dee 2026-02-01", contacts=contacts), date(2026, 3, 5))

    responses = moments.take(moments.kinds == "response")
    assert responses.customer_ids.tolist() == ["ada", "bo"]
    assert (responses.hours.tolist(), responses.channels.tolist()) == ([20, 7], ["mail", "line"])


def test_channels_are_compared_by_the_most_valuable_response_that_all_of_them_record():
    contacts = frame(
        contact("ada", "mail", opened_at="2026-03-02T10:30", clicked_at="2026-03-02T20:15"),
        contact("bo", "line", opened_at="2026-03-03T07:10"),
        contact("cy", "line"),
        contact("dee", "line", treated=False),
    )

    loaded = load_channel_contacts(shop("dee 2026-02-01", contacts=contacts))

    assert loaded.response == "opened_at"
    assert loaded.customer_ids.tolist() == ["ada", "bo", "cy"]
    assert loaded.responded.tolist() == [True, True, False]


def test_contacts_that_may_still_be_responded_to_are_left_out():
    tables = shop("ada 2026-02-01", contacts=frame(contact("ada", "mail", clicked_at="2026-03-02T12:00")))

    assert [len(load_channel_contacts(tables, date(2026, 3, day))) for day in (16, 17)] == [0, 1]


def test_without_contacts_there_are_no_channels():
    loaded = load_channel_contacts(shop("dee 2026-02-01"))

    assert (len(loaded), loaded.response) == (0, "")
    assert np.array_equal(loaded.responded, np.empty(0, bool))
