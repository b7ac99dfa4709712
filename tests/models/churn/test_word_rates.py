"""Columns of very many words become churn rates, which never contain a row's own label."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from models.churn.additive import CHURN_MODELS
from models.churn.customer_folds import TrainingRows
from models.churn.word_rates import WordRates, encode_training_rows, wide_columns
from models.metrics.weighted import RankedRows

N, N_WORDS = 3000, 250


def words_column(name: str, n_words: int) -> FeatureColumn:
    vocabulary = tuple(f"{word:04d}" for word in range(n_words))
    return FeatureColumn(
        name=name, family=FeatureFamily.ATTRIBUTES, unit="word", en=name, ja=name, missing="", digest=name,
        vocabulary=vocabulary,
    )  # fmt: skip


def auc(score: np.ndarray, churned: np.ndarray) -> float:
    return float(RankedRows.of(score, churned).groups(np.ones((1, len(score)))).auc()[0])


def rows_of(codes: np.ndarray, churned: np.ndarray) -> TrainingRows:
    return TrainingRows(
        codes[:, None].astype(float), churned.astype(float), np.char.mod("c%05d", np.arange(len(codes)))
    )


def test_rates_are_shrunk_to_the_mean_by_twenty_rows():
    codes, churned = np.repeat([0, 1], [20, 20]), np.repeat([1, 0], [20, 20])
    rates = WordRates.fit(rows_of(codes, churned), [words_column("area", N_WORDS)]).by_place[0]

    share = 1 / (1 + np.exp(-rates))
    assert share[:3] == pytest.approx([0.75, 0.25, 0.5])


def test_words_that_say_nothing_do_not_know_the_labels_of_training_rows():
    random = np.random.default_rng(3)
    rows = rows_of(random.integers(0, 1000, N), random.random(N) < 0.4)
    columns = [words_column("area", 1000)]

    naive = WordRates.fit(rows, columns).encode(rows.values)[:, 0]
    held_out = encode_training_rows(rows, columns, seed=0).values[:, 0]

    assert auc(naive, rows.churned == 1) > 0.8
    assert auc(held_out, rows.churned == 1) < 0.53


def test_a_few_words_stay_words():
    assert wide_columns([words_column("plan", 200)]) == {}
    assert wide_columns([words_column("area", 201), words_column("plan", 5)]) == {0: 201}
    assert wide_columns([words_column("a", 190), words_column("b", 150), words_column("c", 100)]) == {0: 190}


@pytest.fixture(scope="module")
def areas() -> tuple[FeatureTable, Labels]:
    random = np.random.default_rng(5)
    codes, effect = random.integers(0, N_WORDS, N), random.normal(0, 1.5, N_WORDS)
    churned = random.random(N) < 1 / (1 + np.exp(1 - effect[codes]))
    ids, cutoffs = np.char.mod("c%05d", np.arange(N)), np.full(N, np.datetime64("2026-01-01", "D"))
    features = FeatureTable(ids, cutoffs, codes[:, None].astype(float), (words_column("area", N_WORDS),))
    outcomes = Labels(
        customer_ids=ids, cutoffs=cutoffs, churned=churned, churned_at=np.full(N, np.datetime64("NaT", "D")),
        cause=np.full(N, ""), amount_after=np.zeros(N), observed_until=cutoffs + 30, horizon_days=30,
    )  # fmt: skip
    return features, outcomes


@pytest.mark.parametrize("name", ["logistic", "gradient_boosting", "blend"])
def test_models_learn_from_hundreds_of_words_and_score_words_they_never_saw(areas, name):
    features, outcomes = areas
    train = np.arange(N) % 3 > 0
    model = CHURN_MODELS[name](n_resamples=0).fit(features.take(train), outcomes.take(train))
    stored = type(model).from_artifact(model.to_artifact())
    scores = stored.score(features.take(~train), 30)

    assert auc(scores.value, outcomes.churned[~train]) > 0.65
    assert (scores.value == model.score(features.take(~train), 30).value).all()
    new = msgspec.structs.replace(features.columns[0], vocabulary=tuple(f"new {word}" for word in range(N_WORDS)))
    unseen = stored.score(FeatureTable(features.customer_ids, features.cutoffs, features.values, (new,)), 30)
    assert np.ptp(unseen.value) == 0
    assert 0.1 < unseen.value[0] < 0.7
    reason = stored.reasons(features.take(~train))[0][0]
    assert features.columns[0].vocabulary[int(features.take(~train).values[0, 0])] in reason.en
