"""A split and its recommendations survive the way through files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.fit_one import fit_one
from benchmarks.split_files import digest_of_files, read_answers, read_split, write_split
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.item_knn import ItemKnn
from tests.baskets import interactions

SPLIT = LastBasketOut().split(
    interactions("ada 2024-01-01 a b", "ada 2024-03-01 b", "bo 2024-01-01 b c", "bo 2024-02-01 a", "- 2024-01-03 d")
)


def test_a_split_is_read_as_it_was_written(tmp_path: Path):
    split = read_split(write_split(SPLIT, tmp_path))

    assert (split.cutoff, split.masks_seen) == (SPLIT.cutoff, SPLIT.masks_seen)
    assert (split.days == SPLIT.days).all()
    for name in ("training", "histories", "truth"):
        one, other = getattr(split, name), getattr(SPLIT, name)
        assert type(one) is type(other)
        for column in fields(other):
            np.testing.assert_array_equal(getattr(one, column.name), getattr(other, column.name))


def test_a_model_fitted_through_files_recommends_the_same_items(tmp_path: Path):
    fit_one(write_split(SPLIT, tmp_path / "split"), tmp_path, model="item_knn", settings='{"n_neighbours": 7}', k=3)

    recommendations = read_answers(tmp_path / "answers.npy", SPLIT)

    expected = generate_recommendations(ItemKnn(n_neighbours=7).fit(SPLIT.training, SPLIT.cutoff), SPLIT, k=3)
    assert recommendations.item_id.tolist() == expected.item_id.tolist()
    assert recommendations.customer_ids.tolist() == ["ada", "bo"]


def test_a_digest_changes_with_texts_and_with_files(tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_text("one")
    first, other = digest_of_files([file], "x"), digest_of_files([file], "y")
    file.write_text("two")

    assert len({first, other, digest_of_files([file], "x")}) == 3
