"""The book of offers: what there is, and how it was taken as far as was known."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from core.config.money import OfferAssumptions
from core.offers import Offer, OfferContacts
from tables.assortment import load_offer_book
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
        stated = dict(word.split("=") for word in rest)
        rows.append(
            {
                "customer_id": "ada", "event_time": when, "campaign_id": "spring", "offer_id": offer_id,
                "channel": "mail", "treated": stated.get("treated") != "no", "converted_at": stated.get("converted"),
            }
        )  # fmt: skip
    return frame(*rows)


def counted(*lines: str, answer_days: int = 14) -> dict[str, OfferContacts]:
    settings = config(offers=OfferAssumptions(answer_days=answer_days))
    tables = shop("ada 2024-03-01", settings=settings, offers=OFFERS, contacts=contacts(*lines))
    return load_offer_book(tables, CUTOFF).contacts


def test_a_row_becomes_an_offer_and_what_it_lacks_is_missing():
    book = load_offer_book(shop("ada 2024-03-01", offers=OFFERS), CUTOFF)

    assert book.offers == (
        Offer(offer_id="sorry", kind="thank_you"),
        Offer(**TEA, rule="spend > 3", starts_at=datetime(2024, 3, 1), ends_at=datetime(2024, 5, 1)),
    )
    assert book.contacts == {}


def test_a_shop_without_offers_has_an_empty_book():
    assert load_offer_book(shop("ada 2024-03-01"), CUTOFF).offers == ()


def test_those_who_answered_in_time_have_accepted():
    assert counted(
        "2024-03-01 tea converted=2024-03-14T23:59",
        "2024-03-01 tea converted=2024-03-15",
        "2024-03-01 tea",
        "2024-03-01 sorry converted=2024-03-01",
    ) == {"tea": OfferContacts(made=3, matured=3, accepted=1), "sorry": OfferContacts(made=1, matured=1, accepted=1)}


def test_a_young_contact_uses_capacity_but_tells_nothing_yet():
    lines = ("2024-03-17 tea converted=2024-03-18", "2024-03-16T23:59 tea converted=2024-03-18")

    assert counted(*lines)["tea"] == OfferContacts(made=2, matured=1, accepted=1)


def test_the_untreated_do_not_count():
    assert counted("2024-03-01 tea treated=no converted=2024-03-02", "2024-03-01 sorry").keys() == {"sorry"}


def test_the_future_changes_nothing():
    past = ("2024-03-01 tea converted=2024-03-02",)

    assert counted(*past, "2024-03-31 tea converted=2024-04-01") == counted(*past)


def test_contacts_without_answers_count_against_capacity_only():
    log = contacts("2024-03-01 tea").drop_columns("converted_at")
    book = load_offer_book(shop("ada 2024-03-01", offers=OFFERS, contacts=log), CUTOFF)

    assert book.contacts == {"tea": OfferContacts(made=1, matured=0, accepted=0)}
