"""Checks of rows: before their customer's start, years before all others, repeated, or excluded."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from core.config.sources import TableSource
from core.config.training import ChurnDefinition
from features.check.finding import Severity
from tables.sources.opening import open_tables
from tests.engines import engine, every_engine
from tests.features.check.checked import find_kind, is_found, kinds
from tests.worlds import config, frame, shop


@every_engine
def test_customers_with_rows_before_the_day_of_their_start_are_counted(engine_name: str):
    joined = [("ada", "2024-03-02T08:00"), ("bo", "2024-03-01T18:00"), ("cy", None)]
    people = frame(*({"customer_id": who, "joined_at": day} for who, day in joined))
    lines = ("ada 2024-03-01", "ada 2024-03-05", "bo 2024-03-01T09:00", "cy 2024-01-01")

    finding = find_kind(shop(*lines, customers=people, backend=engine(engine_name)), "before_start")

    assert (finding.table, finding.count, finding.of, finding.example) == ("purchases", 1, 2, "ada")


@every_engine
def test_a_few_rows_years_before_all_others_are_strays(engine_name: str):
    lines = [f"ada {date(2024, 1, 1) + timedelta(days=n)}" for n in range(150)]
    strays = shop("bo 1970-01-01", *lines, backend=engine(engine_name))

    finding = find_kind(strays, "stray_rows")

    assert (finding.count, finding.of, finding.example, finding.values["month"]) == (1, 151, "1970-01", "2024-01")
    assert not is_found(shop("bo 2022-06-01", *lines), "stray_rows")
    assert not is_found(shop(*["bo 1990-01-01"] * 10, *lines), "stray_rows")


@every_engine
def test_repeated_lines_are_counted_with_the_setting(engine_name: str):
    finding = find_kind(
        shop("ada 2024-03-01", "ada 2024-03-01", "ada 2024-03-02", backend=engine(engine_name)), "identical_rows"
    )

    assert (finding.count, finding.of, finding.setting) == (1, 3, 'duplicate_rows = "drop"')


def test_versions_of_a_line_do_not_repeat_each_other():
    assert not is_found(shop("ada 2024-03-01 line_id=l1", "ada 2024-03-01 line_id=l1"), "identical_rows")


def test_two_clicks_in_one_second_are_chance_and_a_table_twice_is_not():
    events = [{"customer_id": f"c{n}", "event_time": "2024-03-01", "event": "click"} for n in range(200)]

    assert not is_found(shop(usage=frame(*events, events[0])), "identical_rows")
    assert find_kind(shop(usage=frame(*events, *events)), "identical_rows").severity is Severity.WARNING


def test_excluded_rows_are_listed_by_cause_with_an_example():
    spans = [
        {
            "customer_id": "ada",
            "subscription_id": "s7",
            "plan": "pro",
            "mrr": 10.0,
            "started_at": began,
            "ended_at": end,
        }
        for began, end in (("2024-02-01", "2024-01-01"), ("2024-01-01", None))
    ]

    finding = find_kind(shop("ada 2024-03-01", subscriptions=frame(*spans)), "excluded_rows")

    assert (finding.table, finding.column, finding.count, finding.of) == ("subscriptions", "ended_at", 1, 2)
    assert (finding.example, finding.values["cause"]) == ("2024-01-01 00:00:00 (s7)", "ended_at: before started_at")


def test_files_that_overlap_are_named(tmp_path: Path):
    header, lines = "customer_id,event_time,amount\n", [f"c{n},2024-03-{n:02},5\n" for n in range(1, 21)]
    (tmp_path / "a.csv").write_text(header + "".join(lines[:12]))
    (tmp_path / "b.csv").write_text(header + "".join(lines[8:]))
    sources = {"purchases": TableSource(path=str(tmp_path / "*.csv"))}

    finding = find_kind(open_tables(config(tables=sources)), "overlapping_files")

    assert (finding.count, finding.of, finding.values["files"]) == (4, 24, ("a.csv", "b.csv"))
    assert (finding.row, finding.file) == (1, "b.csv")


@every_engine
def test_rows_of_the_future_are_counted_and_excluded(engine_name: str):
    lines = [f"ada {date(2024, 1, 1) + timedelta(days=n)}" for n in range(50)]

    finding = find_kind(shop("bo 2062-05-12", *lines, backend=engine(engine_name)), "rows_ahead")

    assert (finding.count, finding.of, finding.severity) == (1, 51, Severity.WARNING)
    assert str(finding.example).startswith("2062-05-12")


COUNTRIES = config(attributes={"customers": ("country",)})


def customers_of_one_day(*recorded: str, referred_by: tuple[str | None, str | None] = (None, None)) -> pa.Table:
    moment = {"customer_id": "ada", "valid_from": "2024-01-01"}
    rows = zip(("FR", "DE"), recorded, referred_by, strict=True)
    return frame(
        *({**moment, "country": country, "recorded_time": time, "referred_by": by} for country, time, by in rows)
    )


@every_engine
def test_rows_of_one_thing_that_are_dated_alike_are_undecided_unless_recorded_time_differs(engine_name: str):
    def check(*recorded: str) -> set[str]:
        customers = customers_of_one_day(*recorded)
        return kinds(shop("ada 2024-03-01", customers=customers, settings=COUNTRIES, backend=engine(engine_name)))

    assert "undecided_rows" in check("2024-01-02", "2024-01-02")
    assert "undecided_rows" not in check("2024-01-02", "2024-01-03")


@every_engine
@pytest.mark.parametrize(
    ("referred_by", "differing", "winner", "loser", "country"),
    [
        ((None, None), "country", "FR", "DE", "FR"),
        (("abe", "zoe"), "referred_by", "zoe", "abe", "DE"),
        (("abe", None), "referred_by", "abe", "", "FR"),
    ],
)
def test_of_a_pair_of_one_day_the_check_names_the_row_that_counts(
    engine_name: str, referred_by: tuple[str | None, str | None], differing: str, winner: str, loser: str, country: str
):
    customers = customers_of_one_day("2024-01-02", "2024-01-02", referred_by=referred_by)
    world = shop("ada 2024-03-01", customers=customers, settings=COUNTRIES, backend=engine(engine_name))

    finding = find_kind(world, "undecided_rows")

    assert (finding.count, finding.of, finding.example) == (2, 2, "ada")
    assert finding.values == {"day": "2024-01-01", "differing": differing, "winner": winner, "loser": loser}
    assert world.latest()["customers"].country.to_pyarrow().to_pylist() == [country]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_of_rows_of_one_day_in_files_the_later_file_counts_and_then_the_later_line(tmp_path: Path, ending: str):
    def write(number: int, *rows: tuple[str, str]) -> None:
        columns = {"customer_id": [who for who, _ in rows], "country": [country for _, country in rows]}
        table = pa.table({**columns, "valid_from": ["2024-01-01"] * len(rows)})
        path = tmp_path / f"customers_{number}.{ending}"
        csv.write_csv(table, path) if ending == "csv" else parquet.write_table(table, path)

    write(2, ("ada", "FR"), ("bo", "IT"), ("bo", "AT"))
    write(10, ("ada", "DE"))
    csv.write_csv(pa.table({"customer_id": ["ada"], "event_time": ["2024-03-01"], "amount": ["1"]}), tmp_path / "p.csv")
    tables = {
        "customers": TableSource(path=str(tmp_path / f"customers_*.{ending}")),
        "purchases": TableSource(path=str(tmp_path / "p.csv")),
    }

    world = open_tables(config(tables=tables, attributes={"customers": ("country",)}))

    countries = world.latest()["customers"].order_by("customer_id").country.to_pyarrow().to_pylist()
    assert countries == ["DE", "AT"]
    assert not is_found(world, "undecided_rows")


def test_two_typing_errors_in_a_small_table_are_strays():
    lines = [f"c{n} 2024-03-{1 + n % 28:02d}" for n in range(100)]

    finding = find_kind(shop("ada 0001-01-01", "bo 1899-12-30", *lines), "stray_rows")

    assert (finding.count, finding.values["month"]) == (2, "2024-03")


def test_times_that_are_all_of_early_1970_are_seconds_read_as_milliseconds():
    assert (
        find_kind(shop("ada 1970-01-20", "bo 1970-01-21"), "times_near_1970").setting == 'date_format = "epoch_seconds"'
    )
    assert not is_found(shop("ada 1970-01-20", "bo 1997-01-21"), "times_near_1970")


def test_sound_tables_have_no_finding():
    first, lasts = date(2024, 1, 1), [40 + n * 7 % 90 for n in range(400)]
    lines = [f"c{n} {first + timedelta(days=day)}" for n, last in enumerate(lasts) for day in range(n % 10, last, 10)]
    settings = config(active_days=20, churn=ChurnDefinition(horizon_days=30))

    assert kinds(shop(*lines, settings=settings)) == set()
