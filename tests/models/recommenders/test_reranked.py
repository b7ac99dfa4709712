"""What a second stage knows, learns and answers."""

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
from models.recommenders.engine.later_fold import later_folds
from models.recommenders.reranked import Reranked
from models.recommenders.reranking.pair_features import ItemFacts, features_of, names_of
from models.recommenders.reranking.second_stage import Examples, Growing
from models.recommenders.reranking.trees import Trees
from tests.baskets import bought

CUTOFF = date(2024, 5, 1)
SMALL = {"parts": "next_basket, item_knn", "n_candidates": 8, "n_trees": 20, "n_folds": 2}


@cache
def corner_shop() -> Interactions:
    """80 customers who each come every 9 days and like 5 of 30 items, some more than others."""
    draw = np.random.default_rng(7)
    likes = draw.permuted(np.tile(np.arange(30), (80, 1)), axis=1)[:, :5]
    baskets = [
        f"c{customer:02d} {np.datetime64('2024-01-01') + day + customer % 9} "
        + " ".join(f"i{item:02d}" for item in np.unique(draw.choice(likes[customer], 2, p=[0.4, 0.3, 0.1, 0.1, 0.1])))
        for customer in range(80)
        for day in range(0, 108, 9)
    ]
    return bought(*baskets)


@cache
def fitted() -> Reranked:
    return Reranked(**SMALL).fit(corner_shop(), CUTOFF)


@pytest.fixture
def rows() -> np.ndarray:
    drawn = np.random.default_rng(3).normal(size=(500, 6)).astype(np.float32)
    drawn[:, 0] = np.round(drawn[:, 0])
    drawn[np.random.default_rng(4).random(drawn.shape) < 0.2] = np.nan
    return drawn


def booster(features: np.ndarray, **more: object) -> lgb.Booster:
    pairs = lgb.Dataset(features, (np.nan_to_num(features).sum(axis=1) > 0).astype(int), group=[50] * 10)
    recipe = {"objective": "lambdarank", "num_leaves": 15, "min_data_in_leaf": 5, "num_threads": 1, "verbosity": -1}
    return lgb.train(recipe | more, pairs, 30)


@pytest.mark.parametrize("never_missing", [False, True])
def test_trees_are_worth_what_the_booster_predicts_with_values_missing(rows: np.ndarray, never_missing: bool):
    grown = booster(np.nan_to_num(rows, nan=0.5) if never_missing else rows)

    trees = Trees.of_text(grown.model_to_string())

    assert len(trees) == 30
    assert trees.predict(rows) == pytest.approx(grown.predict(rows), abs=1e-6)


def test_trees_that_never_split_are_a_constant(rows: np.ndarray):
    grown = booster(rows, min_data_in_leaf=400)

    assert Trees.of_text(grown.model_to_string()).predict(rows) == pytest.approx(grown.predict(rows))
    assert (Trees.none().predict(rows) == 0).all()


def test_features_are_those_that_can_be_counted_by_hand():
    log = bought("ada 2024-01-01 tea jam", "ada 2024-01-11 tea", "ada 2024-01-21 milk", "bo 2024-01-02 jam")
    scores = np.array([[0.5, 0, 1]], dtype=np.float32)
    codes, facts = np.array([[0, 1, 2]]), ItemFacts.of(log, date(2024, 1, 31))

    table = features_of(
        [scores, scores], codes, np.array([[True, True, True]]), facts,
        log.histories.take(np.array([0])), date(2024, 1, 31),
    )  # fmt: skip
    tea = dict(zip(names_of(["knn"]), table[log.item_ids.tolist().index("tea")].tolist(), strict=True))

    assert tea == pytest.approx(
        tea
        | {"knn_score": 1, "knn_rank": 0, "mean_score": 1, "n_days": 2, "share_of_baskets": 2 / 3, "baskets_since": 1,
           "days_since": 20, "usual_gap": (10 + 2 * 30) / 3, "gaps_passed": 20 / (70 / 3), "n_baskets": 3, "n_lines": 4,
           "n_items": 3, "days_since_basket": 10, "days_between": 10, "repeats": 0.25},
        nan_ok=True,
    )  # fmt: skip


