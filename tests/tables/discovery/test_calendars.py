"""Years of the Buddhist calendar: recognised, read as ours, and named where the setting is absent."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config.sources import TableSource
from core.errors import DataError
from tables.sources.opening import open_tables
from tests.features.check.checked import find
from tests.kizuna.exports import discover, purchases, write
from tests.worlds import config

pytestmark = pytest.mark.usefixtures("in_folder")
DAYS = [date(2024 + n // 40, 1 + n % 12, 1 + n % 28) for n in range(80)]
WRITTEN = {
    "%d/%m/%Y": lambda day: f"{day.day:02}/{day.month:02}/{day.year + 543}",
    "%Y-%m-%d": lambda day: f"{day.year + 543}-{day.month:02}-{day.day:02} 10:30",
    "%Y%m%d": lambda day: f"{day.year + 543}{day.month:02}{day.day:02}",
}


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("style", WRITTEN)
def test_years_five_centuries_ahead_are_read_as_ours(style: str):
    lines = ["customer,order date,amount", *(f"c{n % 9},{WRITTEN[style](day)},5.50" for n, day in enumerate(DAYS))]

    toml = discover(write("orders.csv", lines))

    assert toml["tables"]["purchases"]["calendar"] == "buddhist"
    assert "# Buddhist years: 2567 to 2568 are 2024 to 2025" in Path("kizuna.toml").read_text(encoding="utf-8")
    assert sorted(row["event_time"].date() for row in purchases()) == sorted(DAYS)


def test_times_of_a_type_are_read_as_ours_too():
    times = [datetime(day.year + 543, day.month, day.day, 9) for day in DAYS]
    rows = {
        "customer": [f"c{n % 9}" for n in range(80)],
        "order date": pa.array(times, pa.timestamp("us")),
        "amount": [5.5] * 80,
    }
    pq.write_table(pa.table(rows), "orders.parquet")

    discover("orders.parquet")

    assert sorted(row["event_time"].date() for row in purchases()) == sorted(DAYS)


def test_one_typing_error_of_that_kind_makes_no_calendar():
    lines = [
        "customer,order date,amount",
        *(f"c{n % 9},{day},5.50" for n, day in enumerate(DAYS)),
        "c1,2567-01-05,5.50",
    ]

    toml = discover(write("orders.csv", lines))

    assert "calendar" not in toml["tables"]["purchases"]


def test_without_the_setting_the_error_and_the_check_name_it():
    lines = ["customer_id,event_time,amount", "ada,2567-03-01,5", "bo,2567-03-02,5"]
    Path("all.csv").write_text("\n".join(lines), encoding="utf-8")
    Path("some.csv").write_text(
        "\n".join([*lines, *(f"c{n},2024-03-{1 + n % 28},5" for n in range(90))]), encoding="utf-8"
    )
    tables = {name: config(tables={"purchases": TableSource(path=name)}) for name in ("all.csv", "some.csv")}

    with pytest.raises(DataError, match='set calendar = "buddhist"'):
        open_tables(tables["all.csv"], today=date(2026, 12, 1))

    findings = find(open_tables(tables["some.csv"], today=date(2026, 12, 1)))
    assert [one.setting for one in findings if one.kind == "rows_ahead"] == ['calendar = "buddhist"']
