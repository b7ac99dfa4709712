"""Whether anything can be recommended, and whether a test could tell good recommendations from bad ones."""

from __future__ import annotations

from datetime import date

import pytest

from features.check.data import CheckedData
from features.check.recommendations import RecommendationCheck, check_recommendations
from tables.tables import Tables
from tests.features.check.checked import is_found
from tests.worlds import config, frame, shop


def judge(tables: Tables) -> RecommendationCheck:
    return check_recommendations(CheckedData.of_tables(tables))


SUBSCRIPTION = {"customer_id": "ada", "subscription_id": "s", "plan": "p", "mrr": 1.0, "started_at": "2024-01-01"}


@pytest.mark.parametrize(
    ("lines", "verdict", "can_recommend"),
    [
        (("ada 2024-01-01",), "nothing can be recommended: purchases has no item_id", False),
        (("ada 2024-01-01 -5 item_id=tea",), "nothing can be recommended: no purchase has an item_id", False),
        (("ada 2024-01-01 item_id=tea",), "nothing can be recommended: all purchases are of one item", False),
        (
            ("- 2024-01-01 item_id=tea", "- 2024-01-02 item_id=mug"),
            "only best sellers can be recommended: no purchase of an item has a customer_id",
            True,
        ),
        (
            ("ada 2024-01-01 item_id=tea", "bo 2024-01-01 item_id=mug"),
            "recommendations cannot be judged: all purchases of items are of one day",
            True,
        ),
    ],
)
def test_the_verdict_names_what_recommendations_lack(lines: tuple[str, ...], verdict: str, can_recommend: bool):
    recommendations = judge(shop(*lines))

    assert (str(recommendations.verdict), recommendations.can_recommend, recommendations.can_judge) == (
        verdict,
        can_recommend,
        False,
    )


def test_a_firm_without_purchases_has_nothing_to_recommend():
    recommendations = judge(shop(subscriptions=frame(SUBSCRIPTION)))

    assert str(recommendations.verdict) == "nothing can be recommended: the data set has no table purchases"


@pytest.mark.parametrize(("n_customers", "can_judge"), [(29, False), (30, True)])
def test_thirty_returning_customers_suffice_to_judge(n_customers: int, can_judge: bool):
    days = ("2024-01-01", "2024-03-01")
    lines = [
        f"c{n} {day} item_id={item}" for n in range(n_customers) for day, item in zip(days, ("a", "b"), strict=True)
    ]
    world = shop(*lines, "z 2024-03-29 item_id=c")
    recommendations = judge(world)

    assert (recommendations.can_judge, recommendations.n_returning, recommendations.n_customers) == (
        can_judge,
        n_customers,
        n_customers,
    )
    assert str(recommendations.cutoff) == "2024-03-01"
    assert is_found(world, "few_returning") is not can_judge


def test_the_purchases_of_the_newest_day_are_counted_as_left_out_unless_the_toml_says_that_it_is_complete():
    lines = [*(f"c{n} 2024-01-{n + 1:02} item_id=tea" for n in range(20)), "c1 2024-01-21 item_id=mug"]
    lines += ["c1 2024-01-21 item_id=tea", "c2 2024-01-21 item_id=mug", "- 2024-01-21 item_id=mug"]

    by_default = judge(shop(*lines))
    complete = judge(shop(*lines, settings=config(watermark=date(2024, 1, 22))))

    assert (by_default.n_left_out, by_default.n_customers_left_out) == (3, 2)
    assert str(by_default.cost_of_incomplete_days) == (
        "left out, because 2024-01-21 may be incomplete: 3 of 23 purchases, of 2 customers; state "
        "watermark = 2024-01-22 if 2024-01-21 is complete"
    )
    assert complete.cost_of_incomplete_days is None
