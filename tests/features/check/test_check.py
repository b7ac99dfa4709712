"""What `kizuna check` says of a data set."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.config.learning import ChurnDefinition, Cutoffs
from features.check.check import check, check_history
from tests.worlds import config, frame, shop


def test_what_was_read_and_what_is_missing_is_said():
    checked = check(
        shop("ada 2024-03-01 5 item_id=tea", "ada 2024-03-01 5 item_id=tea", "bo 2024-03-02", "- 2024-03-03")
    )
    purchases = checked.tables[0]

    assert (checked.customers, checked.items, purchases.duplicate_rows) == (2, 1, 1)
    assert purchases.watermark == date(2024, 3, 3)
    assert {"quantity", "channel"} <= set(purchases.missing)
    assert "usage" in checked.absent


def test_customers_are_counted_once_whatever_they_are_called():
    same = frame(
        {"alias_id": "card", "customer_id": "ada"},
        {"alias_id": "x", "customer_id": "y"},
        {"alias_id": "y", "customer_id": "x"},
    )
    checked = check(shop("ada 2024-03-01", "card 2024-03-02", identities=same))

    assert (checked.customers, checked.circles) == (1, 2)


def test_each_channel_says_how_far_it_goes():
    recordings = (
        check(shop("ada 2024-03-01 channel=web", "bo 2024-03-05 channel=web", "cy 2024-03-02 channel=shop"))
        .tables[0]
        .recordings
    )

    assert [(r.channel, r.rows, r.first, r.last) for r in recordings] == [
        ("web", 2, date(2024, 3, 1), date(2024, 3, 5)),
        ("shop", 1, date(2024, 3, 2), date(2024, 3, 2)),
    ]


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
def test_columns_that_tell_who_somebody_is_are_named(listed: tuple[str, ...]):
    settings = config(attributes={"customers": listed})
    customers = check(shop("ada 2024-03-01", settings=settings, customers=frame(*PEOPLE))).tables[1]

    assert {found.column: found.looks_like for found in customers.personal} == {
        "Email": "mail addresses",
        "tel": "phone numbers",
        "who": "names",
        "last_name": "names",
        "card": "near-unique ids",
    }


def test_what_features_cannot_use_for_want_of_a_date_is_said():
    items = frame({"item_id": "tea", "category": "drinks", "price": 3.0})
    settings = config(as_of_today=("items.price",))

    assert check(shop("ada 2024-03-01", settings=settings, items=items)).tables[1].undated == ("category",)


def history(*days: str, **changes: Any) -> tuple[str, ...]:
    settings = config(churn=ChurnDefinition(horizon_days=30), active_days=20, **changes)
    return check_history(shop(*(f"ada {day}" for day in days), settings=settings)).problems


def test_a_history_of_two_labels_and_a_day_suffices():
    assert history("2024-01-01", "2024-03-02") == ()
    assert "nothing was recorded before the training cutoffs" in history("2024-01-01", "2024-03-01")[0]


def test_a_stated_test_cutoff_must_be_mature_and_training_labels_must_end_before_it():
    late = Cutoffs(train=(date(2024, 3, 1), date(2024, 3, 20)), test=date(2024, 4, 1))

    immature, crossing = history("2024-01-01", "2024-04-15", cutoffs=late)

    assert "ends 2024-05-01, after the watermark 2024-04-15" in immature
    assert "2024-03-20 cross the test cutoff 2024-04-01" in crossing
    assert "2024-03-01," not in crossing


def test_a_definition_without_its_table_says_which_one_it_needs():
    ended = ChurnDefinition(definition="subscription_ended")

    assert (
        "needs the table subscriptions"
        in check_history(shop("ada 2024-03-01", settings=config(churn=ended))).problems[0]
    )
