"""`kizuna check` reports what was read, what was excluded and what cannot be used."""

from __future__ import annotations

from datetime import date

import pytest

from features.check.checks import check_tables
from features.check.report import missing_notes, table_notes
from tests.worlds import config, frame, shop


def test_the_check_counts_what_was_read_and_names_what_is_missing():
    data = check_tables(
        shop("ada 2024-03-01 5 item_id=tea", "ada 2024-03-01 5 item_id=tea", "bo 2024-03-02", "- 2024-03-03")
    )
    purchases = data.tables[0]

    assert (data.n_customers, data.n_items, purchases.duplicate_rows) == (2, 1, 1)
    assert purchases.watermark == date(2024, 3, 3)
    assert {"quantity", "channel"} <= set(purchases.missing)
    assert "usage" in data.absent


def test_a_customer_with_several_aliases_counts_once():
    identities = frame(
        {"alias_id": "card", "customer_id": "ada"},
        {"alias_id": "x", "customer_id": "y"},
        {"alias_id": "y", "customer_id": "x"},
    )
    data = check_tables(shop("ada 2024-03-01", "card 2024-03-02", identities=identities))

    assert (data.n_customers, data.n_circular_aliases) == (1, 2)
    assert "2 aliases point to each other in a circle" in missing_notes(data)[0]


def test_each_channel_has_its_own_range():
    lines = ("ada 2024-03-01 channel=web", "bo 2024-03-05 channel=web", "cy 2024-03-02 channel=shop")
    channels = check_tables(shop(*lines)).tables[0].channels

    assert [(r.channel, r.rows, r.first, r.last) for r in channels] == [
        ("web", 2, date(2024, 3, 1), date(2024, 3, 5)),
        ("shop", 1, date(2024, 3, 2), date(2024, 3, 2)),
    ]


def test_only_the_largest_channels_are_listed_one_by_one():
    data = check_tables(shop(*(f"ada 2024-03-01 channel=c{number}" for number in range(10))))

    notes = table_notes(data, data.tables[0])

    assert len([note for note in notes if note.startswith("channel c")]) == 8
    assert notes[-1] == "and 2 more channels"


PEOPLE = [
    {
        "customer_id": f"c{number}",
        "Email": f"p{number}@example.org",
        "tel": f"090-1234-{number:04}",
        "who": f"Ada Love{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{'lace' if number > 25 else ''}",
        "last_name": "L",
        "card": f"K{number}",
        "country": ["United Kingdom", "New Zealand"][number % 2],
        "age_band": "30s",
    }
    for number in range(50)
]


@pytest.mark.parametrize("listed", [(), ("Email", "tel", "who", "last_name", "card", "country", "age_band")])
def test_columns_that_look_personal_are_named(listed: tuple[str, ...]):
    settings = config(attributes={"customers": listed})
    customers = check_tables(shop("ada 2024-03-01", settings=settings, customers=frame(*PEOPLE))).tables[1]

    assert {suspicion.column: suspicion.looks_like for suspicion in customers.personal} == {
        "Email": "mail addresses",
        "tel": "phone numbers",
        "who": "names",
        "last_name": "names",
        "card": "near-unique ids",
    }


def test_columns_that_features_cannot_use_because_they_are_undated_are_named():
    items = frame({"item_id": "tea", "category": "drinks", "price": 3.0})
    settings = config(as_of_today=("items.price",))

    tables = check_tables(shop("ada 2024-03-01", settings=settings, items=items)).tables

    assert tables[1].columns_without_date == ("category",)
