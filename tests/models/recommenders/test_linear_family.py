"""The effects of linear and graph-filter recommenders against their formulas, written out densely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UnknownName
from models.recommenders.ease import Ease, invert
from models.recommenders.engine.item_graph import ItemGraph
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.sparse_effects import add_self_effects, item_blocks, keep_strongest
from models.recommenders.gf_cf import GfCf
from models.recommenders.graph_filter import GraphFilter
from models.recommenders.item_knn import ItemKnn, weigh_purchases
from models.recommenders.rp3beta import Rp3Beta
from tests.baskets import interactions

LOG = interactions(
    "ada 2024-02-01 tea milk jam", "bo 2024-02-01 tea milk", "cyd 2024-02-01 jam bread",
    "dee 2024-02-01 bread butter tea", "eve 2024-02-01 milk butter", "fay 2024-02-01 jam milk bread",
)  # fmt: skip
X = (LOG.matrix().toarray() > 0).astype(float)
OTHERS = ~np.eye(X.shape[1], dtype=bool)


def fit_effects(model: LinearRecommender) -> np.ndarray:
    """Effects on others, (m, m), the diagonal zero."""
    fitted = model.fit(LOG)
    items = np.arange(len(fitted.item_ids))
    return fitted._effects_between(items, items) * OTHERS


def scale_links(customer_power: float, item_power: float) -> np.ndarray:
    links = X.sum(1, keepdims=True) ** -customer_power * X * X.sum(0) ** -item_power
    return links / np.linalg.norm(links, 2)


def test_rp3beta_is_the_walk_from_item_to_customer_to_item():
    to_customers = (X / X.sum(0)).T ** 0.7
    to_items = (X / X.sum(1, keepdims=True)) ** 0.7

    walk = (to_customers @ to_items) / X.sum(0) ** 0.4

    assert fit_effects(Rp3Beta(alpha=0.7, beta=0.4, half_life_days=None)) == pytest.approx(walk * OTHERS, abs=1e-5)


def test_gf_cf_is_one_step_plus_the_broad_tastes():
    links, root = scale_links(0.5, 0.5), np.sqrt(X.sum(0))
    _, _, rows = np.linalg.svd(links)

    formula = links.T @ links + 0.3 * (rows[:2].T @ rows[:2]) / root[:, None] * root

    assert fit_effects(GfCf(alpha=0.3, n_factors=2)) == pytest.approx(formula * OTHERS, abs=1e-4)


@pytest.mark.parametrize("sharpening", [0.0, 0.5])
def test_a_graph_filter_blurs_and_subtracts_a_further_blurring_step(sharpening: float):
    links, purchases = scale_links(0.3, 0.4), X.sum(0)
    _, _, rows = np.linalg.svd(links)
    step = links.T @ links
    blurred = step * purchases**0.1 + 0.2 * (rows[:2].T @ rows[:2]) * purchases**0.3

    formula = (blurred - sharpening * blurred @ step) * purchases[:, None] ** -0.4

    model = GraphFilter(
        customer_power=0.3, item_power=0.4, n_factors=2, taste_weight=0.2, step_popularity=0.1, taste_popularity=0.3,
        sharpening=sharpening,
    )  # fmt: skip
    assert fit_effects(model) == pytest.approx(formula * OTHERS, abs=1e-4)


def test_ease_with_powers_of_zero_is_the_ridge_regression_of_each_item_on_all_others():
    links = scale_links(0, 0)
    effects = fit_effects(Ease(regularization=0.1, customer_power=0, item_power=0, end_popularity=0))

    for item in range(X.shape[1]):
        others = OTHERS[item]
        left = links[:, others].T @ links[:, others] + 0.1 * np.eye(others.sum())
        assert effects[others, item] == pytest.approx(
            np.linalg.solve(left, links[:, others].T @ links[:, item]), abs=1e-4
        )


def test_approximate_ease_equals_exact_ease_with_all_eigenvectors():
    assert fit_effects(Ease(dense_gb=0, n_factors=50)) == pytest.approx(fit_effects(Ease()), abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 40), rows_at_once=st.integers(1, 40), seed=st.integers(0, 1000))
def test_inverting_by_halves_gives_the_inverse(n: int, rows_at_once: int, seed: int):
    sample = np.random.default_rng(seed).standard_normal((n, 2 * n))
    matrix = (sample @ sample.T / n).astype(np.float32)
    inverse = matrix.copy()

    invert(inverse, rows_at_once)

    assert inverse == pytest.approx(np.linalg.inv(matrix.astype(float)), rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("rows_at_once", [2, 8])
def test_a_matrix_that_is_not_positive_definite_has_no_inverse(rows_at_once: int):
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        invert(-np.eye(5, dtype=np.float32), rows_at_once)


def test_the_memory_estimate_of_ease_depends_on_the_method():
    assert Ease(dense_gb=1e-9).memory_gb(LOG) != Ease().memory_gb(LOG)


@pytest.mark.parametrize("weighting", ["cosine", "tf_idf"])
def test_cosine_and_tf_idf_columns_have_length_one(weighting: str):
    columns = weigh_purchases(LOG.matrix(), weighting)

    assert np.asarray(columns.multiply(columns).sum(axis=0)).ravel() == pytest.approx(np.ones(X.shape[1]))


def test_bm25_counts_a_second_purchase_less_than_the_first():
    again = interactions("ada 2024-02-01 tea tea milk", "bo 2024-02-01 milk jam")
    columns = weigh_purchases(again.matrix(), "bm25", k1=1.0, b=0.0).toarray()
    tea, milk = (columns[0, again.item_ids.tolist().index(name)] for name in ("tea", "milk"))

    assert tea / milk == pytest.approx((2 * 2 / 3) / (1 * 2 / 2))


def test_an_unknown_weighting_suggests_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'bm25'"):
        ItemKnn(weighting="bm52")  # pyright: ignore[reportArgumentType]


def test_the_strongest_effects_are_those_furthest_from_zero_and_never_the_items_own():
    effects = np.array([[9, 1, -3, 2], [0, 9, 0, 5]], dtype=np.float32)

    kept = keep_strongest(effects, np.array([0, 1]), n=2)

    assert kept.toarray().tolist() == [[0, 0, -3, 2], [0, 0, 0, 5]]
    assert kept.nnz == 3


def test_blocks_have_every_item_once_and_too_much_work_only_for_single_items():
    blocks = [items.tolist() for items in item_blocks(np.array([3.0, 3, 9, 1, 2]), 6)]

    assert blocks == [[0, 1], [2], [3, 4]]


def test_the_effect_on_itself_is_a_multiple_of_the_median_strongest_effect():
    effects = keep_strongest(np.array([[0, 2, 1], [4, 0, 0], [6, 0, 0]], dtype=np.float32), np.arange(3), n=3)

    assert add_self_effects(effects, 10).diagonal().tolist() == [40, 40, 40]


def test_tastes_are_eigenvectors_of_the_step():
    graph = ItemGraph.from_weights(LOG.matrix(), customer_power=0.5, item_power=0.5)
    step = (graph.links.T @ graph.links).toarray()

    tastes, values = graph.tastes(3, seed=7)

    assert step @ tastes == pytest.approx(tastes * values, abs=1e-4)
    assert values[0] == pytest.approx(1, abs=1e-3)
