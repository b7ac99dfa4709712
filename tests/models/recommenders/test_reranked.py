"""The reranker: its features, its trees and its lists."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from core.interactions import Interactions
from models.recommenders import reranked
from models.recommenders.engine.holdout import holdout_folds
from models.recommenders.reranked import Reranked
from models.recommenders.reranking.pair_features import ItemStatistics, feature_names, pair_features
from models.recommenders.reranking.trees import Examples, Trees, TreeSettings
from tests.baskets import interactions

CUTOFF = date(2024, 5, 1)
SMALL = {"parts": "next_basket, item_knn", "n_candidates": 8, "n_trees": 20, "n_folds": 2}


@cache
def corner_shop() -> Interactions:
    """80 customers who each buy every 9 days and like 5 of 30 items, some more than others."""
    draw = np.random.default_rng(7)
    likes = draw.permuted(np.tile(np.arange(30), (80, 1)), axis=1)[:, :5]
    baskets = [
        f"c{customer:02d} {np.datetime64('2024-01-01') + day + customer % 9} "
        + " ".join(f"i{item:02d}" for item in np.unique(draw.choice(likes[customer], 2, p=[0.4, 0.3, 0.1, 0.1, 0.1])))
        for customer in range(80)
        for day in range(0, 108, 9)
    ]
    return interactions(*baskets)


@cache
def small_reranker() -> Reranked:
    return Reranked(**SMALL).fit(corner_shop(), CUTOFF)


@pytest.fixture
def rows() -> np.ndarray:
    table = np.random.default_rng(3).normal(size=(500, 6)).astype(np.float32)
    table[:, 0] = np.round(table[:, 0])
    table[np.random.default_rng(4).random(table.shape) < 0.2] = np.nan
    return table


def booster(features: np.ndarray, **more: object) -> lgb.Booster:
    pairs = lgb.Dataset(features, (np.nan_to_num(features).sum(axis=1) > 0).astype(int), group=[50] * 10)
    recipe = {"objective": "lambdarank", "num_leaves": 15, "min_data_in_leaf": 5, "num_threads": 1, "verbosity": -1}
    return lgb.train(recipe | more, pairs, 30)


@pytest.mark.parametrize("never_missing", [False, True])
def test_trees_predict_what_the_booster_predicts_with_missing_values(rows: np.ndarray, never_missing: bool):
    model = booster(np.nan_to_num(rows, nan=0.5) if never_missing else rows)

    trees = Trees.parse(model.model_to_string())

    assert len(trees) == 30
    assert trees.predict(rows) == pytest.approx(model.predict(rows), abs=1e-6)


def test_trees_without_splits_predict_a_constant(rows: np.ndarray):
    model = booster(rows, min_data_in_leaf=400)

    assert Trees.parse(model.model_to_string()).predict(rows) == pytest.approx(model.predict(rows))
    assert (Trees.empty().predict(rows) == 0).all()


def test_features_agree_with_values_counted_by_hand():
    log = interactions("ada 2024-01-01 tea jam", "ada 2024-01-11 tea", "ada 2024-01-21 milk", "bo 2024-01-02 jam")
    scores = np.array([[0.5, 0, 1]], dtype=np.float32)
    codes, statistics = np.array([[0, 1, 2]]), ItemStatistics.compute(log, date(2024, 1, 31))

    table = pair_features(
        [scores, scores], codes, is_candidate=np.array([[True, True, True]]), items=statistics,
        histories=log.histories.take(np.array([0])), cutoff=date(2024, 1, 31),
    )  # fmt: skip
    tea = dict(zip(feature_names(["knn"]), table[log.item_ids.tolist().index("tea")].tolist(), strict=True))

    assert tea == pytest.approx(
        tea
        | {"knn_score": 1, "knn_rank": 0, "mean_score": 1, "n_days": 2, "share_of_baskets": 2 / 3, "baskets_since": 1,
           "days_since": 20, "usual_gap": (10 + 2 * 30) / 3, "gaps_passed": 20 / (70 / 3), "n_baskets": 3, "n_lines": 4,
           "n_items": 3, "days_since_basket": 10, "days_between": 10, "repeats": 0.25},
        nan_ok=True,
    )  # fmt: skip


def test_an_item_that_was_never_bought_has_no_days_since():
    log = interactions("ada 2024-01-01 tea", "bo 2024-01-02 jam")
    scores = np.ones((1, 2), dtype=np.float32)

    table = pair_features(
        [scores, scores],
        np.array([[0, 1]]),
        is_candidate=np.array([[True, True]]),
        items=ItemStatistics.compute(log, CUTOFF),
        histories=log.histories.take(np.array([0])),
        cutoff=CUTOFF,
    )
    columns = dict(zip(feature_names(["knn"]), table.T.tolist(), strict=True))

    assert columns["n_days"] == [0, 1]
    assert np.isnan(columns["days_since"]).tolist() == [True, False]


def test_purchases_after_the_cutoff_of_a_fold_do_not_change_its_features():
    log = corner_shop()
    later = log.times >= np.datetime64("2024-04-03", "s")
    other = np.where(later, (log.items + 7) % len(log.item_ids), log.items).astype(np.int32)
    changed = replace(
        log, items=other, quantities=log.quantities + later,
        anonymous_items=np.zeros(50, dtype=np.int32), anonymous_times=np.full(50, "2024-04-04", "datetime64[s]"),
    )  # fmt: skip

    one, two = (examples_of(world) for world in (log, changed))

    assert np.array_equal(one.features, two.features, equal_nan=True)
    assert not np.array_equal(one.bought, two.bought)


def examples_of(log: Interactions) -> Examples:
    model = Reranked(**SMALL)
    model.fit(log, CUTOFF)
    return model._collect_examples(holdout_folds("last_days", log, cutoff=CUTOFF, days=28, n_folds=1, seed=7)[0])


def test_recall_counts_all_bought_items_and_uninformative_customers_are_dropped():
    hits = np.array([True, False, False, False, True, True])
    examples = Examples(np.zeros((6, 1), np.float32), hits, np.array([2, 2, 2]), np.array([2, 1, 3]))

    assert examples.recall == pytest.approx(3 / 6)
    assert examples.informative().n_candidates.tolist() == [2]


def test_with_enough_customers_the_model_has_trees_and_a_candidate_recall():
    assert small_reranker().n_trees_ == 20
    assert small_reranker().candidate_recall_ == pytest.approx(1, abs=0.1)


def test_trees_find_the_feature_that_predicts_purchases():
    features = np.random.default_rng(5).random((2000, 4)).astype(np.float32)
    examples = Examples(features, features[:, 2] > 0.8, np.full(100, 20), np.full(100, 4))

    settings = TreeSettings(n_trees=20, n_leaves=8, learning_rate=0.1, seed=7)

    predictions = settings.fit(examples.informative()).predict(features)

    assert predictions[examples.bought].min() > predictions[~examples.bought].max()


def test_every_candidate_scores_above_every_other_item():
    histories = corner_shop().histories.take(np.arange(5))

    scores = small_reranker().scores(histories, CUTOFF)
    merged = reranked._merge_scores(
        np.array([[0.9, 0.5, 0.2]]),
        np.array([[2]]),
        is_candidate=np.array([[True]]),
        predictions=np.array([[-800.0]]),
    )

    assert (scores.max(axis=1) == 1).all()
    assert merged[0].argsort()[::-1].tolist() == [2, 0, 1]


def test_without_enough_customers_the_mean_of_the_parts_ranks():
    few = corner_shop().histories.take(np.arange(20))
    log = Interactions(**{name: getattr(few, name) for name in few.__dataclass_fields__})

    model = Reranked(**SMALL).fit(log, CUTOFF)

    assert model.n_trees_ == 0
    assert model.scores(few, CUTOFF) == pytest.approx(model._scores_and_mean(few, CUTOFF)[-1])


def test_contributions_sum_to_the_score():
    items = np.arange(len(corner_shop().item_ids))
    for row in range(5):
        one = corner_shop().histories.take(np.array([row]))
        _, contributions = small_reranker().contributions(corner_shop().histories, row, items=items, cutoff=CUTOFF)
        assert contributions.sum(axis=0) == pytest.approx(small_reranker().scores(one, CUTOFF)[0], abs=1e-5)


def test_the_same_seed_gives_the_same_trees():
    again = Reranked(**SMALL).fit(corner_shop(), CUTOFF)

    assert all(
        np.array_equal(array, again.trees_.arrays()[name]) for name, array in small_reranker().trees_.arrays().items()
    )


def test_loading_and_recommending_import_no_lightgbm(tmp_path: Path):
    small_reranker().to_artifact().write(tmp_path)
    program = (
        "import sys, numpy as np; from pathlib import Path; from models.artifact import Artifact\n"
        "from models.recommenders.catalogue import RECOMMENDERS; from core.interactions import Histories\n"
        f"model = RECOMMENDERS['reranked'].from_artifact(Artifact.read(Path({str(tmp_path)!r}), memory_map=True))\n"
        "asking = Histories.of_items([['i01', 'i02']], model.item_ids, now=np.datetime64('2024-04-20', 's'))\n"
        "print(*model.recommend(asking, 3).item_id[0], model.n_trees_, model.candidate_recall_, *sys.modules)"
    )

    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert output[3:5] == ["20", str(small_reranker().candidate_recall_)]
    assert not {"lightgbm", "pandas", "sklearn", "implicit"} & set(output)
