"""A split handed over as files is the same split, and answers come back to it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.fit_one import fit_one
from benchmarks.hand_over import digest_of, read_answers, read_split, write_split
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.item_knn import ItemKnn
from tests.baskets import interactions

SPLIT = LastBasketOut().split(
    interactions("ada 2024-01-01 a b", "ada 2024-03-01 b", "bo 2024-01-01 b c", "bo 2024-02-01 a", "- 2024-01-03 d")
)


def test_a_split_comes_back_as_it_went_in(tmp_path: Path):
    found = read_split(write_split(SPLIT, tmp_path))

    assert (found.cutoff, found.masks_seen) == (SPLIT.cutoff, SPLIT.masks_seen)
    assert (found.days == SPLIT.days).all()
    for name in ("learnt_from", "asking", "truth"):
        one, other = getattr(found, name), getattr(SPLIT, name)
        assert type(one) is type(other)
        for knob in fields(other):
            np.testing.assert_array_equal(getattr(one, knob.name), getattr(other, knob.name))


def test_a_model_fitted_apart_answers_as_it_does_here(tmp_path: Path):
    fit_one(write_split(SPLIT, tmp_path / "split"), tmp_path, "item_knn", '{"n_neighbours": 7}', k=3)

    found = read_answers(tmp_path / "answers.npy", SPLIT)

    here = generate_recommendations(ItemKnn(n_neighbours=7).fit(SPLIT.training, SPLIT.cutoff), SPLIT, 3)
    assert found.item_id.tolist() == here.item_id.tolist()
    assert found.customer_ids.tolist() == ["ada", "bo"]


def test_a_digest_changes_with_words_and_with_files(tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_text("one")
    first, other = digest_of([file], "x"), digest_of([file], "y")
    file.write_text("two")

    assert len({first, other, digest_of([file], "x")}) == 3
