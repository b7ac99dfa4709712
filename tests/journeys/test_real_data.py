"""Commands on public purchases: Online Retail II (a gift wholesaler) and CDNOW (a record shop without item ids)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.config.loading import read_config
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from tables.sources.opening import open_tables
from tests.journeys.conftest import PROJECT, QUICK, DataSet

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("KIZUNA_DATA") or PROJECT.parent / "shared/data").resolve()


@pytest.fixture
def public_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], DataSet]:
    """`public_data_set(name, folder)`: a data set of `configs/`; skips the test if its files are missing."""

    def open_data_set(name: str, folder: str) -> DataSet:
        if not (DATA / folder).is_dir():
            pytest.skip(f"no {DATA / folder}; KIZUNA_DATA names another folder")
        monkeypatch.setenv("KIZUNA_DATA", str(DATA))
        return DataSet(PROJECT / f"configs/{name}.toml", tmp_path, name)

    return open_data_set


def test_check_counts_all_rows_of_online_retail_and_finds_the_history_long_enough(public_data_set):
    result = public_data_set("online_retail", "online_retail_II").kizuna("check")

    assert result.exit_code == 0
    for fact in ("4,336 customers", "502,938", "Europe/London", "customer_id: missing", "the history is long enough"):
        assert fact in result.out


def test_online_retail_has_2831_customers_at_the_test_cutoff_and_38_percent_churn(public_data_set):
    tables = open_tables(read_config(public_data_set("online_retail", "online_retail_II").toml, os.environ))

    outcomes = label_outcomes(tables, select_cohort(tables, [date(2010, 9, 1)]))

    assert len(outcomes) == 2_831
    assert outcomes.is_mature.all()
    assert outcomes.churned.mean() == pytest.approx(0.3808, abs=5e-5)


def test_the_cdnow_churn_model_beats_its_baselines_without_item_ids(public_data_set):
    shop = with_two_training_cutoffs(public_data_set("cdnow", "cdnow"))

    checked, trained = shop.kizuna("check"), shop.kizuna("train", "churn", *QUICK)

    assert (checked.exit_code, trained.exit_code) == (0, 0)
    assert "\n23,570 customers\n" in checked.out
    assert "\nnothing can be recommended: purchases has no item_id\n" in checked.out
    assert shop.registry.find("churn", "challenger").card.beats_baselines
    assert "no purchase has an item_id" in shop.kizuna("train", "recommender").error_line


def with_two_training_cutoffs(data_set: DataSet) -> DataSet:
    """Copy a data set with two training cutoffs only, so that training takes seconds."""
    text = data_set.toml.read_text(encoding="utf-8")
    fewer = re.sub(r"train = \[.*?\]", "train = [1997-12-17, 1997-12-31]", text)
    assert fewer != text
    copy = data_set.home / data_set.toml.name
    copy.write_text(fewer, encoding="utf-8")
    return replace(data_set, toml=copy)
