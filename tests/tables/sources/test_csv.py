"""CSV files: strict lines, encodings, headers."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.config.rows import FileSource
from core.config.sources import ColumnSource, TableSource
from core.errors import BadInput, DataError
from tables.sources.opening import open_tables
from tests.worlds import config


@contextmanager
def store_in_csv(tables: Mapping[str, pa.Table], encoding: str = "utf-8") -> Generator[dict[str, TableSource]]:
    """Each table as a file with every cell in quotes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.csv" for name in tables}
        for name, table in tables.items():
            with paths[name].open("w", encoding=encoding, newline="") as lines:
                rows = zip(*table.to_pydict().values(), strict=True)
                csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([table.column_names, *rows])
        yield {name: TableSource(path=str(path), encoding=encoding) for name, path in paths.items()}


WRITERS = {"utf8": store_in_csv, "cp932": partial(store_in_csv, encoding="cp932")}


def error_of(source: TableSource, kind: type[BadInput], *, match: str) -> str:
    """The one-line error of opening purchases from a source."""
    with pytest.raises(kind, match=match) as error:
        open_tables(config(tables={"purchases": source}))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_csv_of_a_japanese_till_is_read(tmp_path: Path):
    text = '会員,日付,金額\n17850.0,2026年4月1日 9時30分,"\\1,234"\n3.0,2026/4/2,（５００）\n'
    (tmp_path / "till.csv").write_text(text, encoding="cp932")
    columns: dict[str, str | ColumnSource] = {"customer_id": "会員", "event_time": "日付", "amount": "金額"}
    source = TableSource(path=str(tmp_path / "till.csv"), encoding="cp932", columns=columns)

    tables = open_tables(config(tables={"purchases": source}))

    rows = tables["purchases"].select("customer_id", "event_time", "amount").order_by("event_time").to_pyarrow()
    assert rows.to_pylist() == [
        {"customer_id": "17850", "event_time": datetime(2026, 4, 1, 9, 30), "amount": 1234.0},
        {"customer_id": "3", "event_time": datetime(2026, 4, 2), "amount": -500.0},
    ]


