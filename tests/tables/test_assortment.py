"""The offer book: the offers, and the contacts known before a cutoff."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from core.config.money import OfferAssumptions
from core.errors import DataError
from core.offers import Offer, OfferContacts
from tables.assortment import load_offer_book, require_complete_offers
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 31)
TEA = {"offer_id": "tea", "kind": "item", "item_id": "t1", "cost": 0.5, "margin": 8.0, "capacity": 100}
OFFERS = frame(
    {**TEA, "rule": "spend > 3", "starts_at": "2024-03-01", "ends_at": "2024-05-01"},
    {"offer_id": "sorry", "kind": "thank_you"},
)


def contacts(*lines: str) -> pa.Table:
    """Contacts from lines such as "2024-03-01 tea" or "2024-03-01 tea converted=2024-03-02 treated=no"."""
    rows = []
    for line in lines:
        when, offer_id, *rest = line.split()
        options = dict(word.split("=") for word in rest)
        rows.append(
            {
                "customer_id": "ada", "event_time": when, "campaign_id": "spring", "offer_id": offer_id,
                "channel": "mail", "treated": options.get("treated") != "no", "converted_at": options.get("converted"),
            }
        )  # fmt: skip
    return frame(*rows)


def contacts_of_offers(*lines: str, answer_days: int = 14) -> dict[str, OfferContacts]:
    settings = config(offers=OfferAssumptions(answer_days=answer_days))
    tables = shop("ada 2024-03-01", settings=settings, offers=OFFERS, contacts=contacts(*lines))
    return load_offer_book(tables, CUTOFF).contacts


def test_a_row_becomes_an_offer_with_defaults_for_missing_cells():
    book = load_offer_book(shop("ada 2024-03-01", offers=OFFERS), CUTOFF)

    assert book.offers == (
        Offer(offer_id="sorry", kind="thank_you"),
        Offer(**TEA, rule="spend > 3", starts_at=datetime(2024, 3, 1), ends_at=datetime(2024, 5, 1)),
    )
    assert book.contacts == {}


def test_a_shop_without_offers_has_an_empty_offer_book():
    assert load_offer_book(shop("ada 2024-03-01"), CUTOFF).offers == ()


def test_a_conversion_within_the_answer_days_is_an_acceptance():
    assert contacts_of_offers(
        "2024-03-01 tea converted=2024-03-14T23:59",
        "2024-03-01 tea converted=2024-03-15",
        "2024-03-01 tea",
        "2024-03-01 sorry converted=2024-03-01",
    ) == {"tea": OfferContacts(made=3, matured=3, accepted=1), "sorry": OfferContacts(made=1, matured=1, accepted=1)}


def test_a_recent_contact_uses_capacity_but_is_not_due_yet():
    lines = ("2024-03-17 tea converted=2024-03-18", "2024-03-16T23:59 tea converted=2024-03-18")

    assert contacts_of_offers(*lines)["tea"] == OfferContacts(made=2, matured=1, accepted=1)


def test_untreated_customers_do_not_count():
    assert contacts_of_offers("2024-03-01 tea treated=no converted=2024-03-02", "2024-03-01 sorry").keys() == {"sorry"}


def test_a_contact_after_the_cutoff_changes_nothing():
    past = ("2024-03-01 tea converted=2024-03-02",)

    assert contacts_of_offers(*past, "2024-03-31 tea converted=2024-04-01") == contacts_of_offers(*past)


def test_contacts_without_responses_only_use_capacity():
    log = contacts("2024-03-01 tea").drop_columns("converted_at")
    book = load_offer_book(shop("ada 2024-03-01", offers=OFFERS, contacts=log), CUTOFF)

    assert book.contacts == {"tea": OfferContacts(made=1, matured=0, accepted=0)}


def test_an_offer_without_a_cost_is_refused_with_an_example():
    with pytest.raises(
        DataError, match=r"offers.cost: 1 of 2 offers have none, e.g. 'sorry'; write 0 for an offer that"
    ):
        require_complete_offers(shop("ada 2024-03-01", offers=OFFERS), CUTOFF)


def test_a_margin_is_needed_for_promotional_kinds_alone():
    call = {"offer_id": "call", "kind": "service_call", "cost": 4.0, "margin": None}
    require_complete_offers(shop("ada 2024-03-01", offers=frame(TEA, call)), CUTOFF)
    require_complete_offers(shop("ada 2024-03-01"), CUTOFF)

    with pytest.raises(DataError, match=r"offers.margin: 1 of 2 offers have none, e.g. 'call'; .* earns nothing"):
        require_complete_offers(shop("ada 2024-03-01", offers=frame(TEA, {**call, "kind": "points"})), CUTOFF)
