"""How good recommendations are: figures by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughHistory, UnknownName
from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.ranking import BY_CATEGORY, BY_CUSTOMER, compare_rankings, ranking_metrics, share_reached
from models.metrics.variety import Categories
from tests.baskets import bought

CATALOGUE = "a b c d e f g h"
DAY = "2024-01-01"
PAST = bought(f"- {DAY} {CATALOGUE}", f"ada {DAY} a b", f"bo {DAY} a", f"cyd {DAY} a b", f"dee {DAY} c")


def shown(**rows: str) -> Recommendations:
    """What each customer was shown, such as ada="a c e"; '-' is an empty place."""
    item_ids = PAST.item_ids
    known = {name: code for code, name in enumerate(item_ids.tolist())} | {"-": -1}
    items = np.array([[known[name] for name in row.split()] for row in rows.values()], dtype=np.int32)
    ids = np.array(list(rows))
    nothing = np.full(items.shape, -1)
    return Recommendations(ids, item_ids, items, items.astype(np.float32), nothing, nothing, ("",) * len(ids))


def figures(recommendations: Recommendations, truth: Histories, k: int) -> dict[str, float]:
    metrics = ranking_metrics("any", recommendations, truth, PAST, ks=(k,), n_resamples=2)
    return {metric.name.partition("@")[0]: metric.estimate.value for metric in metrics}


def test_the_figures_are_those_computed_by_hand():
    truth = bought("ada 2024-02-01 a e", "bo 2024-02-01 c d e f")

    found = figures(shown(ada="c a e", bo="c a g"), truth, k=3)

    assert found["recall"] == pytest.approx((2 / 2 + 1 / 4) / 2)
    assert found["hit_rate"] == 1
    ada = (1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3))
    bo = 1 / (1 + 1 / np.log2(3) + 1 / 2)
    assert found["ndcg"] == pytest.approx((ada + bo) / 2)
    assert found["map"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2)
    assert found["mrr"] == pytest.approx((1 / 2 + 1) / 2)


def test_repeats_and_new_items_are_told_apart():
    truth = bought("ada 2024-02-01 a b e", "bo 2024-02-01 e")

    found = figures(shown(ada="a e", bo="a c"), truth, k=2)

    assert found["repeat_recall"] == pytest.approx(1 / 2)  # of ada alone: bo bought nothing again
    assert found["new_recall"] == pytest.approx((1 + 0) / 2)
    assert found["repeat_share"] == pytest.approx(1 / 2)
    assert found["new_share"] == pytest.approx(1 / 2)


def test_coverage_counts_items_shown_to_anybody_and_novelty_bits():
    found = figures(shown(ada="a b", bo="a c"), bought("ada 2024-02-01 a", "bo 2024-02-01 a"), k=2)

    assert found["coverage"] == pytest.approx(3 / 8)
    assert found["novelty"] == pytest.approx(np.mean([-np.log2(3 / 4), 1.0, -np.log2(3 / 4), 2.0]))


def test_who_bought_nothing_is_not_judged():
    truth = bought("ada 2024-02-01 a")

    assert figures(shown(ada="a", bo="b"), truth, k=1)["recall"] == 1


def test_an_item_outside_the_catalogue_counts_as_missed():
    assert figures(shown(ada="a"), bought("ada 2024-02-01 a zebra"), k=1)["recall"] == 0.5


def test_buying_the_same_item_twice_counts_once():
    truth = bought("ada 2024-02-01 a", "ada 2024-02-02 a")

    assert figures(shown(ada="a b"), truth, k=2)["recall"] == 1


def test_nothing_shown_is_worst_and_has_no_novelty():
    found = figures(shown(ada="- -"), bought("ada 2024-02-01 a"), k=2)

    assert (found["recall"], found["ndcg"], found["map"], found["mrr"], found["coverage"]) == (0, 0, 0, 0, 0)
    assert np.isnan([found["novelty"], found["diversity"]]).all()


rankings = st.permutations(CATALOGUE.split())
wanted = st.sets(st.sampled_from(CATALOGUE.split()), min_size=1)


@given(items=wanted, k=st.integers(1, 8))
def test_showing_what_is_bought_first_is_perfect(items: set[str], k: int):
    others = sorted(set(CATALOGUE.split()) - items)

    found = figures(shown(ada=" ".join([*sorted(items), *others])), bought(f"ada 2024-02-01 {' '.join(items)}"), k)

    assert (found["ndcg"], found["map"], found["mrr"], found["hit_rate"]) == pytest.approx((1, 1, 1, 1))
    assert found["recall"] == pytest.approx(min(k, len(items)) / len(items))


@given(ranking=rankings, items=wanted, k=st.integers(1, 8))
def test_no_figure_leaves_its_bounds(ranking: list[str], items: set[str], k: int):
    found = figures(shown(ada=" ".join(ranking)), bought(f"ada 2024-02-01 {' '.join(items)}"), k)

    for name in ("recall", "ndcg", "map", "mrr", "hit_rate", "repeat_share", "new_share", "coverage"):
        assert 0 <= found[name] <= 1 + 1e-12
    assert k == 1 or -1e-12 <= found["diversity"] <= 1
    assert found["repeat_share"] + found["new_share"] == pytest.approx(1)


@given(order=st.permutations(range(3)))
def test_the_order_of_the_customers_is_irrelevant(order: list[int]):
    truth = bought("ada 2024-02-01 a e", "bo 2024-02-01 c", "cyd 2024-02-01 h")
    rows = list({"ada": "a c", "bo": "c d", "cyd": "a b"}.items())

    turned = figures(shown(**dict(rows[place] for place in order)), truth.take(np.array(order)), k=2)

    assert turned == pytest.approx(figures(shown(**dict(rows)), truth, k=2), nan_ok=True)


def test_random_rankings_find_as_many_as_chance():
    random = np.random.default_rng(3)
    customers = [f"c{number}" for number in range(2000)]
    answers = shown(**{who: " ".join(random.permutation(CATALOGUE.split())) for who in customers})
    truth = bought(*(f"{who} 2024-02-01 d" for who in customers))

    (recall, *_) = ranking_metrics("any", answers, truth, PAST, ks=(2,))

    assert recall.name == "recall@2"
    assert recall.estimate.low < 2 / 8 < recall.estimate.high


def test_a_better_ranking_is_better_with_its_whole_interval():
    customers = [f"c{number}" for number in range(30)]
    good, bad = (shown(**dict.fromkeys(customers, row)) for row in ("a b", "b a"))
    truth = bought(*(f"{who} 2024-02-01 a" for who in customers))

    comparison = compare_rankings("good", "bad", good, bad, truth, PAST, name="ndcg@1")

    assert comparison.is_significant
    assert comparison.difference.value == 1


def test_a_ranking_is_not_better_than_itself():
    answers = shown(ada="a b", bo="c d")

    assert not compare_rankings(
        "one", "same", answers, answers, bought("ada 2024-02-01 a"), PAST, name="recall@2"
    ).is_significant


@pytest.mark.parametrize("name", ["coverage@10", "ndcg", "nonsense@3"])
def test_a_figure_that_cannot_be_compared_is_named(name: str):
    answers = shown(ada="a b")

    with pytest.raises(UnknownName, match="not compared by"):
        compare_rankings("one", "two", answers, answers, bought("ada 2024-02-01 a"), PAST, name=name)


def test_more_items_than_were_shown_cannot_be_judged():
    with pytest.raises(BadInput, match="2 items were recommended, 3 cannot be judged"):
        figures(shown(ada="a b"), bought("ada 2024-02-01 a"), k=3)


def test_a_test_span_without_purchases_is_told():
    with pytest.raises(NotEnoughHistory, match="nobody bought"):
        figures(shown(ada="a b"), bought("bo 2024-02-01 a"), k=1)


def test_figures_of_categories_stand_there_only_where_categories_are_known():
    truth, answers = bought("ada 2024-02-01 a"), shown(ada="a c")
    categories = Categories(PAST.item_ids, np.array(list("xxyyzzzz")))

    without, with_them = (
        ranking_metrics("any", answers, truth, PAST, ks=(2,), n_resamples=2, categories=known)
        for known in (None, categories)
    )

    assert [metric.name for metric in without] == [f"{name}@2" for name in (*BY_CUSTOMER, "coverage")]
    assert {m.name for m in with_them} - {m.name for m in without} == {f"{name}@2" for name in BY_CATEGORY}


def test_the_share_of_the_best_is_one_of_itself_and_that_of_the_sums_otherwise():
    truth = bought("ada 2024-02-01 a", "bo 2024-02-01 c")
    best, answers = shown(ada="a b", bo="c a"), shown(ada="b a", bo="c a")

    itself = share_reached(best, best, truth, PAST, "ndcg@2")
    other = share_reached(answers, best, truth, PAST, "ndcg@2")

    assert (itself.value, itself.low, itself.high) == pytest.approx((1, 1, 1))
    assert other.value == pytest.approx((1 / np.log2(3) + 1) / 2)
