"""The commands on public data of contracts: a telephone company without dates, a software company without signs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.config.loading import read_config
from tables.cross_section import open_cross_section
from tests.journeys.conftest import PROJECT, DataSet
from training.cross_section.rows import drop_leaks

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("KIZUNA_DATA") or PROJECT.parent / "shared/data").resolve()
LOGISTIC = ("--model", "logistic", "--set", "n_resamples=0", "--set", "regularization=100")


def public(name: str, home: Path) -> DataSet:
    if not (DATA / name).is_dir():
        pytest.skip(f"no {DATA / name}; KIZUNA_DATA names another folder")
    return DataSet(PROJECT / f"configs/{name}.toml", home, name)


def sampled(found: DataSet, n: int) -> DataSet:
    """The same with some customers of each file only."""
    config = read_config(found.toml, {"KIZUNA_DATA": str(DATA)})
    assert config.cross_section is not None
    toml = found.toml.read_text(encoding="utf-8")
    for name, table in config.cross_section.tables.items():
        rows = pq.read_table(table.path).sort_by(table.customer_id)
        chosen = np.random.default_rng(1).permutation(len(rows))[:n]
        pq.write_table(rows.take(chosen), found.home / f"{name}.parquet")
        toml = toml.replace(f"${{KIZUNA_DATA:-../../shared/data}}/telco/{name}.parquet", f"{name}.parquet")
    path = found.home / "telco.toml"
    path.write_text(toml, encoding="utf-8")
    return replace(found, toml=path)


def test_of_the_telephone_company_s_columns_the_alarm_leaves_out_what_was_written_afterwards(tmp_path):
    config = read_config(public("telco", tmp_path).toml, {"KIZUNA_DATA": str(DATA)})

    rows = drop_leaks(open_cross_section(config), config.seed)

    assert {leak.feature for leak in rows.dropped} == {"satisfaction_score", "churn_score"}
    assert len(rows.features.columns) == 18
    assert rows.outcomes.churned.mean() == pytest.approx(0.2654, abs=5e-5)


def test_the_telephone_company_is_checked_trained_and_promoted_without_a_date(tmp_path):
    few = sampled(public("telco", tmp_path), 1_500)

    checked, trained = few.kizuna("check"), few.kizuna("train", "churn", *LOGISTIC, "--set", "n_knots=0")
    promoted, refused = few.kizuna("promote", "churn"), few.kizuna("release")
    listed = few.kizuna("models")

    assert "1,500 customers" in checked.out
    assert "leak, excluded from training: satisfaction_score" in trained.out
    assert "beats base_rate on customers not learnt from" in trained.last_line
    assert promoted.exit_code == 0, promoted.error
    assert "next: kizuna release" not in promoted.out
    assert "is a cross-section data set" in refused.refusal
    assert "train recommender" not in listed.out


def test_of_the_software_company_the_card_says_that_nothing_was_learnt(tmp_path, monkeypatch):
    monkeypatch.setenv("KIZUNA_DATA", str(DATA))
    found = public("ravenstack", tmp_path)
    toml = found.toml.read_text(encoding="utf-8").replace(
        "step_days = 30\nmax_cutoffs = 6", "step_days = 90\nmax_cutoffs = 1"
    )
    path = tmp_path / "ravenstack.toml"
    path.write_text(toml, encoding="utf-8")

    checked = found.kizuna("check")
    trained = replace(found, toml=path).kizuna("train", "churn", *LOGISTIC)

    assert "500 customers" in checked.out
    assert "the history is long enough" in checked.out
    assert "is not shown to be better than its baselines" in trained.last_line
