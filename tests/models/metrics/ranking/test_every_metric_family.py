"""Laws that hold for every family of ranking metrics in the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from core.recommendations import Recommendations
from models.metrics.ranking.data import Categories, RankingData
from models.metrics.ranking.evaluation import METRIC_FAMILIES
from tests.baskets import interactions

CATALOGUE = "a b c d e f"
PAST = interactions(
    f"- 2024-01-01 {CATALOGUE}", "ada 2024-01-01 a b", "bo 2024-01-01 a c", "cyd 2024-01-01 d", "dee 2024-01-02 e"
)
TRUTH = interactions("ada 2024-02-01 a e", "bo 2024-02-01 c", "cyd 2024-02-01 d f")
CATEGORIES = Categories(PAST.item_ids, np.array(["x", "x", "y", "y", "z", ""]))
LISTS = {
    "perfect": {"ada": "a e", "bo": "c a", "cyd": "d f"},
    "worst": {"ada": "c d", "bo": "e f", "cyd": "a b"},
    "empty": {"ada": "- -", "bo": "- -", "cyd": "- -"},
}
every_family = pytest.mark.parametrize("family", METRIC_FAMILIES.values(), ids=METRIC_FAMILIES)


def ranking_data(lists: dict[str, str]) -> RankingData:
    codes = {item: code for code, item in enumerate(PAST.item_ids.tolist())} | {"-": -1}
    items = np.array([[codes[item] for item in row.split()] for row in lists.values()], dtype=np.int32)
    padding = np.full(items.shape, -1)
    recommendations = Recommendations(
        customer_ids=np.array(list(lists)),
        item_ids=PAST.item_ids,
        items=items,
        scores=padding.astype(np.float32),
        stages=padding.astype(np.int8),
        contributors=padding.astype(np.int32),
        shortfalls=("",) * len(lists),
    )
    return RankingData.align(recommendations, truth=TRUTH, past=PAST)


@every_family
@pytest.mark.parametrize("lists", LISTS.values(), ids=LISTS)
def test_a_family_has_one_value_for_each_metric_and_customer(family, lists: dict[str, str]):
    values = family.compute(ranking_data(lists), CATEGORIES)

    assert tuple(values) == family.names
    assert all(column.shape == (3,) for column in values.values())


@every_family
def test_a_value_does_not_depend_on_the_order_of_the_customers(family):
    lists = LISTS["perfect"]

    forward = family.compute(ranking_data(lists), CATEGORIES)
    backward = family.compute(ranking_data(dict(reversed(lists.items()))), CATEGORIES)

    for name, column in forward.items():
        assert column.tolist() == pytest.approx(backward[name][::-1].tolist(), nan_ok=True)


@every_family
def test_shares_and_accuracy_stay_between_0_and_1(family):
    for lists in LISTS.values():
        values = family.compute(ranking_data(lists), CATEGORIES)
        bounded = [column for name, column in values.items() if name not in ("novelty", "miscalibration")]
        assert all(((column >= -1e-12) & (column <= 1 + 1e-12) | np.isnan(column)).all() for column in bounded)


def test_perfect_lists_are_more_accurate_than_the_worst():
    accuracy = METRIC_FAMILIES["accuracy"]

    perfect, worst = (accuracy.compute(ranking_data(LISTS[name]), None) for name in ("perfect", "worst"))

    assert all((column == 1).all() for column in perfect.values())
    assert all((column == 0).all() for column in worst.values())


def test_no_two_families_share_a_metric():
    names = [name for family in METRIC_FAMILIES.values() for name in family.names]

    assert len(names) == len(set(names))
