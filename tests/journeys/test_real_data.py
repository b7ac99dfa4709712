"""The commands on public data: a gift wholesaler's order lines, and purchases of records that name no item."""

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
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], DataSet]:
    """`public(name, folder)`: a data set of `configs/`; skips the test where its files are not on this machine."""

    def found(name: str, folder: str) -> DataSet:
        if not (DATA / folder).is_dir():
            pytest.skip(f"no {DATA / folder}; KIZUNA_DATA names another folder")
        monkeypatch.setenv("KIZUNA_DATA", str(DATA))
        return DataSet(PROJECT / f"configs/{name}.toml", tmp_path, name)

    return found


def test_the_wholesaler_s_lines_are_all_counted_and_suffice(public):
    said = public("online_retail", "online_retail_II").kizuna("check")

    assert said.exit_code == 0
    for fact in ("4,336 customers", "502,938", "Europe/London", "customer_id: missing", "the history is long enough"):
        assert fact in said.out


def test_at_the_test_cutoff_the_wholesaler_had_2831_customers_of_whom_38_percent_left(public):
    tables = open_tables(read_config(public("online_retail", "online_retail_II").toml, os.environ))

    outcomes = label_outcomes(tables, select_cohort(tables, [date(2010, 9, 1)]))

    assert len(outcomes) == 2_831
    assert outcomes.is_mature.all()
    assert outcomes.churned.mean() == pytest.approx(0.3808, abs=5e-5)


def test_the_record_shop_is_checked_and_its_churn_model_learns_without_items(public):
    shop = with_two_training_cutoffs(public("cdnow", "cdnow"))

    checked, trained = shop.kizuna("check"), shop.kizuna("train", "churn", *QUICK)

    assert (checked.exit_code, trained.exit_code) == (0, 0)
    assert "23,570 customers, 0 items" in checked.out
    assert shop.registry.find("churn", "challenger").card.beats_baselines
    assert "no purchase has an item_id" in shop.kizuna("train", "recommender").refusal


def with_two_training_cutoffs(data_set: DataSet) -> DataSet:
    """The same with less to learn from, so that a training takes seconds."""
    stated = data_set.toml.read_text(encoding="utf-8")
    fewer = re.sub(r"train = \[.*?\]", "train = [1997-12-17, 1997-12-31]", stated)
    assert fewer != stated
    copy = data_set.home / data_set.toml.name
    copy.write_text(fewer, encoding="utf-8")
    return replace(data_set, toml=copy)
