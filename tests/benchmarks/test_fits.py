"""A model that cannot be fitted does not stop the benchmark."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.fit_one import FitCost
from benchmarks.fits import SplitFiles, run_process
from benchmarks.split_files import write_split
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.recommenders.blend import BlendRecommender
from models.recommenders.popularity import Popularity
from tests.baskets import interactions
from training.run.recipe import Recipe

SPLIT = LastBasketOut().split(
    interactions("ada 2024-01-01 a b", "ada 2024-03-01 b", "bo 2024-01-01 b c", "bo 2024-02-01 a")
)


@pytest.mark.slow
def test_a_model_that_fails_has_a_reason_and_the_next_model_is_fitted(tmp_path: Path):
    files = SplitFiles(SPLIT, write_split(SPLIT, tmp_path))

    failed = files.fit(Recipe("blend", BlendRecommender().settings | {"parts": " "}), 2)
    fitted = files.fit(Recipe("popularity", Popularity().settings), 2)

    assert failed.answer is None
    assert failed.cost.refused.startswith("blend has no parts")
    assert fitted.answer is not None
    assert fitted.cost.refused == ""


def test_a_killed_process_is_reported_as_a_failure(tmp_path: Path):
    run_process([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path / "out")

    cost = msgspec.json.decode((tmp_path / "out" / "cost.json").read_bytes(), type=FitCost)

    assert cost.refused == "its process ended with -9 before it answered"