GOOD = "customer_id,event_time,amount\nada,2024-03-01,1\nbo,2024-03-02,2\n"
BROKEN = {
    "a line cut off": (GOOD + "cy,2024", "line 4: it does not have as many cells as the header"),
    "a quote never closed": (GOOD + 'cy,2024-03-03,"3', "line 4: a quote is opened and never closed"),
    "a line too long": (GOOD.replace(",2\n", ",2,9\n"), "line 3: it does not have as many cells as the header"),
    "no row": ("customer_id,event_time,amount\n", "purchases is empty"),
    "nothing": ("", "purchases is empty"),
    "a column twice": ("amount,event_time,amount\n1,2024-03-01,1\n", "has 'amount' twice"),
    "mixed types": (GOOD.replace(",2\n", ",two\n"), r"amount: 1 of 2 values are no number, e.g. 'two' \(row 2\); name"),
    "no usable row": ("event_time,amount\n2024-03-01,\n", r"no row of purchases can be used: amount: missing"),
    "a required column missing": ("customer_id,amount\nada,1\n", "purchases lacks the column 'event_time'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_an_error_that_names_the_place(tmp_path: Path, text: str, message: str):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")

    error_of(TableSource(path=str(tmp_path / "t.csv")), DataError, match=message)


MANY = "customer_id,event_time,amount\n" + "".join(f"ada,2024-03-{day:02},{day}\n" for day in range(1, 29))


def test_the_error_of_a_bad_line_counts_all_of_them_and_masks_mail_addresses(tmp_path: Path):
    (tmp_path / "t.csv").write_text(MANY + "bo@example.com,2024-03-29\ncy,2024-03-30,7,7\n", encoding="utf-8")

    message = error_of(TableSource(path=str(tmp_path / "t.csv")), DataError, match="line 30: it does not have as many")

    assert "'[email],2024-03-29'" in message
    assert "2 of 30 lines cannot be read" in message
    assert 'bad_lines = "skip" leaves them out' in message


BAD_LINES = {
    "a cell too few": b"bo,2024-03-29",
    "a cell too many": b"bo,2024-03-29,1,2",
    "an open quote": b'bo,"2024-03-29,1',
    "an open quote before quoted cells": b'"bo","2024-03-29,"1"',
    "a quote that is not doubled": b'bo,2024-03-29,"1" x"',
    "bytes": b"b\xff,2024-03-29,1",
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_exactly_the_bad_lines_are_left_out_and_counted(tmp_path: Path, line: bytes):
    after = b'di,2024-03-30,1\n"di\ndi",2024-03-31,"2"\n'
    (tmp_path / "t.csv").write_bytes(MANY.encode() + line + b"\n" + after)
    source = TableSource(path=str(tmp_path / "t.csv"), bad_lines="skip")

    tables = open_tables(config(tables={"purchases": source}))

    assert [row[:3] for row in rows_of(source)[-2:]] == [("di", "2024-03-30", 1.0), ("di\ndi", "2024-03-31", 2.0)]
    report = tables.load_report("purchases")
    assert (report.n_rows, report.bad_lines.n, report.bad_lines.n_lines) == (30, 1, 31)
    assert report.bad_lines.first[0].line == 30


def test_a_bad_line_is_counted_from_the_beginning_of_a_file_with_a_title(tmp_path: Path):
    (tmp_path / "t.csv").write_bytes(b"Sales\n" + MANY.encode("cp932") + b"bo\x81\xff,2024-03-29,1\ntotal\n")
    source = TableSource(
        path=str(tmp_path / "t.csv"), encoding="cp932", header_line=2, footer_lines=1, bad_lines="skip"
    )

    bad = open_tables(config(tables={"purchases": source})).load_report("purchases").bad_lines

    assert [(line.line, str(line.fault)) for line in bad.first] == [(31, "it is not cp932")]


def test_many_bad_lines_are_an_error_even_where_they_may_be_left_out(tmp_path: Path):
    (tmp_path / "t.csv").write_text(MANY + "bo,2024-03-29,1,5\n" * 9, encoding="utf-8")
    source = TableSource(path=str(tmp_path / "t.csv"), bad_lines="skip")

    message = error_of(source, DataError, match='9 of 37 lines cannot be read, too many .*is delimiter = "," right')

    assert "leaves them out" not in message


def test_each_file_of_a_table_is_judged_by_its_own_bad_lines(tmp_path: Path):
    for month in range(1, 8):
        (tmp_path / f"t{month}.csv").write_text(MANY, encoding="utf-8")
    (tmp_path / "t9.csv").write_text(GOOD.replace(",2\n", ",2,9\n") + "cy,2024\n", encoding="utf-8")

    error_of(TableSource(path=str(tmp_path / "t*.csv"), bad_lines="skip"), DataError, match="t9.csv line 3: .*2 of 3")


def test_a_file_in_another_encoding_asks_for_it(tmp_path: Path):
    (tmp_path / "t.csv").write_text("event_time,amount,channel\n2024-03-01,1,店\n", encoding="cp932")

    path = str(tmp_path / "t.csv")
    error_of(TableSource(path=path), DataError, match="line 2: it is not UTF-8; set encoding")


def test_a_line_of_another_length_says_what_mends_it(tmp_path: Path):
    (tmp_path / "t.csv").write_text(GOOD.replace(",2\n", ",2,9\n"), encoding="utf-8")

    error_of(
        TableSource(path=str(tmp_path / "t.csv")),
        DataError,
        match="correct or delete it: is the file cut off, or is a cell with the delimiter not quoted",
    )


WRONG = {
    "semicolons": (GOOD.replace(",", ";").encode(), {}, "'customer_id;event_time;amount'; set delimiter = \";\""),
    "euc as ascii": (
        (GOOD + "渋谷の店,2024-03-03,3\n").encode("euc_jp"), {"encoding": "ascii"}, "4: it is not ascii; set encoding",
    ),
    "tabs": (GOOD.replace(",", "\t").encode(), {}, r"set delimiter = \"\\t\""),
    "commas": (GOOD.encode(), {"delimiter": ";"}, r"set delimiter = \",\""),
    "utf-16": (GOOD.encode("utf-16"), {}, 'begins with the mark of UTF-16; set encoding = "utf-16"'),
    "utf-16 as cp932": (GOOD.encode("utf-16"), {"encoding": "cp932"}, 'set encoding = "utf-16"'),
    "latin": ((GOOD + "Zoë,2024-03-03,3\n").encode("latin-1"), {}, 'line 4: it is not UTF-8; set encoding = "cp1252"'),
    "utf-8 as cp932": (
        (GOOD + "渋谷,2024-03-03,3\n").encode(), {"encoding": "cp932"}, 'cp932 would garble it; set encoding = "utf-8"',
    ),
    "cp932": (
        (GOOD + "渋谷の店,2024-03-03,3\n").encode("cp932"), {}, 'line 4: it is not UTF-8; set encoding = "cp932"'
    ),
    "no text": (bytes(range(256)) * 4, {"encoding": "latin-1"}, r"it is no CSV with delimiter = \",\"|header"),
    "dots for commas": (
        GOOD.replace(",2\n", ",2.50\n").encode(), {"decimal": ","}, r"'2.50' \(row 2\); set decimal = \"\.\"",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "settings", "message"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_written_otherwise_names_the_setting_that_reads_it(
    tmp_path: Path, content: bytes, settings: dict[str, Any], message: str
):
    (tmp_path / "t.csv").write_bytes(content)

    error_of(TableSource(path=str(tmp_path / "t.csv"), **settings), DataError, match=message)


def rows_of(source: TableSource) -> list[tuple[object, ...]]:
    """Customer, day, amount and channel of each purchase."""
    rows = open_tables(config(tables={"purchases": source}))["purchases"].to_pyarrow().to_pylist()
    return [(row["customer_id"], str(row["event_time"])[:10], row["amount"], row.get("channel")) for row in rows]


def test_columns_of_several_files_are_matched_by_their_names(tmp_path: Path):
    (tmp_path / "1.csv").write_text(GOOD)
    (tmp_path / "2.csv").write_text("amount,event_time,customer_id\n9,2024-03-03,cy\n")

    assert rows_of(TableSource(path=str(tmp_path / "*.csv")))[2] == ("cy", "2024-03-03", 9.0, None)


def test_a_column_that_a_file_lacks_has_to_be_optional(tmp_path: Path):
    (tmp_path / "1.csv").write_text(GOOD)
    (tmp_path / "2.csv").write_text("customer_id,event_time,amount,channel\nada,2024-03-03,3,web\n")
    path = str(tmp_path / "*.csv")

    error_of(
        TableSource(path=path), DataError, match=r"different headers: 1\.csv lacks 'channel' of 2\.csv; set optional"
    )
    rows = rows_of(TableSource(path=path, optional_columns=("channel",)))
    assert rows == [("ada", "2024-03-01", 1, None), ("bo", "2024-03-02", 2, None), ("ada", "2024-03-03", 3, "web")]


def test_a_file_of_another_system_is_part_of_the_table(tmp_path: Path):
    (tmp_path / "2024.csv").write_text(GOOD)
    old = '売上一覧\n\n顧客;日付;金額\n"00\n7";02/03/2023;1.250,50\n合計;;1.250,50\n'
    (tmp_path / "2023.csv").write_text(old, encoding="cp932")
    entry = FileSource(
        path=str(tmp_path / "2023.csv"),
        encoding="cp932",
        delimiter=";",
        header_line=3,
        footer_lines=1,
        columns={"customer_id": "顧客", "event_time": "日付", "amount": "金額"},
        swap_marks=("amount",),
        date_formats={"event_time": "day_first"},
    )

    rows = rows_of(TableSource(path=str(tmp_path / "2024.csv"), files=(entry,)))

    assert [row[1:3] for row in rows] == [("2023-03-02", 1250.5), ("2024-03-01", 1.0), ("2024-03-02", 2.0)]


@pytest.mark.parametrize(
    ("cell", "date_format", "day"),
    [
        ("1 Apr 2026 23:30", "%d %b %Y %H:%M", "2026-04-01"),
        ("1775088000", "epoch_seconds", "2026-04-02"),
        ("04/05/2026 1:00 AM", "month_first", "2026-04-05"),
    ],
)
def test_dates_of_a_file_become_year_first(tmp_path: Path, cell: str, date_format: str, day: str):
    (tmp_path / "1.csv").write_text(f"customer_id,event_time,amount\nada,{cell},1\n")
    entry = FileSource(path=str(tmp_path / "1.csv"), date_formats={"event_time": date_format})

    assert rows_of(TableSource(path=str(tmp_path / "1.csv"), files=(entry,))) == [("ada", day, 1.0, None)]


def test_lines_above_the_header_and_below_the_rows_are_not_read(tmp_path: Path):
    text = "sep=;\nReport;;\n\ncustomer_id;event_time;amount\nada;2024-03-01;1\n\nTotal;;1\n\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8-sig")

    source = TableSource(path=str(tmp_path / "t.csv"), delimiter=";", header_line=4, footer_lines=1)

    assert rows_of(source) == [("ada", "2024-03-01", 1.0, None)]


def test_a_broken_line_is_counted_from_the_top_of_the_file(tmp_path: Path):
    (tmp_path / "t.csv").write_text("Report\n" + GOOD + "cy,2024", encoding="utf-8")

    error_of(TableSource(path=str(tmp_path / "t.csv"), header_line=2), DataError, match=r"t\.csv line 5: it does not")


def test_a_repeated_column_is_read_by_its_number(tmp_path: Path):
    (tmp_path / "t.csv").write_text("name,customer_id,event_time,amount,name\nx,ada,2024-03-01,1,web\n")
    path = str(tmp_path / "t.csv")

    assert rows_of(TableSource(path=path, columns={"channel": "name (2)"})) == [("ada", "2024-03-01", 1.0, "web")]
    source = TableSource(path=path, columns={"channel": "name"})
    error_of(source, DataError, match=r"has 'name' twice; name one, e\.g\. 'name \(2\)'")


def test_a_column_without_a_name_is_called_by_its_number(tmp_path: Path):
    (tmp_path / "t.csv").write_text(",customer_id,event_time,amount\nweb,ada,2024-03-01,1\n")

    assert rows_of(TableSource(path=str(tmp_path / "t.csv"), columns={"channel": "column_1"})) == [
        ("ada", "2024-03-01", 1.0, "web")
    ]
