"""The components of the next-basket model, and blending of recommenders."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughMemory, UnknownName
from core.recommendations import STAGES
from models.recommenders.blend import BlendRecommender
from models.recommenders.ease import Ease
from models.recommenders.engine.blend_weights import (
    NORMALISATIONS,
    Candidates,
    activity_groups,
    fit_group_weights,
    fit_weights,
    normalise,
)
from models.recommenders.engine.item_popularity import popularity_at, seasonal_popularity
from models.recommenders.next_basket import NextBasket, readiness, relative_repeat_rate
from tests.baskets import history, interactions

LOG = interactions(
    "ada 2024-01-01 tea jam", "ada 2024-01-11 tea milk", "ada 2024-01-21 tea", "bo 2024-01-02 tea jam",
    "bo 2024-01-12 tea jam", "cyd 2024-01-03 jam bread", "cyd 2024-01-25 bread", "dee 2024-01-04 salt bread",
)  # fmt: skip
CUTOFF = date(2024, 2, 1)


def test_readiness_is_full_after_half_a_gap_and_falls_after_two():
    assert readiness(np.array([0, 0.25, 0.5, 2, 4])).tolist() == [0, 0.5, 1, 1, 0.5]


def test_items_bought_on_a_second_day_have_a_high_repeat_rate():
    rates = dict(zip(LOG.item_ids.tolist(), relative_repeat_rate(LOG).tolist(), strict=True))

    assert rates["tea"] == max(rates.values()) > 1 > rates["salt"]


def test_popularity_at_an_earlier_cutoff_ignores_later_purchases():
    log = interactions("ada 2024-01-01 tea", "bo 2024-01-25 jam", "- 2024-01-26 jam")

    jam, tea = popularity_at(seasonal_popularity(log, 7, cutoff=CUTOFF), CUTOFF, cutoff=date(2024, 1, 20))

    assert jam == pytest.approx(0.01)
    assert tea == pytest.approx(1.01)


@pytest.mark.parametrize(
    "model", [NextBasket(), *(BlendRecommender(normalisation=method) for method in NORMALISATIONS)]
)
def test_contributions_sum_to_the_score(model: NextBasket | BlendRecommender):
    model.fit(LOG, CUTOFF)
    items = np.arange(len(LOG.item_ids))
    for row in range(len(LOG)):
        _, contributions = model.contributions(LOG.histories, row, items=items, cutoff=CUTOFF)
        scores = model._raw_scores(LOG.histories.take(np.array([row])), CUTOFF)[0]
        assert contributions.sum(axis=0) == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize("method", NORMALISATIONS)
def test_normalising_keeps_the_order_and_the_zeros(method: str):
    scores = np.array([[0, 3, 1, 7], [0, 0, 0, 0]], dtype=np.float32)

    normalised = normalise(scores, method)

    assert np.argsort(normalised[0]).tolist() == [0, 2, 1, 3]
    assert (normalised[scores == 0] == 0).all()


def test_all_weight_goes_to_the_only_part_that_finds_the_bought_item():
    noise = np.random.default_rng(7).random((50, 40)).astype(np.float32)
    truth = np.zeros((50, 40), dtype=bool)
    truth[:, 5] = True
    parts = np.stack([noise, truth.astype(np.float32) * 0.5], axis=2)

    candidates = Candidates(parts, np.ones_like(truth), truth, np.ones(50, dtype=int), np.zeros(50, dtype=int))
    weights = fit_weights(candidates)

    assert weights.sum() == pytest.approx(1)
    assert candidates.ndcg(weights) == 1


@given(seed=st.integers(0, 2**32 - 1))
def test_the_ndcg_of_candidates_is_that_of_their_sorted_lists(seed: int):
    random = np.random.default_rng(seed)
    n, width = 6, int(random.integers(1, 30))
    # Few different scores, so that many candidates tie: the first of them is listed first.
    scores = random.integers(0, 3, (n, width, 2)).astype(np.float32)
    allowed, bought = random.random((n, width)) < 0.8, random.random((n, width)) < 0.2
    n_bought = np.maximum(bought.sum(axis=1), 1)
    weights = np.array([0.25, 0.75])

    ndcg = Candidates(scores, allowed, bought, n_bought, np.zeros(n, dtype=int)).ndcg_by_customer(weights)

    gains = 1 / np.log2(np.arange(10) + 2)
    for row in range(n):
        listed = sorted(np.flatnonzero(allowed[row]), key=lambda one: -float(scores[row, one] @ weights))[:10]
        gained = sum(gain for gain, one in zip(gains, listed, strict=False) if bought[row, one])
        assert ndcg[row] == pytest.approx(gained / gains[: n_bought[row]].sum())


def test_an_activity_group_gets_weights_of_its_own_where_it_clearly_gains():
    n = 200
    truth = np.zeros((n, 20), dtype=bool)
    truth[:, 5] = True
    hits, misses = truth.astype(np.float32), np.roll(truth, -1, axis=1).astype(np.float32)
    groups = np.repeat([0, 3], n // 2)
    parts = np.where((groups == 0)[:, None, None], np.stack([hits, misses], axis=2), np.stack([misses, hits], axis=2))
    candidates = Candidates(parts, np.ones_like(truth), truth, np.ones(n, dtype=int), groups)

    weights = fit_group_weights(candidates)

    assert weights.sum(axis=1) == pytest.approx(np.ones(4))
    assert (weights[1] == weights[2]).all()
    assert not (weights[0] == weights[3]).all()


def test_activity_groups_follow_the_number_of_purchase_days():
    days = [f"ada 2024-01-{day:02} tea jam" for day in range(1, 11)]
    log = interactions(*days, "bo 2024-01-01 tea jam", "cyd 2024-01-01 tea", "cyd 2024-01-02 tea")

    assert activity_groups(log.histories).tolist() == [3, 0, 1]


def test_items_that_only_sell_well_are_listed_as_popular_and_without_a_contributor():
    model = NextBasket().fit(LOG, CUTOFF)
    model.weights_ = np.tile([0.5, 0.0, 0.0, 0.0, 0.5], (4, 1))

    answer = model.recommend(history("salt", among=LOG), 5, cutoff=CUTOFF)
    stages = dict(zip(answer.item_id[0].tolist(), [STAGES[stage] for stage in answer.stages[0]], strict=True))

    assert stages == {
        "salt": "personal",
        "tea": "popularity",
        "jam": "popularity",
        "bread": "popularity",
        "milk": "popularity",
    }
    assert answer.contributors[0].tolist().count(-1) == 4


def test_a_part_that_does_not_fit_into_memory_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Ease, "memory_gb", lambda *_: 1e9)

    model = BlendRecommender(parts="ease, item_knn").fit(LOG, CUTOFF)

    assert list(model.parts_) == ["item_knn"]
    assert "ease would take" in model.left_out_["ease"]
    with pytest.raises(NotEnoughMemory, match="no part of blend"):
        BlendRecommender(parts="ease").fit(LOG, CUTOFF)


def test_a_blend_of_one_part_ranks_like_that_part():
    alone, blended = NextBasket().fit(LOG, CUTOFF), BlendRecommender(parts="next_basket").fit(LOG, CUTOFF)

    one, other = (model.recommend(history("tea", "jam", among=LOG), 5) for model in (alone, blended))

    assert one.item_id.tolist() == other.item_id.tolist()


def test_part_settings_change_the_settings_of_a_part():
    blend = BlendRecommender(parts="item_knn, ease", part_settings='{"item_knn": {"n_neighbours": 3}}').fit(LOG)

    assert blend.parts_["item_knn"].settings["n_neighbours"] == 3
    assert blend.parts_["ease"].settings == Ease(seed=blend.seed).settings


@pytest.mark.parametrize(
    ("part_settings", "message"),
    [
        ("{", "is not valid JSON of settings by part"),
        ('{"als": {}}', "'als' is not a part"),
        ('{"ease": {"alfa": 1}}', "ease has no setting 'alfa'"),
    ],
)
def test_invalid_part_settings_are_refused(part_settings: str, message: str):
    with pytest.raises(BadInput, match=message):
        BlendRecommender(parts="item_knn, ease", part_settings=part_settings).fit(LOG)


def test_the_half_life_of_a_blend_applies_to_parts_without_one_in_part_settings():
    blend = BlendRecommender(
        parts="ease, item_knn", half_life_days=3.0, part_settings='{"ease": {"half_life_days": 50.0}}'
    )

    parts = blend.fit(LOG, CUTOFF).parts_

    assert {name: part.half_life_days for name, part in parts.items()} == {"ease": 50.0, "item_knn": 3.0}


def test_missing_and_unknown_parts_are_refused():
    with pytest.raises(BadInput, match="no parts"):
        BlendRecommender(parts=" ,").fit(LOG)
    with pytest.raises(UnknownName, match="ease"):
        BlendRecommender(parts="eas").fit(LOG)
    with pytest.raises(UnknownName, match="'popularity' is not a part that can be blended"):
        BlendRecommender(parts="popularity").fit(LOG)


@pytest.mark.parametrize("only_new", [True, False])
def test_the_own_history_leads_the_weights_only_where_lists_may_repeat(only_new: bool):
    """Every customer buys their own item every week, and one new item of their taste with it."""
    lines = [
        f"c{n:02} 2024-01-{1 + 7 * week:02} own{n:02} t{n % 2}_{(n // 2 + week) % 5}"
        for n in range(60)
        for week in range(4)
    ]
    model = NextBasket(judged_days=7, only_new=only_new).fit(interactions(*lines), date(2024, 1, 29))

    of_history = model.weights_[:, :2].sum(axis=1)

    assert ((of_history < 0.5) if only_new else (of_history > 0.5)).all()
