"""The precomputed items of a release."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.recommenders.engine import scoring
from models.recommenders.item_knn import ItemKnn
from serving.release import recommender_part as module
from serving.release.recommender_part import SHARES_AT_ONCE, TOP_ARRAYS, BatchRanker, TopItems
from tests.serving.sample_release import CUTOFF, interactions, recommender_part

NONE_UNAVAILABLE = np.empty(0, dtype=np.int32)
MANY = np.arange(5 * SHARES_AT_ONCE + 1) % 3


def rank(rows: NDArray[np.int64]) -> TopItems:
    part = recommender_part(ItemKnn().fit(interactions(), CUTOFF))
    ranker = BatchRanker(part.model, part.customers, part.context_models, part.cutoff, part.rules)
    return ranker.rank(rows, 2, unavailable=NONE_UNAVAILABLE)


def test_the_work_for_the_contributions_of_one_customer_does_not_grow_with_the_number_of_customers(
    monkeypatch: pytest.MonkeyPatch,
):
    n_histories: list[int] = []
    contributor_shares = module.contributor_shares

    def note(model, histories, **options):
        n_histories.append(len(histories))
        return contributor_shares(model, histories, **options)

    monkeypatch.setattr(module, "contributor_shares", note)
    rank(MANY)

    assert max(n_histories) == SHARES_AT_ONCE


def test_a_customer_has_the_same_items_beside_very_many_others_as_alone(monkeypatch: pytest.MonkeyPatch):
    alone = [rank(np.array([row])).best for row in range(3)]
    monkeypatch.setattr(module, "RANKED_AT_ONCE", 7)
    best = rank(MANY).best

    for name in (*TOP_ARRAYS, "customer_ids", "shortfalls"):
        expected = [getattr(alone[row], name)[0] for row in MANY.tolist()]
        np.testing.assert_array_equal(getattr(best, name), np.array(expected), err_msg=name)


def test_without_customers_there_are_no_lists():
    assert rank(np.empty(0, dtype=np.int64)).best.items.shape == (0, 2)


def test_a_customer_has_the_same_contributions_beside_many_others_as_alone():
    alone = np.vstack([rank(np.array([row])).shares for row in range(3)])
    assert np.isfinite(alone).any()

    np.testing.assert_array_equal(rank(MANY).shares, alone[MANY])


def test_a_customer_has_the_same_items_and_contributions_in_a_large_catalogue(monkeypatch: pytest.MonkeyPatch):
    in_blocks = rank(MANY)
    monkeypatch.setattr(module, "MANY_ITEMS", 0)
    monkeypatch.setattr(scoring, "MANY_ITEMS", 0)

    one_by_one = rank(MANY)

    for name in (*TOP_ARRAYS, "customer_ids", "shortfalls"):
        np.testing.assert_array_equal(getattr(one_by_one.best, name), getattr(in_blocks.best, name), err_msg=name)
    np.testing.assert_allclose(one_by_one.shares, in_blocks.shares, rtol=1e-6)
