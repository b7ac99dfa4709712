"""Contacts of which only the customer, the time and perhaps the purpose are known, on features, report and offers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from features.check.overview import check_tables
from insights.report.building import build_report
from tables.assortment import contacts_lack_offers, load_offer_book
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import features_of_ada
from tests.worlds import frame, shop

PURPOSES = {"purpose": "newsletter"}, {"purpose": "Win-back"}
OFFERS = frame({"offer_id": "tea", "kind": "discount", "capacity": 10})


def contacts(*more: dict[str, Any]) -> Any:
    """Two contacts of Ada in February 2024, with these columns beside customer and time."""
    days = ("2024-02-10", "2024-02-20")
    rows = [{"customer_id": "ada", "event_time": day, **row} for day, row in zip(days, more, strict=True)]
    return frame({"customer_id": "old", "event_time": "2020-01-01"}, *rows)


def world(*more: dict[str, Any], **frames: Any) -> Tables:
    return shop("ada 2023-02-01", "ada 2024-01-05", "bo 2024-02-28", contacts=contacts(*more), **frames)


@pytest.mark.parametrize("more", [({}, {}), PURPOSES], ids=["nothing else", "a purpose"])
def test_features_count_contacts_that_only_have_a_customer_and_a_time(more: tuple[dict[str, Any], ...]):
    features = features_of_ada("2024-01-05", contacts=contacts(*more))

    assert (features["contacts_28d"], features["contacts_90d"]) == (2, 2)
    assert not [name for name in features if name.startswith("contacts_via")]


def test_the_report_counts_messages_by_purpose_where_no_campaign_is_named():
    figures = build_report(world(*PURPOSES), date(2024, 3, 1)).figures

    sent = {figure.place.group: figure.value for figure in figures.of("messages_sent", "campaign")}
    assert sent == {"newsletter": 1, "Win-back": 1}
    (in_total,) = [one.value for one in figures.of("messages_sent", "all") if one.place.period == "2024-02"]
    assert in_total == 2


def test_a_campaign_without_a_conversion_may_still_have_some():
    rows = [{"customer_id": f"c{n:02d}", "event_time": "2024-02-10", "campaign_id": "spring"} for n in range(60)]
    converted = {"customer_id": "ada", "event_time": "2024-02-11", "campaign_id": "other", "converted_at": "2024-02-12"}
    tables = shop("ada 2023-02-01", "ada 2024-01-05", contacts=frame(*rows, converted))

    figures = build_report(tables, date(2024, 3, 1)).figures

    rate = next(one for one in figures.of("conversion_rate", "campaign", group="spring") if not one.place.is_month)
    assert (rate.value, rate.estimate.low, rate.estimate.high) == (0, 0, pytest.approx(0.0487, abs=1e-4))


@every_engine
def test_an_empty_cell_of_treated_means_that_the_contact_was_made(engine_name: str):
    tables = world({"treated": None}, {"treated": False}, backend=engine(engine_name))

    rows = tables["contacts"].order_by("event_time").to_pyarrow().to_pylist()

    assert [row["treated"] for row in rows] == [True, True, False]


def test_offers_of_which_no_contact_is_known_keep_their_capacity_and_assumed_acceptance():
    tables = world({}, {}, offers=OFFERS)

    assert contacts_lack_offers(tables)
    assert load_offer_book(tables, date(2024, 3, 1)).contacts == {}


def test_check_lists_the_optional_columns_that_are_absent():
    (overview,) = [one for one in check_tables(world({}, {})).tables if one.table == "contacts"]

    assert {"offer_id", "channel", "campaign_id"} <= set(overview.absent)
