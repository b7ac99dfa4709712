"""The overlay: what a customer did since the release, under every id, whatever is in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import AnyEvent, Consent, Identify, ItemChange, Like, Preference, Purchase, Rate, View
from serving.journal.customer import MAX_INTERESTS, summarise_events
from serving.journal.database import Position, StoredEvent, microseconds_of
from serving.journal.overlay import MAX_OF_CUSTOMER, Overlay
from serving.release.identity_part import UNDATED, IdentityPart

START = datetime(2026, 4, 2, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def view(number: int, *, item: str = "tea", **who: str) -> View:
    return View(event_id=str(number), event_time=at(number), item_id=item, **(who or {"customer_id": "ada"}))


def identify(number: int, visitor: str, customer: str) -> Identify:
    return Identify(event_id=str(number), event_time=at(number), anonymous_id=visitor, customer_id=customer)


def overlay_of(*events: AnyEvent, **settings: Any) -> Overlay:
    overlay = Overlay(Position(), **settings)
    overlay.add(StoredEvent(number, event) for number, event in enumerate(events, 1))
    return overlay


def links_of_release(*links: tuple[str, str, int]) -> IdentityPart:
    """Links of a release: alias, customer and minute."""
    aliases, customers, minutes = zip(*links, strict=True)
    times = [microseconds_of(at(minute)) for minute in minutes]
    return IdentityPart.of(np.array(aliases), customers=np.array(customers), linked_at=np.array(times))


def items_of(overlay: Overlay, subject: str) -> list[str]:
    subjects = overlay.find_subjects(overlay.find_customer(subject))
    return [one.event.item_id for one in overlay.events_of(subjects) if isinstance(one.event, View)]


def test_a_visitor_keeps_the_history_on_becoming_a_customer():
    overlay = overlay_of(
        view(1, item="jam", anonymous_id="v1"), view(2, item="tea"), identify(3, "v1", "ada"), view(4, item="cup")
    )

    assert items_of(overlay, "ada") == ["jam", "tea", "cup"]
    assert items_of(overlay, "v1") == ["jam", "tea", "cup"]


def test_two_visitors_can_be_one_customer():
    overlay = overlay_of(
        view(1, item="jam", anonymous_id="v1"), identify(2, "v1", "ada"),
        view(3, item="tea", anonymous_id="v2"), identify(4, "v2", "ada"),
    )  # fmt: skip

    assert items_of(overlay, "ada") == ["jam", "tea"]


def test_the_newest_link_of_a_visitor_counts():
    overlay = overlay_of(view(1, item="jam", anonymous_id="v1"), identify(2, "v1", "ada"), identify(3, "v1", "bo"))

    assert items_of(overlay, "bo") == ["jam"]
    assert items_of(overlay, "ada") == []


def test_a_circle_of_links_ends():
    overlay = overlay_of(view(1, item="jam", customer_id="x"), identify(2, "x", "y"), identify(3, "y", "x"))

    assert items_of(overlay, "x") == ["jam"]
    assert (overlay.find_customer("x"), overlay.find_customer("y")) == ("x", "y")


@pytest.mark.parametrize(("n_links", "end"), [(16, "x16"), (17, "x0")])
def test_a_chain_is_as_long_as_in_the_tables(n_links, end):
    overlay = overlay_of(*(identify(n, f"x{n}", f"x{n + 1}") for n in range(n_links)))

    assert overlay.find_customer("x0") == end


def test_a_link_that_is_reported_late_does_not_replace_a_newer_one():
    overlay = overlay_of(view(1, item="jam", anonymous_id="v1"), identify(5, "v1", "ada"), identify(3, "v1", "bo"))

    assert (items_of(overlay, "ada"), items_of(overlay, "bo")) == (["jam"], [])


def test_a_visitor_whom_the_release_links_stays_the_customer():
    links = links_of_release(("v1", "ada", 0))
    overlay = overlay_of(view(1, item="jam", anonymous_id="v1"), view(2, item="tea"), links=links)

    assert items_of(overlay, "ada") == items_of(overlay, "v1") == ["jam", "tea"]


def test_the_newest_link_counts_whether_the_release_or_an_event_has_it():
    seen = view(1, item="jam", anonymous_id="v1")

    moved = overlay_of(seen, identify(3, "v1", "bo"), links=links_of_release(("v1", "ada", 0)))
    late = overlay_of(seen, identify(3, "v1", "bo"), links=links_of_release(("v1", "ada", 5)))

    assert (items_of(moved, "bo"), items_of(moved, "ada")) == (["jam"], [])
    assert (items_of(late, "bo"), items_of(late, "ada")) == ([], ["jam"])


def test_any_link_with_a_time_is_newer_than_one_without():
    undated = IdentityPart.of(np.array(["v1"]), customers=np.array(["ada"]), linked_at=np.array([UNDATED]))

    assert overlay_of(identify(1, "v1", "bo"), links=undated).find_customer("v1") == "bo"


def test_a_consent_of_a_visitor_whom_the_release_links_is_the_customers():
    refusal = Consent(event_id="1", event_time=at(1), anonymous_id="v1", purpose="contact", granted=False)

    assert overlay_of(refusal, links=links_of_release(("v1", "ada", 0))).find_consents() == {"ada": {"contact": False}}


NAMES = ["v1", "v2", "v3", "ada", "bo", "cyd"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=8), st.integers(0, 8))
def test_links_mean_the_same_in_the_release_and_as_events(links, n_released):
    """The release has the newest of the first links of each alias; the overlay gets the others as events."""
    links = [(alias, customer) for alias, customer in links if alias != customer]
    views = [view(100 + n, item=name, anonymous_id=name) for n, name in enumerate(NAMES)]
    events = [identify(n, *link) for n, link in enumerate(links)]
    newest = {alias: (alias, customer, n) for n, (alias, customer) in enumerate(links[:n_released])}

    as_events = overlay_of(*events, *views)
    released = links_of_release(*newest.values()) if newest else None
    beside = overlay_of(*(events[n_released:] if newest else events), *views, links=released)

    assert [beside.find_customer(name) for name in NAMES] == [as_events.find_customer(name) for name in NAMES]
    for name in NAMES:
        assert items_of(beside, name) == items_of(as_events, name)


def test_an_event_that_is_read_twice_counts_once():
    overlay, rows = Overlay(Position()), [StoredEvent(1, view(1)), StoredEvent(2, view(2))]
    overlay.add(rows)
    overlay.add(rows)

    assert len(overlay) == 2


def test_an_event_that_the_release_lacks_counts_although_it_is_older_than_its_position():
    overlay = Overlay(Position(number=5, cutoff_us=0))
    overlay.add([StoredEvent(3, view(1)), StoredEvent(6, view(2))])

    assert [stored.number for stored in overlay.events_of(["ada"])] == [3, 6]


def test_memory_is_bounded_and_the_customers_silent_for_longest_leave_it():
    overlay = overlay_of(*(view(n, customer_id=f"c{n % 10}") for n in range(95)), max_events=30)

    assert len(overlay) <= 30
    assert items_of(overlay, "c4")
    assert not overlay.may_have_forgotten("c4")
    assert not items_of(overlay, "c5")
    assert overlay.may_have_forgotten("c5")
    assert not overlay.may_have_forgotten("c77")


def test_one_customer_cannot_fill_the_memory():
    overlay = overlay_of(*(view(n) for n in range(MAX_OF_CUSTOMER + 50)))

    assert len(overlay) == MAX_OF_CUSTOMER
    assert overlay.events_of(["ada"])[-1].number == MAX_OF_CUSTOMER + 50


@given(st.lists(st.tuples(st.sampled_from(["v1", "v2", "ada", "bo"]), st.sampled_from(["ada", "bo", "cyd"]))))
def test_links_lose_no_event(links):
    events = [view(n, item=f"i{n}", anonymous_id=visitor) for n, visitor in enumerate(["v1", "v2", "ada", "bo", "cyd"])]
    overlay = overlay_of(*events, *(identify(10 + n, *link) for n, link in enumerate(links)))

    for n, visitor in enumerate(["v1", "v2", "cyd"]):
        assert f"i{n if n < 2 else 4}" in items_of(overlay, visitor)


def test_an_item_changes_column_by_column():
    overlay = overlay_of(
        ItemChange(event_id="1", event_time=at(1), item_id="tea", price=3.0, attributes={"origin": "Uji"}),
        ItemChange(event_id="2", event_time=at(2), item_id="tea", available=False, attributes={"leaf": "green"}),
    )

    tea = overlay.items["tea"]
    assert (tea.price, tea.available, tea.attributes) == (3.0, False, {"origin": "Uji", "leaf": "green"})


def summary_of(*events: AnyEvent):
    return summarise_events("ada", [StoredEvent(number, event) for number, event in enumerate(events)])


def line(number: int, *, amount: float = 5.0, order_id: str | None = None, line_id: str | None = None) -> Purchase:
    return Purchase(
        event_id=str(number),
        event_time=at(number),
        customer_id="ada",
        item_id="tea",
        amount=amount,
        order_id=order_id,
        line_id=line_id,
    )


@pytest.mark.parametrize(
    ("ids", "n_lines"),
    [(({"line_id": "1"}, {"line_id": "1"}), 1), (({"order_id": "o"}, {"order_id": "o"}), 1), (({}, {}), 2)],
)
def test_a_line_that_is_reported_twice_is_one_purchase(ids, n_lines):
    assert len(summary_of(line(1, **ids[0]), line(2, **ids[1])).purchases) == n_lines


def test_a_returned_line_is_no_purchase():
    assert not summary_of(line(1, order_id="o"), line(2, order_id="o", amount=-5)).purchases


def test_the_latest_answer_counts_whatever_the_order_of_arrival():
    def consent(number: int, *, granted: bool) -> Consent:
        return Consent(
            event_id=str(number), event_time=at(number), customer_id="ada", purpose="recommend", granted=granted
        )

    customer = summary_of(consent(5, granted=False), consent(2, granted=True))

    assert customer.refuses("recommend", before=False)
    assert not customer.refuses("contact", before=False)
    assert customer.refuses("contact", before=True)


def test_a_badly_rated_item_is_no_interest_until_it_is_liked():
    bad = Rate(event_id="2", event_time=at(2), customer_id="ada", item_id="tea", rating=1)
    customer = summary_of(view(1), bad)

    assert (customer.interests, customer.disliked) == ([], {"tea"})
    liked = Like(event_id="3", event_time=at(3), customer_id="ada", item_id="tea")
    assert summary_of(view(1), bad, liked).interests == [liked]


def test_the_newest_interests_count_each_item_once():
    customer = summary_of(*(view(n, item=f"i{n % (MAX_INTERESTS + 5)}") for n in range(2 * MAX_INTERESTS + 10)))

    assert len(customer.interests) == MAX_INTERESTS
    assert len({one.item_id for one in customer.interests}) == MAX_INTERESTS


def test_a_preference_replaces_the_one_before():
    def preference(number: int, *values: str) -> Preference:
        return Preference(event_id=str(number), event_time=at(number), customer_id="ada", key="category", values=values)

    assert summary_of(preference(1, "tea"), preference(2, "cups")).preferences == {"category": ("cups",)}


def test_consents_are_those_of_the_customer_that_a_visitor_became():
    refusal = Consent(event_id="1", event_time=at(1), anonymous_id="v1", purpose="Contact:Mail".lower(), granted=False)
    overlay = overlay_of(refusal, identify(2, "v1", "ada"), view(3, customer_id="bo"))

    assert overlay.find_consents() == {"ada": {"contact:mail": False}}
