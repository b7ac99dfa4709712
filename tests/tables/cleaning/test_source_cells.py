"""A day and a time of day in two columns are one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.sources import TableSource
from core.errors import ConfigError, DataError
from tables.cleaning.conform import EXCLUDED_BECAUSE, EXCLUDED_VALUE, Conformed, conform
from tables.contract import CONTRACT
from tables.sources.opening import open_tables
from tests.engines import engine, every_engine
from tests.worlds import config

DAY = date(2026, 3, 13)


def read(
    days: Sequence[object],
    clocks: Sequence[object],
    engine_name: str = "duckdb",
    *,
    zone: str = "Asia/Tokyo",
    **more: str,
) -> list[dict]:
    """The rows of purchases on these days at these times of day; `more` are settings of the column."""
    return (
        read_table(days, clocks, engine_name, zone=zone, **more).rows.order_by("customer_id").to_pyarrow().to_pylist()
    )


def read_table(
    days: Sequence[object],
    clocks: Sequence[object],
    engine_name: str = "duckdb",
    *,
    zone: str = "Asia/Tokyo",
    **more: str,
) -> Conformed:
    """Purchases on these days at these times of day; `more` are settings of the column."""
    backend, name = engine(engine_name), ibis.util.gen_name("raw")
    ids = [f"{n:03d}" for n, _ in enumerate(days)]
    frame = pa.table({"customer_id": ids, "day": days, "clock": clocks, "amount": [1.0] * len(ids)})
    backend.create_table(name, frame, temp=True)
    columns = {"event_time": {"column": "day", "time_of_day": "clock", **more}}
    source = msgspec.convert({"path": "t.csv", "columns": columns, "time_zone": zone}, TableSource)
    return conform(backend.table(name), CONTRACT["purchases"], config=config(), source=source)


def times(*arguments: Sequence[object], **more: str) -> list[datetime | None]:
    return [row["event_time"] for row in read(arguments[0], arguments[1], **more)]


Write = Callable[[datetime], object]
DAYS: dict[str, Write] = {
    "iso": lambda moment: f"{moment:%Y-%m-%d}",
    "date": lambda moment: moment.date(),
    "midnight": lambda moment: datetime(moment.year, moment.month, moment.day),
    "midnight as text": lambda moment: f"{moment:%Y/%m/%d} 00:00:00",
    "Japanese": lambda moment: f"{moment.year}年{moment.month}月{moment.day}日",
}
CLOCKS: dict[str, Write] = {
    "text": lambda moment: f"{moment:%H:%M:%S}",
    "time": lambda moment: moment.time(),
    "halves of the day": lambda moment: f"{moment:%I:%M:%S %p}",
    "Japanese": lambda moment: f"{moment.hour}時{moment.minute:02d}分{moment.second:02d}秒",
    "behind the first day": lambda moment: datetime(1899, 12, 30, moment.hour, moment.minute, moment.second),
}
MOMENTS = st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2049, 1, 1)), min_size=1, max_size=4)


@every_engine
@settings(max_examples=15, deadline=None)
@given(
    moments=MOMENTS,
    day=st.sampled_from(sorted(DAYS)),
    clock=st.sampled_from(sorted(CLOCKS)),
    zone=st.sampled_from(["Asia/Tokyo", "UTC", "America/New_York"]),
)
def test_day_and_time_of_day_are_the_moment_however_both_are_written(
    engine_name: str, moments: list[datetime], day: str, clock: str, zone: str
):
    whole = [moment.replace(microsecond=0) for moment in moments]

    rows = read([*map(DAYS[day], whole)], [*map(CLOCKS[clock], whole)], engine_name, zone=zone)

    local = [one.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo("Asia/Tokyo")) for one in whole]
    assert [row["event_time"] for row in rows] == [one.replace(tzinfo=None) for one in local]


def test_a_row_without_a_time_is_at_midnight_and_one_without_a_day_has_no_time():
    rows = read(["2026-03-13", "2026-03-13", "", "-"], ["", "-", "18:30", "18:30"])

    assert [(row["event_time"], row[EXCLUDED_BECAUSE]) for row in rows] == [
        (datetime(2026, 3, 13), None),
        (datetime(2026, 3, 13), None),
        (None, "event_time: missing"),
        (None, "event_time: missing"),
    ]


@pytest.mark.parametrize(
    ("day", "clock"),
    [("2026-03-13", "25:00"), ("2026-03-13 05:00", "18:30"), ("2026-03-13", "1875"), ("2026-02-30", "18:30")],
)
def test_what_is_no_moment_is_excluded_with_both_cells(day: str, clock: str):
    row = read([day], [clock])[0]

    assert (row[EXCLUDED_BECAUSE], row[EXCLUDED_VALUE]) == ("event_time: unreadable time", f"{day} {clock}")


def test_an_order_of_days_and_months_is_that_of_the_day():
    assert times(["13.03.2026", "04.03.2026"], ["6:30 pm", "9:05"], date_format="day_first") == [
        datetime(2026, 3, 13, 18, 30),
        datetime(2026, 3, 4, 9, 5),
    ]


def test_a_pattern_is_that_of_both_and_numbers_get_their_leading_zeros_back():
    assert times(["13 Mar 2026"], ["18:30"], date_format="%d %b %Y %H:%M") == [datetime(2026, 3, 13, 18, 30)]
    assert times([DAY, DAY, DAY], [1830, 905, 5], date_format="%Y-%m-%d %H%M") == [
        datetime(2026, 3, 13, 18, 30),
        datetime(2026, 3, 13, 9, 5),
        datetime(2026, 3, 13, 0, 5),
    ]
    assert times([20260313], [905], date_format="%Y%m%d %H%M%S") == [datetime(2026, 3, 13, 0, 9, 5)]


DIGITS = {
    "hours and minutes": ([1634, 930, 5, 0], ["16:34", "09:30", "00:05", "00:00"]),
    "with seconds": ([163412, 93005, 5, 930], ["16:34:12", "09:30:05", "00:00:05", "00:09:30"]),
    "hours alone": ([16, 9, 0, 23], ["16:00", "09:00", "00:00", "23:00"]),
}


@every_engine
@pytest.mark.parametrize("shape", DIGITS)
@pytest.mark.parametrize("write", [int, float, str, "{:.1f}".format])
@pytest.mark.parametrize("day", ["13.03.2026", DAY])
def test_digits_are_what_every_value_of_their_column_can_be(
    engine_name: str, shape: str, write: Callable[[int], object], day: object
):
    clocks, expected = DIGITS[shape]
    order = {} if isinstance(day, date) else {"date_format": "day_first"}

    rows = read([day] * 4, [write(clock) for clock in clocks], engine_name, **order)

    assert [row["event_time"] for row in rows] == [
        datetime.combine(DAY, time.fromisoformat(clock)) for clock in expected
    ]


def test_a_few_wrong_digits_are_excluded_alone_and_digits_that_are_no_clock_all():
    days = ["2026-03-13"] * 4

    assert [row[EXCLUDED_BECAUSE] for row in read(days, ["1634", "1675", "930", "1200"])] == [
        None, "event_time: unreadable time", None, None
    ]  # fmt: skip
    assert {row[EXCLUDED_BECAUSE] for row in read(days, ["1690", "1675", "9999", "1200"])} == {
        "event_time: unreadable time"
    }


def test_the_load_report_says_how_digits_were_read():
    notes = read_table(["2026-03-13"] * 2, [1634, 930]).notes

    assert [str(note.text) for note in notes] == ["time of day: 2 of 2 values such as '930' are hours and minutes"]


@pytest.mark.parametrize("clock", ["16.34", "16h34", "16:34 Uhr", "16.34 Uhr", "kl. 16.34", "16:34"])
@pytest.mark.parametrize(
    ("day", "date_format"), [("2026-03-13", ""), ("13.03.2026", "day_first"), ("13 Mar 2026", "%d %b %Y %H:%M")]
)
def test_a_dot_or_an_h_between_hours_and_minutes_is_a_colon(clock: str, day: str, date_format: str):
    order = {"date_format": date_format} if date_format else {}

    assert times([day], [clock], **order) == [datetime(2026, 3, 13, 16, 34)]


@pytest.mark.parametrize("write", [float, str])
def test_days_and_times_of_a_spreadsheet_are_added(write: Callable[[float], object]):
    first, clocks = (DAY - date(1899, 12, 30)).days, [0.75, 0.0, 0.378472]

    assert times([write(first)] * 3, [write(one) for one in clocks], date_format="spreadsheet_days") == [
        datetime(2026, 3, 13, 18),
        datetime(2026, 3, 13),
        datetime(2026, 3, 13) + timedelta(hours=9, minutes=5),
    ]


def test_an_offset_behind_the_time_of_day_counts():
    assert times(["2026-03-13"], ["18:30+00:00"]) == [datetime(2026, 3, 14, 3, 30)]


@pytest.mark.parametrize(
    ("clock", "mend"),
    [
        ("shipped", "name another column as its time_of_day: 'clock' has other values"),
        ("75.69", "name another column as its time_of_day: 'clock' has other values"),
        ("4711", "name another column as its time_of_day: 'clock' has other values"),
        ("18:30", 'it could be two dates; set date_format = "day_first" or "month_first"'),
    ],
)
def test_a_time_of_day_without_clocks_is_the_setting_to_mend(clock: str, mend: str, tmp_path: Path):
    (tmp_path / "t.csv").write_text(f"customer_id,day,clock,amount\n1,04/05/2026,{clock},5\n")
    source = {"path": f"{tmp_path}/t.csv", "columns": {"event_time": {"column": "day", "time_of_day": "clock"}}}

    with pytest.raises(DataError) as caught:
        open_tables(config(tables={"purchases": msgspec.convert(source, TableSource)}))

    assert str(caught.value).endswith(f"e.g. '04/05/2026 {clock}' (row 1); {mend}")


def test_a_column_of_another_kind_and_another_type_are_refused_with_the_setting():
    with pytest.raises(DataError, match=r"purchases\.event_time: 'clock' is boolean.*; name another .* time_of_day"):
        read([DAY], [True])
    with pytest.raises(ValueError, match="time_of_day needs the column with the day"):
        msgspec.convert({"path": "t", "columns": {"event_time": {"constant": "x", "time_of_day": "t"}}}, TableSource)
    frame = pa.table({"customer_id": ["ada"], "event_time": ["2026-03-13"], "clock": [time(1)], "total": [1.0]})
    raw = engine("duckdb").create_table(ibis.util.gen_name("raw"), frame, temp=True)
    columns = {"amount": {"column": "total", "time_of_day": "clock"}}
    source = msgspec.convert({"path": "t.csv", "columns": columns}, TableSource)
    with pytest.raises(ConfigError, match=r"time_of_day is for times, and purchases\.amount is none"):
        conform(raw, CONTRACT["purchases"], config=config(), source=source)


@every_engine
@pytest.mark.parametrize(
    "clock",
    ["10:15+09:00", "10:15:00 +0900", "10:15+09", "1015+0900", "10.15+09:00", "10:15 AM+09:00", "01:15Z", "01:15 UTC"],
)
@pytest.mark.parametrize("more", [{}, {"date_format": "day_first"}])
def test_an_offset_behind_a_time_of_day_is_its_zone(engine_name: str, clock: str, more: dict[str, str]):
    # Every value of a column decides how its digits are read, so the column has this one alone.
    rows = read(["2026-03-13"], [clock], engine_name, zone="America/New_York", **more)

    assert [row["event_time"] for row in rows] == [datetime(2026, 3, 13, 10, 15)]


@every_engine
def test_a_pattern_reads_times_of_day_with_offsets(engine_name: str):
    rows = read(["13.03.2026"] * 2, ["915+0900", "1015+0900"], engine_name, date_format="%d.%m.%Y %H%M%z")

    assert [row["event_time"] for row in rows] == [datetime(2026, 3, 13, 9, 15), datetime(2026, 3, 13, 10, 15)]


@every_engine
def test_two_times_of_day_are_no_time_with_an_offset(engine_name: str):
    assert read(["2026-03-13"], ["18:00-20:00"], engine_name)[0][EXCLUDED_BECAUSE] == "event_time: unreadable time"


@every_engine
def test_the_type_of_databases_for_times_with_an_offset_has_the_zone(engine_name: str):
    backend, name = engine(engine_name), ibis.util.gen_name("raw")
    backend.raw_sql(
        f"CREATE TEMP TABLE {name} AS SELECT 'ada' AS customer_id, DATE '2026-03-13' AS day, 1.0 AS amount, "
        "CAST('20:15:00-05:00' AS TIMETZ) AS clock"
    )
    columns = {"event_time": {"column": "day", "time_of_day": "clock"}}
    source = msgspec.convert({"database": "any://", "table": name, "columns": columns}, TableSource)
    rows = conform(backend.table(name), CONTRACT["purchases"], config=config(), source=source).rows

    assert rows.event_time.to_pyarrow().to_pylist() == [datetime(2026, 3, 14, 10, 15)]


@pytest.mark.parametrize(("zone", "read_as"), [(None, None), ("UTC", (19, 15)), ("Asia/Tokyo", (10, 15))])
def test_times_of_day_that_parquet_says_to_be_in_utc_need_a_stated_zone(
    tmp_path: Path, zone: str | None, read_as: tuple[int, int] | None
):
    frame = pa.table({"customer_id": ["ada"], "day": [DAY], "clock": [time(10, 15)], "amount": [1.0]})
    pq.write_table(frame, tmp_path / "orders.parquet", write_time_adjusted_to_utc=True)
    columns = {"event_time": {"column": "day", "time_of_day": "clock"}}
    settings = {"path": str(tmp_path / "orders.parquet"), "columns": columns, "time_zone": zone}
    tables = config(tables={"purchases": msgspec.convert(settings, TableSource)})

    if read_as is None:
        with pytest.raises(DataError, match="'clock' says UTC, as many writers do of local times, too; set time_zone"):
            open_tables(tables)
    else:
        (row,) = open_tables(tables)["purchases"].to_pyarrow().to_pylist()
        assert row["event_time"] == datetime(DAY.year, DAY.month, DAY.day, *read_as)
