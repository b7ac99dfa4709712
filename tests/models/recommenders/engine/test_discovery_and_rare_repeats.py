"""Discovery weighs new items against repeats; where repeats are rare, items of the history are no candidates."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.interactions import MIN_LATER, has_rare_repeats, repeat_share
from models.recommenders.engine.exclusions import ExcludedItems, Exclusions
from models.recommenders.engine.holdout import holdout_folds
from models.recommenders.item_knn import ItemKnn
from tests.baskets import history, interactions

SHOP = interactions(
    "ada 2024-01-01 tea jam", "ada 2024-01-09 tea", "bo 2024-01-02 tea jam bread", "cyd 2024-01-03 jam bread"
)
DAY = date(2024, 3, 1)


def shop_of_pairs(n_customers: int, second_item: str):
    first = [f"c{number} 2024-01-01 tea" for number in range(n_customers)]
    return interactions(*first, *(f"c{number} 2024-02-20 {second_item}" for number in range(n_customers)))


@pytest.mark.parametrize(("discovery", "expected"), [(0.0, ["tea", "jam"]), (1.0, ["bread", "jam"])])
def test_discovery_moves_new_items_before_repeats(discovery: float, expected: list[str]):
    model = ItemKnn(popularity_power=0.0).fit(SHOP)
    past = history("tea", among=SHOP) if not discovery else history("tea", "jam", among=SHOP)

    answer = model.recommend(past, 2, cutoff=DAY, exclusions=Exclusions(discovery=discovery))

    assert answer.item_id[0].tolist()[0] == expected[0]


def test_the_score_of_an_item_of_the_history_loses_the_weight_once_however_often_it_was_bought():
    past = history("tea", "tea", "jam", among=SHOP)
    scores = np.ones((1, 3), dtype=np.float32)

    ExcludedItems.resolve(Exclusions(discovery=0.25), past).discount_seen(scores)

    assert dict(zip(SHOP.item_ids.tolist(), scores[0].tolist(), strict=True)) == {"bread": 1, "jam": 0.75, "tea": 0.75}


def test_the_share_of_repeats_ignores_first_days_and_lines_of_one_day():
    assert np.isnan(repeat_share(SHOP))
    assert repeat_share(shop_of_pairs(MIN_LATER, "tea tea")) == 1
    assert repeat_share(shop_of_pairs(MIN_LATER, "tea jam")) == 0.5


def test_with_too_few_later_purchases_repeats_are_not_called_rare():
    assert not has_rare_repeats(shop_of_pairs(MIN_LATER - 1, "jam"))
    assert has_rare_repeats(shop_of_pairs(MIN_LATER, "jam"))


@pytest.mark.parametrize(("second_item", "new_only"), [("jam", True), ("tea", False)])
def test_folds_count_new_items_only_where_repeats_are_rare(second_item: str, new_only: bool):
    shop = shop_of_pairs(MIN_LATER, second_item)

    (fold,) = holdout_folds("last_days", shop, cutoff=DAY, days=28, n_folds=1, seed=7)

    assert fold.new_only is new_only
