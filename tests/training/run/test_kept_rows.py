"""The gate compares on the rows of the training before it, as long as tables and cutoffs are the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

import training.churn.rows
import training.run.kept_rows
from core.feature_table import FeatureTable
from tables.tables import Tables
from tests.featured import features_at
from tests.worlds import shop as small_shop
from training.churn.gate import compare_churn_recipes
from training.run.kept_rows import KeptRows
from training.run.pipeline import TrainingResult
from training.run.session import Session

DAYS = (date(2024, 3, 1),)


@dataclass
class CountingRows:
    """Rows that count how often they were computed."""

    features: FeatureTable
    n_computed: int = 0

    def compute(self) -> CountingRows:
        self.n_computed += 1
        return self


@pytest.fixture
def tables() -> Tables:
    return small_shop("ada 2024-03-01 12.5")


@pytest.fixture
def rows(tables: Tables) -> CountingRows:
    return CountingRows(features_at(tables, "ada"))


def test_rows_are_computed_once_for_the_same_tables_and_cutoffs_and_again_for_others(tables, rows):
    kept = KeptRows()
    for _ in range(2):
        assert kept.get("churn", tables, cutoffs=DAYS, compute=rows.compute) is rows
    assert rows.n_computed == 1

    kept.get("hazard", tables, cutoffs=DAYS, compute=rows.compute)
    kept.get("churn", tables, cutoffs=(), compute=rows.compute)
    kept.get("churn", replace(tables), cutoffs=(), compute=rows.compute)
    assert rows.n_computed == 4


def test_large_rows_are_not_kept(tables, rows, monkeypatch):
    monkeypatch.setattr(training.run.kept_rows, "MAX_BYTES", rows.features.values.nbytes - 1)
    kept = KeptRows()
    for _ in range(2):
        kept.get("churn", tables, cutoffs=DAYS, compute=rows.compute)
    assert rows.n_computed == 2


def test_the_gate_computes_no_features_that_the_training_has_computed(
    shop: Session, training_result: TrainingResult, monkeypatch
):
    monkeypatch.setattr(training.churn.rows, "compute_features", lambda *_: pytest.fail("computed again"))
    challenger = training_result.challenger.card
    assert compare_churn_recipes(shop, champion=None, challenger=challenger).model == "logistic"
