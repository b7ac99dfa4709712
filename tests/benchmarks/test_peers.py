"""Every model of the comparison gets the same number of settings, drawn from its ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import peer_models
from benchmarks.peers import PEERS, draw_settings
from benchmarks.split_files import write_split
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.recommenders.engine.search_ranges import Between, OneOf
from tests.baskets import interactions


def test_settings_are_drawn_within_their_ranges_and_reproducibly():
    ranges = {"n": Between(2, 500, log=True, whole=True), "share": Between(0, 1), "kind": OneOf(("a", None))}

    settings = draw_settings(ranges, 40)

    numbers, shares = (np.array([one[name] for one in settings], dtype=float) for name in ("n", "share"))
    assert settings == draw_settings(ranges, 40)
    assert (numbers == numbers.round()).all()
    assert 2 <= numbers.min() < numbers.max() <= 500
    assert 0 <= shares.min() < shares.max() <= 1
    assert {one["kind"] for one in settings} == {"a", None}


def test_every_peer_names_its_library():
    assert {name.split(".")[0] for name in PEERS} == {"implicit", "rectools"}


@pytest.mark.parametrize(("weights", "expected"), [("count", 2.0), ("binary", 1.0), ("log", np.log(3))])
def test_the_input_of_a_peer_has_the_chosen_weights(tmp_path: Path, weights: str, expected: float):
    everything = interactions("ada 2024-01-01 a", "ada 2024-01-02 a", "ada 2024-01-03 b", "bo 2024-01-01 b")
    folder = write_split(LastBasketOut().split(everything), tmp_path)

    matrix = peer_models.matrix_of(folder, "training", weights=weights, half_life_days=None)

    assert matrix[0, 0] == pytest.approx(expected)
    assert peer_models.query_rows(folder).tolist() == [0]
