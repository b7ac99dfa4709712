"""Matrix factorisation held back by frequency: the fit's objective, the fold-in, and what they agree on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.recommenders.als import Als
from models.recommenders.engine import alternating
from models.recommenders.engine.alternating import Side, item_vectors, rows_of_one_length
from models.recommenders.engine.fold_in import FoldedIn
from models.recommenders.ials import Ials
from tests.baskets import checkerboard, history


def some_side(n: int, m: int, seed: int = 1) -> Side:
    """Rows of every length from 0 to m, with any confidence."""
    draw = np.random.default_rng(seed)
    entries = np.where(draw.random((n, m)) < np.linspace(0, 1, n)[:, None], draw.uniform(0.2, 4, (n, m)), 0)
    return Side(sparse.csr_matrix(entries.astype(np.float32)), draw.uniform(0.1, 2, n).astype(np.float32))


def loss(customers: np.ndarray, items: np.ndarray, side: Side, other: Side, alpha0: float) -> float:
    """The objective in the words of its definition."""
    scores, confidence = customers @ items.T, side.bought.toarray()
    held_back = (side.penalty * (customers**2).sum(axis=1)).sum() + (other.penalty * (items**2).sum(axis=1)).sum()
    return float((confidence * (scores - 1) ** 2).sum() + alpha0 * (scores**2).sum() + held_back)


@pytest.mark.parametrize("n_factors", [3, 5, 40])
def test_each_row_is_the_ridge_regression_of_its_purchases(n_factors: int):
    side, others = some_side(12, 8), np.random.default_rng(2).normal(size=(8, n_factors)).astype(np.float32)

    with ThreadPoolExecutor(2) as pool:
        found = side.solved(others, 0.3, pool)

    for row, confidence in enumerate(side.bought.toarray()):
        left = 0.3 * others.T @ others + side.penalty[row] * np.eye(n_factors) + (others.T * confidence) @ others
        # Scores, because the vectors stand on other axes.
        assert others @ np.linalg.solve(left, others.T @ confidence) == pytest.approx(
            others @ alternating.principal_axes(others)[1] @ found[row], abs=1e-4
        )


def test_no_round_makes_the_objective_worse():
    side, first = some_side(30, 20), np.random.default_rng(2).normal(size=(20, 4)).astype(np.float32)
    other = Side(sparse.csr_matrix(side.bought.T), np.linspace(0.1, 1, 20, dtype=np.float32))
    losses = []
    with ThreadPoolExecutor(2) as pool:
        for epochs in range(1, 6):
            items = item_vectors(side, other, first, 0.1, epochs)
            turned = items @ alternating.principal_axes(items)[1]
            losses.append(loss(side.solved(items, 0.1, pool), turned, side, other, 0.1))

    assert (np.diff(losses) < 1e-3).all()
    assert losses[-1] < losses[0] - 0.1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 12))
def test_every_row_with_a_purchase_is_in_one_group_of_its_length(lengths: list[int], n_factors: int):
    groups = list(rows_of_one_length(np.concatenate([[0], np.cumsum(lengths)]), n_factors))

    assert all(len({lengths[row] for row in rows}) == 1 for rows in groups)
    assert sorted(np.concatenate([*groups, []])) == [row for row, length in enumerate(lengths) if length]


def test_groups_that_fit_into_memory_give_the_same_vectors(monkeypatch: pytest.MonkeyPatch):
    log = checkerboard(30)
    together = Ials(n_factors=4).fit(log)

    monkeypatch.setattr(alternating, "NUMBERS_AT_ONCE", 4 * 14 * 3)
    in_groups = Ials(n_factors=4).fit(log)

    assert in_groups.factors_ == pytest.approx(together.factors_, abs=1e-4)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 1000))
def test_folding_in_is_the_ridge_regression_from_whichever_side(h: int, n_factors: int, seed: int):
    draw = np.random.default_rng(seed)
    vectors, ridge = draw.normal(size=(h, n_factors)), draw.uniform(0.1, 2, n_factors)
    weights, pulls = draw.uniform(0, 3, h) * (draw.random(h) < 0.8), draw.uniform(0, 3, h)

    folded = FoldedIn.of(np.arange(h), vectors, weights, pulls, ridge)

    left = np.diag(ridge) + (vectors.T * weights) @ vectors
    assert folded.vector() == pytest.approx(np.linalg.solve(left, vectors.T @ pulls), abs=1e-8)


@pytest.mark.parametrize("kind", [Als, Ials])
@pytest.mark.parametrize("n_factors", [2, 12])
def test_the_shares_of_a_history_add_up_to_its_scores(kind: type[Als | Ials], n_factors: int):
    log = checkerboard(20)
    model = kind(n_factors=n_factors, popularity_power=0).fit(log)
    before = history("0002", "0004", "0006", among=log)

    items, shares = model.shares(before, 0, np.arange(20), model.cutoff_)

    assert items.tolist() == [2, 4, 6]
    assert np.maximum(shares.sum(axis=0), 0) == pytest.approx(model.scores(before, model.cutoff_)[0], abs=1e-5)
