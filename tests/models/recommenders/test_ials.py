"""iALS: the objective of the fit, folding in histories, and their agreement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.recommenders import ials
from models.recommenders.als import Als
from models.recommenders.engine.factors import FoldedHistory, principal_axes
from models.recommenders.ials import Ials, Side, fit_item_vectors, group_rows_by_length
from tests.baskets import checkerboard, history


def random_side(n: int, m: int, seed: int = 1) -> Side:
    """Rows of every length from 0 to m, with any confidence."""
    draw = np.random.default_rng(seed)
    entries = np.where(draw.random((n, m)) < np.linspace(0, 1, n)[:, None], draw.uniform(0.2, 4, (n, m)), 0)
    return Side(sparse.csr_matrix(entries.astype(np.float32)), draw.uniform(0.1, 2, n).astype(np.float32))


def loss(customers: np.ndarray, items: np.ndarray, side: Side, other: Side, alpha0: float) -> float:
    """The objective, written out from its definition."""
    scores, confidence = customers @ items.T, side.confidence.toarray()
    penalties = (side.penalty * (customers**2).sum(axis=1)).sum() + (other.penalty * (items**2).sum(axis=1)).sum()
    return float((confidence * (scores - 1) ** 2).sum() + alpha0 * (scores**2).sum() + penalties)


@pytest.mark.parametrize("n_factors", [3, 5, 40])
def test_each_row_is_the_ridge_regression_of_its_purchases(n_factors: int):
    side, others = random_side(12, 8), np.random.default_rng(2).normal(size=(8, n_factors)).astype(np.float32)

    with ThreadPoolExecutor(2) as pool:
        vectors = side.solve(others, alpha0=0.3, pool=pool)

    for row, confidence in enumerate(side.confidence.toarray()):
        left = 0.3 * others.T @ others + side.penalty[row] * np.eye(n_factors) + (others.T * confidence) @ others
        # Compare scores, because the vectors are on other axes.
        assert others @ np.linalg.solve(left, others.T @ confidence) == pytest.approx(
            others @ principal_axes(others)[1] @ vectors[row], abs=1e-4
        )


def test_every_round_lowers_the_objective():
    side, start = random_side(30, 20), np.random.default_rng(2).normal(size=(20, 4)).astype(np.float32)
    other = Side(sparse.csr_matrix(side.confidence.T), np.linspace(0.1, 1, 20, dtype=np.float32))
    losses = []
    with ThreadPoolExecutor(2) as pool:
        for epochs in range(1, 6):
            items = fit_item_vectors(side, other, start=start, alpha0=0.1, epochs=epochs)
            rotated = items @ principal_axes(items)[1]
            losses.append(loss(side.solve(items, alpha0=0.1, pool=pool), rotated, side, other, 0.1))

    assert (np.diff(losses) < 1e-3).all()
    assert losses[-1] < losses[0] - 0.1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 12))
def test_every_row_with_a_purchase_is_in_one_group_of_its_length(lengths: list[int], n_factors: int):
    groups = list(group_rows_by_length(np.concatenate([[0], np.cumsum(lengths)]), n_factors))

    assert all(len({lengths[row] for row in rows}) == 1 for rows in groups)
    assert sorted(np.concatenate([*groups, []])) == [row for row, length in enumerate(lengths) if length]


def test_groups_that_fit_into_memory_give_the_same_vectors(monkeypatch: pytest.MonkeyPatch):
    log = checkerboard(30)
    together = Ials(n_factors=4).fit(log)

    monkeypatch.setattr(ials, "NUMBERS_AT_ONCE", 4 * 14 * 3)
    in_groups = Ials(n_factors=4).fit(log)

    assert in_groups.factors_ == pytest.approx(together.factors_, abs=1e-4)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 1000))
def test_folding_in_solves_the_ridge_regression_for_short_and_long_histories(h: int, n_factors: int, seed: int):
    draw = np.random.default_rng(seed)
    vectors, ridge = draw.normal(size=(h, n_factors)), draw.uniform(0.1, 2, n_factors)
    weights, targets = draw.uniform(0, 3, h) * (draw.random(h) < 0.8), draw.uniform(0, 3, h)

    folded = FoldedHistory.solve(np.arange(h, dtype=np.int32), vectors, weights=weights, targets=targets, ridge=ridge)

    left = np.diag(ridge) + (vectors.T * weights) @ vectors
    assert folded.customer_vector() == pytest.approx(np.linalg.solve(left, vectors.T @ targets), abs=1e-8)


@pytest.mark.parametrize("kind", [Als, Ials])
@pytest.mark.parametrize("n_factors", [2, 12])
def test_the_contributions_of_a_history_sum_to_its_scores(kind: type[Als | Ials], n_factors: int):
    log = checkerboard(20)
    model = kind(n_factors=n_factors, popularity_power=0).fit(log)
    before = history("0002", "0004", "0006", among=log)

    items, contributions = model.contributions(before, 0, items=np.arange(20), cutoff=model.cutoff_)

    assert items.tolist() == [2, 4, 6]
    assert np.maximum(contributions.sum(axis=0), 0) == pytest.approx(model.scores(before, model.cutoff_)[0], abs=1e-5)