def test_what_was_never_bought_has_no_last_purchase():
    log = bought("ada 2024-01-01 tea", "bo 2024-01-02 jam")
    scores = np.ones((1, 2), dtype=np.float32)

    table = features_of(
        [scores, scores], np.array([[0, 1]]), np.array([[True, True]]), ItemFacts.of(log, CUTOFF),
        log.histories.take(np.array([0])), CUTOFF,
    )  # fmt: skip
    of = dict(zip(names_of(["knn"]), table.T.tolist(), strict=True))

    assert of["n_days"] == [0, 1]
    assert np.isnan(of["days_since"]).tolist() == [True, False]


def test_purchases_after_a_folds_cutoff_change_none_of_its_features():
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
    return model._examples_of(later_folds("last_days", log, CUTOFF, 28, 1, 7)[0])


def test_recall_counts_what_is_no_candidate_and_customers_who_tell_nothing_are_left_out():
    hits = np.array([True, False, False, False, True, True])
    examples = Examples(np.zeros((6, 1)), hits, np.array([2, 2, 2]), np.array([2, 1, 3]))

    assert examples.recall == pytest.approx(3 / 6)
    assert examples.telling().n_candidates.tolist() == [2]


def test_where_enough_customers_came_back_trees_decide_and_recall_is_told():
    assert fitted().n_trees_ == 20
    assert fitted().candidate_recall_ == pytest.approx(1, abs=0.1)


def test_trees_find_what_tells_purchases_from_the_rest():
    features = np.random.default_rng(5).random((2000, 4)).astype(np.float32)
    examples = Examples(features, features[:, 2] > 0.8, np.full(100, 20), np.full(100, 4))

    sums = Growing(20, 8, 0.1, 7).trees(examples.telling()).predict(features)

    assert sums[examples.bought].min() > sums[~examples.bought].max()


def test_every_candidate_stands_above_every_other_item():
    histories = corner_shop().histories.take(np.arange(5))

    scores = fitted().scores(histories, CUTOFF)
    placed = reranked._in_order(np.array([[0.9, 0.5, 0.2]]), np.array([[2]]), np.array([[True]]), np.array([[-800.0]]))

    assert (scores.max(axis=1) == 1).all()
    assert placed[0].argsort()[::-1].tolist() == [2, 0, 1]


def test_without_enough_customers_the_mean_of_the_parts_stands_in():
    few = corner_shop().histories.take(np.arange(20))
    log = Interactions(**{name: getattr(few, name) for name in few.__dataclass_fields__})

    model = Reranked(**SMALL).fit(log, CUTOFF)

    assert model.n_trees_ == 0
    assert model.scores(few, CUTOFF) == pytest.approx(model._parts_and_mean(few, CUTOFF)[-1])


def test_shares_add_up_to_the_score():
    items = np.arange(len(corner_shop().item_ids))
    for row in range(5):
        one = corner_shop().histories.take(np.array([row]))
        _, shares = fitted().shares(corner_shop().histories, row, items, CUTOFF)
        assert shares.sum(axis=0) == pytest.approx(fitted().scores(one, CUTOFF)[0], abs=1e-5)


def test_the_same_seed_grows_the_same_trees():
    again = Reranked(**SMALL).fit(corner_shop(), CUTOFF)

    assert all(np.array_equal(array, again.trees_.arrays()[name]) for name, array in fitted().trees_.arrays().items())


def test_loading_and_answering_import_no_lightgbm(tmp_path: Path):
    fitted().to_artifact().write(tmp_path)
    program = (
        "import sys, numpy as np; from pathlib import Path; from models.artifact import Artifact\n"
        "from models.recommenders.catalogue import RECOMMENDERS; from core.interactions import Histories\n"
        f"model = RECOMMENDERS['reranked'].from_artifact(Artifact.read(Path({str(tmp_path)!r}), memory_map=True))\n"
        "asking = Histories.of_items([['i01', 'i02']], model.item_ids, np.datetime64('2024-04-20', 's'))\n"
        "print(*model.recommend(asking, 3).item_id[0], model.n_trees_, model.candidate_recall_, *sys.modules)"
    )

    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert told[3:5] == ["20", str(fitted().candidate_recall_)]
    assert not {"lightgbm", "pandas", "sklearn", "implicit"} & set(told)
