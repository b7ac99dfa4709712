"""`kizuna check` at the command line."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kizuna.main import run
from tests.worlds import frame, purchase_log

TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 20
churn = { horizon_days = 30 }
[tables.purchases]
path = "purchases.parquet"
"""


def check(folder: Path, capsys: pytest.CaptureFixture[str], *lines: str, toml: str = TOML) -> tuple[int, str, str]:
    pq.write_table(purchase_log(*lines), folder / "purchases.parquet")
    (folder / "world.toml").write_text(toml, encoding="utf-8")
    exit_code = run(["check", "--config", str(folder / "world.toml")])
    printed = capsys.readouterr()
    return exit_code, printed.out, printed.err


def test_sufficient_data_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    exit_code, printed, _ = check(tmp_path, capsys, "ada 2024-01-01", "ada 2024-01-01", "bo 2024-05-01 7 channel=web")

    assert exit_code == 0
    for fact in (
        "Asia/Tokyo",
        "2 customers",
        "duplicate rows: 1",
        "2024-05-01",
        "channel web: 1 rows",
        "watermark 2024-05-01",
        "the history is long enough",
    ):
        assert fact in printed


def test_too_short_a_history_is_reported_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    exit_code, printed, error = check(tmp_path, capsys, "ada 2024-01-01", "bo 2024-01-20")

    assert exit_code == 2
    assert "rows read" in printed
    assert "the history from 2024-01-01 leaves no training cutoff" in error


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("path", "paht"), "unknown key 'paht'; did you mean 'path'"),
        (("purchases.parquet", "gone.parquet"), "no file at"),
        (("[tables.purchases]", "[tables.purchase]"), "did you mean 'purchases'"),
    ],
)
def test_an_unreadable_configuration_prints_one_line_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str], message: str
):
    exit_code, _, error = check(tmp_path, capsys, "ada 2024-01-01", toml=TOML.replace(*wrong))

    assert exit_code == 2
    assert message in error
    assert error.count("\n") == 1


SUBSCRIBED = TOML + '[tables.subscriptions]\npath = "subscriptions.parquet"\n'


def test_excluded_and_contradictory_rows_are_listed_by_cause_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    spans = [("2024-02-01", "2024-01-01"), ("2024-01-01", "2024-03-01"), ("2024-02-01", None)]
    span = {"customer_id": "ada", "subscription_id": "s7", "plan": "pro", "mrr": 10.0}
    rows = [{**span, "started_at": began, "ended_at": ended} for began, ended in spans]
    pq.write_table(frame(*rows), tmp_path / "subscriptions.parquet")

    exit_code, printed, _ = check(tmp_path, capsys, "ada 2024-01-01", "bo 2024-05-01", toml=SUBSCRIBED)

    assert exit_code == 0
    assert "excluded: 1 rows, ended_at: before started_at, e.g. s7" in printed
    assert "contradictory: 1 rows, they begin while an earlier span of their subscription runs" in printed
    assert "no tickets table, so 17 features (support) are skipped (fine)" in printed
    assert "no subscriptions table" not in printed
