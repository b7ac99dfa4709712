"""The cohort holds the customers at a cutoff."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import DataError
from features.cohort import select_cohort
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 3, 1)


def customers(*purchases: str, active_days: int = 30, **frames: object) -> list[str]:
    tables = shop(*purchases, settings=config(active_days=active_days), **frames)
    return select_cohort(tables, [CUTOFF]).customer_ids.tolist()


def test_a_purchase_within_the_active_days_makes_a_customer():
    assert customers("ada 2024-02-20", "bo 2023-12-01") == ["ada"]


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        ("2024-01-31T00:00:00", True),
        ("2024-01-30T23:59:59", False),
        ("2024-02-29T23:59:59", True),
        ("2024-03-01T00:00:00", False),
    ],
)
def test_the_first_midnight_of_the_active_days_counts_and_the_cutoff_does_not(moment, counts):
    assert (customers(f"ada {moment}", "bo 2024-02-10") == ["ada", "bo"]) is counts


def test_a_return_makes_no_customer_but_a_free_purchase_does():
    assert customers("ada 2024-02-20 -5", "bo 2024-02-20 0") == ["bo"]


def test_lines_without_a_customer_make_no_customer():
    assert customers("- 2024-02-20", "ada 2024-02-20") == ["ada"]


def test_purchases_without_the_column_of_the_customer_are_an_error():
    rows = shop(purchases=frame({"event_time": "2024-03-01", "amount": 1.0}))

    with pytest.raises(DataError, match=r"no row of purchases has a customer; say which column is customer_id"):
        select_cohort(rows, [date(2024, 3, 5)])


def test_a_purchase_that_was_recorded_after_the_cutoff_is_not_known_at_it():
    assert customers("ada 2024-02-20 recorded_time=2024-03-02", "bo 2024-02-20 recorded_time=2024-02-20") == ["bo"]


def test_usage_alone_makes_a_customer():
    usage = frame({"customer_id": "cyd", "event_time": "2024-02-20", "event": "visit"})

    assert customers("ada 2024-02-20", usage=usage) == ["ada", "cyd"]


def test_a_running_subscription_makes_a_customer_until_the_day_it_ends():
    spans = [("cyd", None), ("dan", "2024-02-29T23:00"), ("eve", "2024-03-01"), ("fay", "2024-06-01")]
    subscriptions = frame(
        *(
            {
                "customer_id": who,
                "subscription_id": who,
                "plan": "basic",
                "mrr": 10.0,
                "started_at": "2022-01-01",
                "ended_at": end,
            }
            for who, end in spans
        )
    )

    assert customers("ada 2024-02-20", subscriptions=subscriptions) == ["ada", "cyd", "eve", "fay"]


def test_an_alias_known_at_the_cutoff_is_resolved():
    identities = frame(
        {"alias_id": "card-1", "customer_id": "ada", "recorded_time": "2024-01-01"},
        {"alias_id": "card-2", "customer_id": "ada", "recorded_time": "2024-05-01"},
    )

    assert customers("card-1 2024-02-20", "card-2 2024-02-20", identities=identities) == ["ada", "card-2"]


def test_rows_are_sorted_by_cutoff_and_then_customer_and_each_cutoff_counts_once():
    tables = shop("bo 2024-02-20", "ada 2024-02-21", "ada 2024-03-02", settings=config(active_days=30))

    cohort = select_cohort(tables, [date(2024, 4, 1), CUTOFF, CUTOFF])

    assert list(zip(cohort.cutoffs.astype(str).tolist(), cohort.customer_ids.tolist(), strict=True)) == [
        ("2024-03-01", "ada"),
        ("2024-03-01", "bo"),
        ("2024-04-01", "ada"),
    ]


def test_the_cohort_describes_its_definition():
    assert select_cohort(shop("ada 2024-02-20"), [CUTOFF]).definition == "a purchase in the 180 days before the cutoff"
