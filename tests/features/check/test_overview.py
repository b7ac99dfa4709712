"""`kizuna check` reports what was read, which columns were found, and what cannot be used."""

from __future__ import annotations

from datetime import date

import pytest

from features.check.finding import CHECKS, SEVERITIES
from features.check.overview import check_tables
from tests.features.check.checked import find, find_kind
from tests.worlds import config, frame, shop


def test_the_check_counts_what_was_read_and_names_what_is_missing():
    data = check_tables(
        shop("ada 2024-03-01 5 item_id=tea", "ada 2024-03-01 5 item_id=tea", "bo 2024-03-02", "- 2024-03-03")
    )
    purchases = data.tables[0]

    assert (data.n_customers, data.n_items, purchases.n_rows) == (2, 1, 4)
    assert purchases.watermark == date(2024, 3, 3)
    assert purchases.columns == {"event_time": 0, "amount": 0, "customer_id": 1, "item_id": 2}
    assert {"quantity", "channel"} <= set(purchases.absent)
    assert "usage" in data.absent_tables


def test_a_customer_with_several_aliases_counts_once():
    identities = frame(
        {"alias_id": "card", "customer_id": "ada"},
        {"alias_id": "x", "customer_id": "y"},
        {"alias_id": "y", "customer_id": "x"},
    )
    tables = shop("ada 2024-03-01", "card 2024-03-02", identities=identities)

    assert check_tables(tables).n_customers == 1
    assert find_kind(tables, "circular_aliases").count == 2


def test_each_channel_has_its_own_range():
    lines = ("ada 2024-03-01 channel=web", "bo 2024-03-05 channel=web", "cy 2024-03-02 channel=shop")
    channels = check_tables(shop(*lines)).tables[0].channels

    assert [(r.channel, r.rows, r.first, r.last) for r in channels] == [
        ("web", 2, date(2024, 3, 1), date(2024, 3, 5)),
        ("shop", 1, date(2024, 3, 2), date(2024, 3, 2)),
    ]


def test_the_worst_findings_come_first():
    rows = [{"customer_id": "ada", "purpose": "email", "granted": False, "event_time": "2024-01-01"}]
    lines = ("ada 2024-03-01", "ada 2024-03-01", "- 2024-03-02")

    items = frame({"item_id": "tea", "category": "drinks"})

    severities = [finding.severity for finding in find(shop(*lines, consents=frame(*rows), items=items))]

    assert severities == sorted(severities, key=SEVERITIES.index)
    assert len(set(severities)) == 3


def test_every_check_has_a_function():
    assert all(check.find or check.mark_rows or check.mark_source for check in CHECKS.values())


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
    findings = find(shop("ada 2024-03-01", settings=settings, customers=frame(*PEOPLE)))

    assert {f.column: f.values["content"] for f in findings if f.kind == "personal_column"} == {
        "Email": "mail addresses",
        "tel": "phone numbers",
        "who": "names",
        "last_name": "names",
        "card": "near-unique ids",
    }


def test_columns_that_features_cannot_use_because_they_are_undated_are_named():
    items = frame({"item_id": "tea", "category": "drinks", "price": 3.0})
    settings = config(as_of_today=("items.price",))

    undated = find_kind(shop("ada 2024-03-01", settings=settings, items=items), "undated_columns")

    assert (undated.table, undated.values["columns"]) == ("items", ("category",))
    assert undated.setting == 'as_of_today = ["items.category"]'
