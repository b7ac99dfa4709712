"""Commands on public data of two contract businesses: telco (no dates) and ravenstack (churn is unpredictable)."""

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
from training.cross_section.rows import clean_rows

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("KIZUNA_DATA") or PROJECT.parent / "shared/data").resolve()
LOGISTIC = ("--model", "logistic", "--set", "n_resamples=0", "--set", "regularization=100")


def public_data_set(name: str, home: Path) -> DataSet:
    """A data set of `configs/`; skips the test if its files are not on this machine."""
    if not (DATA / name).is_dir():
        pytest.skip(f"no {DATA / name}; KIZUNA_DATA names another folder")
    return DataSet(PROJECT / f"configs/{name}.toml", home, name)


def sample_customers(data_set: DataSet, n: int) -> DataSet:
    """Copy a data set with `n` random customers per file."""
    config = read_config(data_set.toml, {"KIZUNA_DATA": str(DATA)})
    assert config.cross_section is not None
    toml = data_set.toml.read_text(encoding="utf-8")
    for name, table in config.cross_section.tables.items():
        rows = pq.read_table(table.path).sort_by(table.customer_id)
        chosen = np.random.default_rng(1).permutation(len(rows))[:n]
        pq.write_table(rows.take(chosen), data_set.home / f"{name}.parquet")
        toml = toml.replace(f"${{KIZUNA_DATA:-../../shared/data}}/telco/{name}.parquet", f"{name}.parquet")
    path = data_set.home / "telco.toml"
    path.write_text(toml, encoding="utf-8")
    return replace(data_set, toml=path)


def test_leak_detection_drops_the_telco_columns_written_after_churn(tmp_path):
    config = read_config(public_data_set("telco", tmp_path).toml, {"KIZUNA_DATA": str(DATA)})

    rows = clean_rows(open_cross_section(config))

    assert {leak.feature for leak in rows.dropped} == {"satisfaction_score", "churn_score"}
    assert len(rows.features.columns) == 18
    assert rows.outcomes.churned.mean() == pytest.approx(0.2654, abs=5e-5)


def test_telco_is_checked_trained_and_promoted_without_dates(tmp_path):
    small = sample_customers(public_data_set("telco", tmp_path), 1_500)

    checked, trained = small.kizuna("check"), small.kizuna("train", "churn", *LOGISTIC, "--set", "n_knots=0")
    promoted, refused = small.kizuna("promote", "churn"), small.kizuna("release")
    listed = small.kizuna("models")

    assert "1,500 customers" in checked.out
    assert "possible leak, left out of training: satisfaction_score" in trained.out
    assert "beats base_rate on held-out customers" in trained.last_line
    assert promoted.exit_code == 0, promoted.error
    assert "next: kizuna release" not in promoted.out
    assert "is a cross-section data set" in refused.error_line
    assert "train recommender" not in listed.out


def test_ravenstack_training_says_that_the_model_does_not_beat_its_baselines(tmp_path, monkeypatch):
    monkeypatch.setenv("KIZUNA_DATA", str(DATA))
    data_set = public_data_set("ravenstack", tmp_path)
    toml = data_set.toml.read_text(encoding="utf-8").replace(
        "step_days = 30\nmax_cutoffs = 6", "step_days = 90\nmax_cutoffs = 1"
    )
    path = tmp_path / "ravenstack.toml"
    path.write_text(toml, encoding="utf-8")

    checked = data_set.kizuna("check")
    trained = replace(data_set, toml=path).kizuna("train", "churn", *LOGISTIC)

    assert "500 customers" in checked.out
    assert "the history is long enough" in checked.out
    assert "is not shown to be better than its baselines" in trained.last_line
