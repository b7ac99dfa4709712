"""Parquet files."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.config.sources import TableSource
from core.errors import DataError
from tables.discovery.examination import examine
from tables.discovery.grouping import DiscoveredSource
from tables.engines.databases import connect_in_memory
from tables.sources.opening import open_tables
from tests.worlds import config


@contextmanager
def store_in_parquet(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table as a file in a folder of its own, named by a glob."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            (Path(folder) / name).mkdir()
            pq.write_table(table, Path(folder) / name / "t.parquet")
        yield {name: TableSource(path=f"{folder}/{name}/*.parquet") for name in tables}


WRITERS = {"parquet": store_in_parquet}


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 is not enough")
    source = TableSource(path=str(tmp_path / "t.parquet"))

    with pytest.raises(DataError, match=r"t\.parquet is no complete Parquet file") as error:
        open_tables(config(tables={"purchases": source}))

    assert "\n" not in str(error.value)


def test_a_file_with_a_damaged_page_is_one_line_in_check_and_init(tmp_path: Path):
    n_rows, path = 9_000, tmp_path / "t.parquet"
    rows = {"event_time": ["2024-03-01"], "amount": [5.0]}
    table = pa.table({name: values * n_rows for name, values in rows.items()})
    table = table.append_column("customer_id", pa.array([f"c{row * 7919 % 100_003}" for row in range(n_rows)]))
    pq.write_table(table, path, row_group_size=3_000)
    group = pq.ParquetFile(path).metadata.row_group(1)
    damaged, at = bytearray(path.read_bytes()), group.column(2).data_page_offset
    damaged[at : at + 400] = bytes(byte ^ 0x5A for byte in damaged[at : at + 400])
    path.write_bytes(damaged)
    source = TableSource(path=str(path))

    with pytest.raises(DataError, match=r"^purchases: .*t\.parquet is damaged after row 3,000; export it again$"):
        open_tables(config(tables={"purchases": source}))
    with pytest.raises(DataError, match=r"^t: .*t\.parquet is damaged after row 3,000; export it again$"):
        examine(connect_in_memory(), DiscoveredSource("t", source, files=(path,)), today=date(2024, 4, 1))


def write(folder: Path, **files: Mapping[str, Sequence[object]]) -> TableSource:
    """Purchases in one file per argument."""
    for name, columns in files.items():
        pq.write_table(pa.table(dict(columns)), folder / f"{name}.parquet")
    return TableSource(path=str(folder / "*.parquet"))


def rows_of(source: TableSource) -> list[tuple[object, ...]]:
    """Customer, amount and channel of each purchase."""
    rows = open_tables(config(tables={"purchases": source}))["purchases"].to_pyarrow().to_pylist()
    return [(row["customer_id"], row["amount"], row.get("channel")) for row in rows]


DAY = {"event_time": ["2024-03-01"]}


def test_a_column_of_several_types_keeps_the_values_of_every_file(tmp_path: Path):
    source = write(
        tmp_path,
        a={**DAY, "customer_id": [123], "amount": [5]},
        b={**DAY, "customer_id": ["00123"], "amount": [12.5]},
        c={**DAY, "customer_id": [123.0], "amount": ["7.25"]},
    )

    assert rows_of(source) == [("123", 5, None), ("00123", 12.5, None), ("123", 7.25, None)]


def test_long_ids_beside_floats_are_refused_because_digits_are_lost(tmp_path: Path):
    source = write(
        tmp_path,
        a={**DAY, "customer_id": [2**53 + 1], "amount": [5]},
        b={**DAY, "customer_id": [124.0], "amount": [5]},
    )

    with pytest.raises(DataError, match=r"purchases\.customer_id: 1 of 2 values are .*its digits are lost"):
        rows_of(source)


def test_a_column_that_a_file_lacks_has_to_be_optional(tmp_path: Path):
    source = write(
        tmp_path,
        a={**DAY, "customer_id": ["ada"], "amount": [1]},
        b={**DAY, "customer_id": ["bo"], "amount": [2], "channel": ["web"]},
    )

    with pytest.raises(
        DataError, match=r"different columns: .*a\.parquet lacks 'channel' of .*b\.parquet; set optional"
    ):
        rows_of(source)
    assert rows_of(replace(source, optional_columns=("channel",))) == [("ada", 1, None), ("bo", 2, "web")]


def test_times_with_and_without_a_zone_are_refused(tmp_path: Path):
    time = datetime(2024, 3, 1, 12)
    source = write(
        tmp_path,
        a={"event_time": [time], "customer_id": ["ada"], "amount": [1]},
        b={"event_time": [time.replace(tzinfo=UTC)], "customer_id": ["bo"], "amount": [2]},
    )

    with pytest.raises(
        DataError, match=r"event_time: the times of .*b\.parquet have a time zone, those of .*a\.parquet"
    ):
        rows_of(source)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@settings(max_examples=15, deadline=None)
@given(
    zone=st.sampled_from(["Asia/Tokyo", "UTC", "Europe/Berlin", "+05:30"]),
    moments=st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2049, 1, 1)), min_size=1, max_size=5),
)
def test_moments_are_local_whatever_zone_and_unit_their_type_has_and_naive_times_stay(
    unit: str, zone: str, moments: list[datetime]
):
    naive = [moment.replace(microsecond=0) for moment in moments]
    zoned = pa.array([moment.replace(tzinfo=UTC) for moment in naive]).cast(pa.timestamp(unit, tz=zone))
    columns = {"customer_id": [str(n) for n in range(len(naive))], "amount": [1.0] * len(naive)}
    times = {"event_time": zoned, "recorded_time": pa.array(naive).cast(pa.timestamp(unit))}
    with tempfile.TemporaryDirectory() as folder:
        source = write(Path(folder), t={**columns, **times})
        tables = open_tables(config(tables={"purchases": source}, time_zone="Asia/Tokyo"))
        rows = tables["purchases"].order_by("customer_id").to_pyarrow().to_pylist()

    local = [moment.replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) for moment in naive]
    assert [(row["event_time"], row["recorded_time"]) for row in rows] == list(zip(local, naive, strict=True))
