"""Data with times that lack something end in a model, or in one line that says what is needed."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kizuna.main import run
from tests.worlds import frame, purchase_log

pytestmark = pytest.mark.slow

TOML = """
name = "world"
time_zone = "UTC"
currency = "EUR"
active_days = 90
var = "{folder}/var"
churn = {{ horizon_days = 60 }}
{root}
[tables.purchases]
path = "{folder}/purchases.parquet"
"""


def train(folder: Path, capsys: pytest.CaptureFixture[str], rows, *, kind: str = "churn", root: str = "") -> str:
    """The one line in which the training ends."""
    pq.write_table(rows, folder / "purchases.parquet")
    (folder / "my.toml").write_text(TOML.format(folder=folder, root=root), encoding="utf-8")
    assert run(["train", kind, "--config", str(folder / "my.toml")]) == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("kizuna: "))


def monthly(*customers: str) -> list[str]:
    """A purchase of each customer in every month of two years."""
    return [f"{one} {year}-{month:02}-03" for year in (2023, 2024) for month in range(1, 13) for one in customers]


def test_purchases_without_times_name_the_column_that_is_missing(tmp_path, capsys):
    rows = frame(*({"customer_id": f"c{row}", "amount": 5.0} for row in range(40)))

    assert "purchases lacks the column 'event_time'; found: customer_id, amount" in train(tmp_path, capsys, rows)


def test_a_single_customer_is_too_few(tmp_path, capsys):
    refusal = train(tmp_path, capsys, purchase_log(*monthly("ada")))

    assert "customers churned in the training data, but a model needs at least 10" in refusal


def test_a_cutoff_without_customers_is_named(tmp_path, capsys):
    cutoffs = "cutoffs = { train = [2024-02-01], test = 2024-11-01 }"
    # The shop was closed for the whole of 2024.
    rows = purchase_log(*(f"c{row} {month}-{1 + row % 28:02}" for row in range(60) for month in ("2023-12", "2025-01")))

    refusal = train(tmp_path, capsys, rows, root=cutoffs)

    assert "at 2024-11-01 there is no customer" in refusal
    assert "set test in [cutoffs] to days with customers" in refusal


def test_recommendations_without_items_name_the_column_that_is_missing(tmp_path, capsys):
    rows = purchase_log(*monthly("ada", "bo"))

    assert "no purchase has an item_id" in train(tmp_path, capsys, rows, kind="recommender")
