"""Ranking metrics: computed by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughHistory, UnknownName
from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.ranking.data import Categories
from models.metrics.ranking.evaluation import compare_rankings, metric_names, ranking_metrics, share_of_best
from tests.baskets import interactions

CATALOGUE = "a b c d e f g h"
DAY = "2024-01-01"
PAST = interactions(f"- {DAY} {CATALOGUE}", f"ada {DAY} a b", f"bo {DAY} a", f"cyd {DAY} a b", f"dee {DAY} c")


def recommend(**rows: str) -> Recommendations:
    """Lists such as ada="a c e"; '-' is an empty place."""
    item_ids = PAST.item_ids
    codes = {name: code for code, name in enumerate(item_ids.tolist())} | {"-": -1}
    items = np.array([[codes[name] for name in row.split()] for row in rows.values()], dtype=np.int32)
    ids = np.array(list(rows))
    nothing = np.full(items.shape, -1)
    return Recommendations(
        customer_ids=ids,
        item_ids=item_ids,
        items=items,
        scores=items.astype(np.float32),
        stages=nothing,
        contributors=nothing,
        shortfalls=("",) * len(ids),
    )


def evaluate(recommendations: Recommendations, truth: Histories, k: int) -> dict[str, float]:
    metrics = ranking_metrics("any", recommendations, truth=truth, past=PAST, ks=(k,), n_resamples=2)
    return {metric.name.partition("@")[0]: metric.estimate.value for metric in metrics}


def test_metrics_agree_with_values_computed_by_hand():
    truth = interactions("ada 2024-02-01 a e", "bo 2024-02-01 c d e f")

    result = evaluate(recommend(ada="c a e", bo="c a g"), truth, k=3)

    assert result["recall"] == pytest.approx((2 / 2 + 1 / 4) / 2)
    assert result["hit_rate"] == 1
    ada = (1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3))
    bo = 1 / (1 + 1 / np.log2(3) + 1 / 2)
    assert result["ndcg"] == pytest.approx((ada + bo) / 2)
    assert result["map"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2)
    assert result["mrr"] == pytest.approx((1 / 2 + 1) / 2)


def test_repeats_and_new_items_are_counted_separately():
    truth = interactions("ada 2024-02-01 a b e", "bo 2024-02-01 e")

    result = evaluate(recommend(ada="a e", bo="a c"), truth, k=2)

    assert result["repeat_recall"] == pytest.approx(1 / 2)  # of ada alone: bo has no repeat purchase
    assert result["new_recall"] == pytest.approx((1 + 0) / 2)
    assert result["repeat_share"] == pytest.approx(1 / 2)
    assert result["new_share"] == pytest.approx(1 / 2)


def test_coverage_counts_listed_items_and_novelty_is_in_bits():
    result = evaluate(recommend(ada="a b", bo="a c"), interactions("ada 2024-02-01 a", "bo 2024-02-01 a"), k=2)

    assert result["coverage"] == pytest.approx(3 / 8)
    assert result["novelty"] == pytest.approx(np.mean([-np.log2(3 / 4), 1.0, -np.log2(3 / 4), 2.0]))


def test_customers_without_purchases_are_not_evaluated():
    truth = interactions("ada 2024-02-01 a")

    assert evaluate(recommend(ada="a", bo="b"), truth, k=1)["recall"] == 1


def test_an_item_outside_the_catalogue_counts_as_missed():
    assert evaluate(recommend(ada="a"), interactions("ada 2024-02-01 a zebra"), k=1)["recall"] == 0.5


def test_buying_the_same_item_twice_counts_once():
    truth = interactions("ada 2024-02-01 a", "ada 2024-02-02 a")

    assert evaluate(recommend(ada="a b"), truth, k=2)["recall"] == 1


def test_empty_lists_have_the_worst_metrics_and_no_novelty():
    result = evaluate(recommend(ada="- -"), interactions("ada 2024-02-01 a"), k=2)

    assert (result["recall"], result["ndcg"], result["map"], result["mrr"], result["coverage"]) == (0, 0, 0, 0, 0)
    assert np.isnan([result["novelty"], result["diversity"]]).all()


rankings = st.permutations(CATALOGUE.split())
item_sets = st.sets(st.sampled_from(CATALOGUE.split()), min_size=1)


@given(items=item_sets, k=st.integers(1, 8))
def test_listing_the_bought_items_first_is_perfect(items: set[str], k: int):
    others = sorted(set(CATALOGUE.split()) - items)

    result = evaluate(
        recommend(ada=" ".join([*sorted(items), *others])), interactions(f"ada 2024-02-01 {' '.join(items)}"), k
    )

    assert (result["ndcg"], result["map"], result["mrr"], result["hit_rate"]) == pytest.approx((1, 1, 1, 1))
    assert result["recall"] == pytest.approx(min(k, len(items)) / len(items))


@given(ranking=rankings, items=item_sets, k=st.integers(1, 8))
def test_metrics_stay_in_their_bounds(ranking: list[str], items: set[str], k: int):
    result = evaluate(recommend(ada=" ".join(ranking)), interactions(f"ada 2024-02-01 {' '.join(items)}"), k)

    for name in ("recall", "ndcg", "map", "mrr", "hit_rate", "repeat_share", "new_share", "coverage"):
        assert 0 <= result[name] <= 1 + 1e-12
    assert k == 1 or -1e-12 <= result["diversity"] <= 1
    assert result["repeat_share"] + result["new_share"] == pytest.approx(1)


@given(order=st.permutations(range(3)))
def test_the_order_of_the_customers_does_not_matter(order: list[int]):
    truth = interactions("ada 2024-02-01 a e", "bo 2024-02-01 c", "cyd 2024-02-01 h")
    rows = list({"ada": "a c", "bo": "c d", "cyd": "a b"}.items())

    reordered = evaluate(recommend(**dict(rows[place] for place in order)), truth.take(np.array(order)), k=2)

    assert reordered == pytest.approx(evaluate(recommend(**dict(rows)), truth, k=2), nan_ok=True)


def test_random_rankings_have_the_recall_of_chance():
    random = np.random.default_rng(3)
    customers = [f"c{number}" for number in range(2000)]
    lists = recommend(**{who: " ".join(random.permutation(CATALOGUE.split())) for who in customers})
    truth = interactions(*(f"{who} 2024-02-01 d" for who in customers))

    (recall, *_) = ranking_metrics("any", lists, truth=truth, past=PAST, ks=(2,))

    assert recall.name == "recall@2"
    assert recall.estimate.low < 2 / 8 < recall.estimate.high


def test_a_clearly_better_ranking_has_a_real_difference():
    customers = [f"c{number}" for number in range(30)]
    good, bad = (recommend(**dict.fromkeys(customers, row)) for row in ("a b", "b a"))
    truth = interactions(*(f"{who} 2024-02-01 a" for who in customers))

    comparison = compare_rankings(
        "good", "bad", recommendations=good, recommendations_against=bad, truth=truth, past=PAST, name="ndcg@1"
    )

    assert comparison.is_significant
    assert comparison.difference.value == 1


def test_a_ranking_is_not_better_than_itself():
    lists = recommend(ada="a b", bo="c d")

    comparison = compare_rankings(
        "one",
        "same",
        recommendations=lists,
        recommendations_against=lists,
        truth=interactions("ada 2024-02-01 a"),
        past=PAST,
        name="recall@2",
    )

    assert not comparison.is_significant


@pytest.mark.parametrize("name", ["coverage@10", "ndcg", "nonsense@3"])
def test_an_unknown_metric_cannot_be_compared(name: str):
    lists = recommend(ada="a b")

    with pytest.raises(UnknownName, match="not compared by"):
        compare_rankings(
            "one",
            "two",
            recommendations=lists,
            recommendations_against=lists,
            truth=interactions("ada 2024-02-01 a"),
            past=PAST,
            name=name,
        )


def test_no_metric_exists_beyond_the_length_of_the_lists():
    with pytest.raises(BadInput, match="lists have 2 items, so no metric at 3 exists"):
        evaluate(recommend(ada="a b"), interactions("ada 2024-02-01 a"), k=3)


def test_a_test_period_without_purchases_is_not_enough_history():
    with pytest.raises(NotEnoughHistory, match="no customer bought an item"):
        evaluate(recommend(ada="a b"), interactions("bo 2024-02-01 a"), k=1)


def test_category_metrics_need_categories():
    truth, lists = interactions("ada 2024-02-01 a"), recommend(ada="a c")
    categories = Categories(PAST.item_ids, np.array(list("xxyyzzzz")))

    without, with_them = (
        ranking_metrics("any", lists, truth=truth, past=PAST, ks=(2,), n_resamples=2, categories=each)
        for each in (None, categories)
    )

    assert [metric.name for metric in without] == [f"{name}@2" for name in (*metric_names(), "coverage")]
    assert {m.name for m in with_them} - {m.name for m in without} == {
        f"{name}@2" for name in ("category_diversity", "miscalibration")
    }


def test_the_share_of_the_best_is_the_ratio_of_the_means():
    truth = interactions("ada 2024-02-01 a", "bo 2024-02-01 c")
    best, lists = recommend(ada="a b", bo="c a"), recommend(ada="b a", bo="c a")

    itself = share_of_best(best, best, truth=truth, past=PAST, name="ndcg@2")
    other = share_of_best(lists, best, truth=truth, past=PAST, name="ndcg@2")

    assert (itself.value, itself.low, itself.high) == pytest.approx((1, 1, 1))
    assert other.value == pytest.approx((1 / np.log2(3) + 1) / 2)
