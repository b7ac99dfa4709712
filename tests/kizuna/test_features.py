"""`kizuna features` at the command line."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from kizuna.main import run
from tests.worlds import frame, purchase_log

TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
[tables.purchases]
path = "purchases.parquet"
"""


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    lines = ("ada 2024-01-05 9 channel=web", "bo 2024-03-01 5 channel=app", "ada 2024-03-02 4 channel=web")
    pq.write_table(purchase_log(*lines), tmp_path / "purchases.parquet")
    toml = tmp_path / "world.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml


def features(data_set: Path, out: Path, *more: str) -> int:
    return run(["features", "--config", str(data_set), "--out", str(out), *more])


def test_writes_one_row_per_customer_and_cutoff(data_set, tmp_path):
    out = tmp_path / "features.parquet"

    assert features(data_set, out, "--cutoff", "2024-02-01", "--cutoff", "2024-03-02") == 0

    rows = pq.read_table(out).select(["customer_id", "last_channel", "orders_7d"]).to_pylist()
    assert [(row["customer_id"], row["last_channel"], row["orders_7d"]) for row in rows] == [
        ("ada", "web", 0),
        ("ada", "web", 0),
        ("bo", "app", 1),
    ]


def test_the_default_cutoff_is_the_first_incomplete_day(data_set, tmp_path):
    out = tmp_path / "features.csv"

    assert features(data_set, out) == 0
    assert [str(day) for day in csv.read_csv(out)["cutoff"].to_pylist()] == ["2024-03-02", "2024-03-02"]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_csv_cells_cannot_be_formulas_and_parquet_keeps_the_values(data_set, tmp_path, evil):
    line = {"customer_id": evil, "event_time": "2024-03-01", "amount": 5.0, "channel": evil}
    pq.write_table(frame(line), tmp_path / "purchases.parquet")

    for ending in ("csv", "parquet"):
        assert features(data_set, tmp_path / f"features.{ending}", "--cutoff", "2024-03-02") == 0

    written = csv.read_csv(tmp_path / "features.csv").select(["customer_id", "last_channel"]).to_pylist()
    kept = pq.read_table(tmp_path / "features.parquet").select(["customer_id", "last_channel"]).to_pylist()
    assert written == [{"customer_id": f"'{evil}", "last_channel": f"'{evil}"}]
    assert kept == [{"customer_id": evil, "last_channel": evil}]


def test_another_file_type_is_an_error(data_set, tmp_path, capsys):
    assert features(data_set, tmp_path / "features.xlsx") == 2
    assert "use .csv or .parquet" in capsys.readouterr().err
    assert not (tmp_path / "features.xlsx").exists()


def test_a_cutoff_in_the_future_or_before_the_first_customer_is_refused(data_set, tmp_path, capfd):
    out = tmp_path / "features.parquet"

    assert features(data_set, out, "--cutoff", "2999-01-01") == 2
    assert "--cutoff 2999-01-01 lies in the future: today is " in capfd.readouterr().err
    assert features(data_set, out, "--cutoff", "2020-01-01") == 2
    assert (
        "there was no customer at 2020-01-01 (a purchase in the 180 days before the cutoff)" in capfd.readouterr().err
    )
    assert not out.exists()


@pytest.mark.parametrize(("day", "is_said"), [("2024-03-09", False), ("2024-04-10", True)])
def test_a_cutoff_long_after_the_last_record_is_remarked_on(data_set, tmp_path, capfd, day, is_said):
    assert features(data_set, tmp_path / "features.parquet", "--cutoff", day) == 0

    note = "the tables end on 2024-03-02, so every customer seems silent in the 39 days to 2024-04-10"
    assert (note in capfd.readouterr().err) == is_said
