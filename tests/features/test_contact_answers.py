"""The rows that acceptance and fatigue are learned from, in tables written by hand."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from core.config.money import OfferAssumptions
from core.contact_answers import MIN_ANSWERS, AcceptanceRows
from core.feature_table import FeatureColumn, FeatureTable
from core.offers import Offer
from features.acceptance_rows import load_acceptance_rows
from features.frequency_rows import load_frequency_rows
from features.offer_tastes import PRIOR_PURCHASES, measure_tastes
from features.unsubscribe_rows import count_recent_contacts, load_unsubscribe_log, load_unsubscribe_rows
from tables.tables import Tables
from tests.worlds import config, frame, shop

CUTOFF = date(2026, 4, 1)
TEA = Offer(offer_id="tea", kind="item", item_id="sencha")
COUPON = Offer(offer_id="coupon", kind="category_coupon", category="coffee")
PLAIN = Offer(offer_id="ten_off", kind="discount")
OFFERS = (TEA, COUPON, PLAIN)
ITEMS = frame(
    {"item_id": "sencha", "category": "tea"},
    {"item_id": "gyokuro", "category": "tea"},
    {"item_id": "mocha", "category": "coffee"},
)
LIKE = FeatureTable(
    customer_ids=np.empty(0, "U1"),
    cutoffs=np.empty(0, "datetime64[D]"),
    values=np.empty((0, 2)),
    columns=tuple(
        FeatureColumn(name=name, family="", unit="", en=name, ja=name, missing="-", digest=name)
        for name in ("orders_total", "days_since_last_purchase")
    ),
)
"The features that a model reads: few, so that they are computed fast."
PURCHASES = (
    "ada 2026-01-02 item_id=sencha",
    "ada 2026-01-03 item_id=gyokuro",
    "ada 2026-03-20 item_id=mocha",
    "ben 2026-01-04 item_id=mocha",
    "ben 2026-01-05 item_id=mocha",
)


def contact(customer_id: str, day: str, **columns: Any) -> dict[str, Any]:
    usual = {"customer_id": customer_id, "event_time": f"{day}T10:00", "offer_id": "tea", "treated": True}
    return {**usual, "converted_at": None, **columns}


@cache
def without_contacts() -> Tables:
    return world()


def enough(n: int = 2 * MIN_ANSWERS) -> list[dict[str, Any]]:
    """Older contacts with so many accepted ones and as many others that a model can distinguish customers."""
    answers = ["2026-01-03"] * n + [None] * n
    return [contact(f"f{place}", "2026-01-02", converted_at=answer) for place, answer in enumerate(answers)]


def world(*contacts: dict[str, Any], **frames: Any) -> Tables:
    offers = frame(*({"offer_id": offer.offer_id, "kind": offer.kind} for offer in OFFERS))
    settings = config(offers=OfferAssumptions(answer_days=10), exclude_features=("days_since_last_purchase",))
    made = {"contacts": frame(*contacts)} if contacts else {}
    return shop(*PURCHASES, settings=settings, items=ITEMS, offers=offers, **made, **frames)


def load(*contacts: dict[str, Any]) -> AcceptanceRows | None:
    return load_acceptance_rows(world(*contacts), CUTOFF, offers=OFFERS, like=LIKE)


@pytest.fixture(scope="module")
def rows() -> AcceptanceRows:
    """The newest contact first."""
    loaded = load(
        contact("ada", "2026-03-03", converted_at="2026-03-13T09:59"),
        contact("ada", "2026-03-02", converted_at="2026-03-12T10:00"),
        contact("ada", "2026-03-01"),
        contact("ada", "2026-01-03"),
        contact("ben", "2026-03-05", treated=False),
        contact("ben", "2026-03-25"),
        contact("ben", "2026-03-10", offer_id="of last year"),
        *enough(),
    )
    assert loaded is not None
    assert len(loaded) == 4 + 4 * MIN_ANSWERS
    return loaded.take(np.arange(4))


def test_only_treated_contacts_whose_answer_is_due_are_rows(rows: AcceptanceRows):
    assert rows.customer_ids.tolist() == ["ada"] * 4
    assert rows.days.astype(str).tolist() == ["2026-03-03", "2026-03-02", "2026-03-01", "2026-01-03"]


def test_an_offer_is_accepted_within_the_days_to_answer(rows: AcceptanceRows):
    assert rows.accepted.tolist() == [True, False, False, False]


def test_features_and_tastes_are_those_known_on_the_day_of_the_contact(rows: AcceptanceRows):
    assert rows.features.column("orders_total").tolist() == [2, 2, 2, 1]
    before = measure_tastes(without_contacts(), np.array(["ada"]), cutoff=date(2026, 1, 3), offers=OFFERS)
    assert rows.tastes[3] == before[0, 0]


def test_rows_have_the_columns_that_a_model_will_read_without_excluded_ones(rows: AcceptanceRows):
    assert rows.features.names == ("orders_total",)


@pytest.mark.parametrize("column", ["converted_at", "offer_id"])
def test_contacts_that_do_not_show_who_accepted_what_are_no_rows(column: str):
    bare = [{name: value for name, value in one.items() if name != column} for one in enough()]

    assert load(*bare) is None


def test_features_are_not_computed_for_too_few_answers():
    assert load(*enough(2 * MIN_ANSWERS - 1)) is None
    assert load_acceptance_rows(without_contacts(), CUTOFF, offers=OFFERS) is None


def test_a_taste_compares_shares_of_purchases():
    tastes = measure_tastes(without_contacts(), np.array(["ada", "ben", "cleo"]), cutoff=CUTOFF, offers=OFFERS)

    # Of 5 purchases, 3 are coffee, 2 tea and 1 is sencha.
    coffee = [(1 + PRIOR_PURCHASES * 0.6) / (3 + PRIOR_PURCHASES), (2 + PRIOR_PURCHASES * 0.6) / (2 + PRIOR_PURCHASES)]
    assert np.exp(tastes[:, 1]) == pytest.approx([coffee[0] / 0.6, coffee[1] / 0.6, 1])
    of_tea = (2 + PRIOR_PURCHASES * 0.4) / (3 + PRIOR_PURCHASES)
    of_sencha = (1 + PRIOR_PURCHASES * of_tea * 0.5) / (3 + PRIOR_PURCHASES)
    assert np.exp(tastes[0, 0]) == pytest.approx(of_sencha / 0.2)
    assert tastes[2, 0] == pytest.approx(0)
    assert np.isnan(tastes[:, 2]).all()


def test_purchases_on_the_cutoff_are_no_taste_yet():
    tastes = measure_tastes(without_contacts(), np.array(["ben"]), cutoff=date(2026, 1, 4), offers=OFFERS)

    assert np.isnan(tastes[0, 1])  # no coffee had been bought
    assert tastes[0, 0] == pytest.approx(0)


def test_unsubscriptions_come_from_contacts():
    rows = load_unsubscribe_rows(
        world(
            contact("ada", "2026-03-03", unsubscribed_at="2026-03-13T09:59"),
            contact("ada", "2026-03-02", unsubscribed_at="2026-03-12T10:00"),
            contact("ben", "2026-03-01", treated=False, unsubscribed_at=None),
            contact("ben", "2026-03-25", unsubscribed_at="2026-03-26"),
        ),
        CUTOFF,
    )

    assert rows is not None
    assert rows.unsubscribed.tolist() == [True, False, False]
    assert (rows.treated.tolist(), rows.evidence) == ([True, True, False], "contacts")


def test_without_that_column_they_come_from_refused_consents():
    consents = frame(
        {"customer_id": "ada", "purpose": "contact", "granted": False, "event_time": "2026-03-05"},
        {"customer_id": "ben", "purpose": "score", "granted": False, "event_time": "2026-03-05"},
        {"customer_id": "zoe", "purpose": "contact", "granted": False, "event_time": "2026-03-05"},
    )

    tables = world(
        *(contact(*one) for one in (("ada", "2026-03-06"), ("ben", "2026-03-04"), ("ada", "2026-03-01"))),
        consents=consents,
    )

    rows = load_unsubscribe_rows(tables, CUTOFF)
    assert rows is not None
    assert rows.unsubscribed.tolist() == [False, False, True]
    assert rows.evidence == "refused consents"


def test_nothing_is_known_of_unsubscriptions_without_either():
    assert load_unsubscribe_rows(world(contact("ada", "2026-03-01")), CUTOFF) is None
    assert load_unsubscribe_rows(without_contacts(), CUTOFF) is None


def test_recent_contacts_are_the_treated_ones_of_30_days_before():
    days = ["2026-03-01", "2026-02-20", "2026-01-30", "2026-01-29"]
    tables = world(
        *(contact("ada", day, unsubscribed_at=None) for day in days),
        contact("ada", "2026-02-21", treated=False, unsubscribed_at=None),
        contact("ben", "2026-03-01", unsubscribed_at=None),
    )

    rows = load_unsubscribe_rows(tables, CUTOFF)

    assert rows is not None
    # newest first: ada and ben of March, the control contact, then the others
    assert rows.recent_contacts.tolist() == [2, 0, 3, 2, 1, 0]
    ids = np.array(["ben", "cleo", "ada"])
    assert count_recent_contacts(tables, ids, cutoff=date(2026, 3, 2)).tolist() == [1, 0, 2]
    assert count_recent_contacts(tables, ids, cutoff=CUTOFF - timedelta(days=1)).tolist() == [1, 0, 1]


def test_frequency_rows_have_what_both_groups_bought_within_the_time_to_answer():
    tables = world(
        contact("ada", "2026-03-10", unsubscribed_at=None, propensity=0.5, cost=2.0),
        contact("ben", "2026-03-10", treated=False, unsubscribed_at=None, propensity=0.5, cost=None),
        contact("ada", "2026-02-10", unsubscribed_at=None, propensity=0.5, cost=3.0),
    )

    rows = load_frequency_rows(tables, load_unsubscribe_log(tables, CUTOFF))

    assert rows is not None
    assert rows.customer_ids.tolist() == ["ada", "ben", "ada"]
    assert rows.acted.tolist() == [True, False, False]  # ada's mocha of 20 March
    assert (rows.amounts > 0).tolist() == [True, False, False]
    assert rows.costs[[0, 2]].tolist() == [2.0, 3.0]
    without_control = world(contact("ada", "2026-03-10", unsubscribed_at=None))
    assert load_frequency_rows(without_control, load_unsubscribe_log(without_control, CUTOFF)) is None
