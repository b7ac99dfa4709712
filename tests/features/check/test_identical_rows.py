"""Rows that repeat each other: in every column of the source, also in those that nothing reads."""

from __future__ import annotations

from pathlib import Path

import psycopg

from core.config.sources import TableSource
from features.check.finding import Finding
from tables.sources.opening import open_tables
from tests.engines import POSTGRES, engine, every_engine
from tests.features.check.checked import find, find_kind, is_found, kinds
from tests.worlds import config, shop

RECEIPTS = """\
receipt,customer_id,event_time,amount,state
K1,ada,2024-03-01,5,paid
K2,ada,2024-03-01,5,paid
K3,bo,2024-03-02,7,draft
K4,bo,2024-03-02,7,paid
K4,bo,2024-03-02,7,paid
K5,cy,2024-03-03,7,paid
"""


def repeats(folder: Path, text: str) -> list[Finding]:
    (folder / "receipts.csv").write_text(text)
    tables = {"purchases": TableSource(path=str(folder / "receipts.csv"))}
    return [finding for finding in find(open_tables(config(tables=tables))) if finding.kind == "identical_rows"]


@every_engine
def test_rows_with_receipt_numbers_of_their_own_do_not_repeat_each_other(engine_name: str):
    lines = ("ada 2024-03-01 receipt=K1", "ada 2024-03-01 receipt=K2", "bo 2024-03-01 receipt=K3")

    assert not is_found(shop(*lines, backend=engine(engine_name)), "identical_rows")


@every_engine
def test_rows_that_share_their_receipt_number_repeat_each_other(engine_name: str):
    lines = ("ada 2024-03-01 receipt=K1", "ada 2024-03-01 receipt=K2", "ada 2024-03-01 receipt=K2")

    assert find_kind(shop(*lines, backend=engine(engine_name)), "identical_rows").count == 1


def test_the_first_repeated_row_is_one_that_repeats_in_the_source(tmp_path: Path):
    (finding,) = repeats(tmp_path, RECEIPTS)

    assert (finding.count, finding.of, finding.row) == (1, 6, 5)


def test_what_repeats_is_what_is_dropped(tmp_path: Path):
    (tmp_path / "receipts.csv").write_text(RECEIPTS)
    source = {"purchases": TableSource(path=str(tmp_path / "receipts.csv"))}

    dropped = open_tables(config(tables=source, duplicate_rows="drop"))

    assert int(dropped["purchases"].count().to_pyarrow().as_py()) == 5


def find_dropped(folder: Path, *texts: str) -> Finding:
    for number, text in enumerate(texts):
        (folder / f"receipts_{number}.csv").write_text(text)
    tables = {"purchases": TableSource(path=str(folder / "receipts_*.csv"))}
    (finding,) = [
        one for one in find(open_tables(config(tables=tables, duplicate_rows="drop"))) if one.check == "identical_rows"
    ]
    return finding


def test_what_is_dropped_where_files_overlap_is_counted_by_file_with_an_example(tmp_path: Path):
    header, *lines = RECEIPTS.splitlines(keepends=True)

    finding = find_dropped(tmp_path, RECEIPTS, header + lines[5], header + lines[5] + lines[0])

    assert (finding.kind, finding.count, finding.of) == ("dropped_overlap", 4, 9)
    assert finding.values["files"] == ("receipts_0.csv (1)", "receipts_1.csv (1)", "receipts_2.csv (2)")
    assert (finding.example, finding.setting) == ("K1, ada, 2024-03-01, 5, paid", 'duplicate_rows = "keep"')


def test_what_is_dropped_from_one_file_has_its_row(tmp_path: Path):
    finding = find_dropped(tmp_path, RECEIPTS)

    assert (finding.kind, finding.count, finding.row) == ("dropped_rows", 1, 5)
    assert finding.example == "K4, bo, 2024-03-02, 7, paid"


def test_rows_that_are_not_read_repeat_nothing(tmp_path: Path):
    text = RECEIPTS.replace("K5,cy,2024-03-03,7,paid", "K5,,soon,7,paid\nK5,,soon,7,paid\nK6,cy,2024-03-04,7,paid")
    more = "".join(f"K{n},dan,2024-04-01,{n},paid\n" for n in range(10, 60))

    (finding,) = repeats(tmp_path, text + more)

    assert finding.count == 1


JSON_ROWS = """
CREATE TABLE identical_rows_json AS SELECT * FROM (VALUES
('ada', timestamp '2024-03-01', 5.0, '{"receipt": 1}'::json),
('ada', timestamp '2024-03-01', 5.0, '{"receipt": 2}'::json)
) AS t (customer_id, event_time, amount, extra)
"""
DROP = "DROP TABLE IF EXISTS identical_rows_json"


def test_json_columns_of_a_database_are_compared():
    engine("postgres")
    source = {"purchases": TableSource(database=POSTGRES, table="identical_rows_json")}
    with psycopg.connect(POSTGRES, autocommit=True) as database:
        database.execute(DROP)
        database.execute(JSON_ROWS)
        tables = open_tables(config(tables=source))
        findings = kinds(tables)
        tables.backend.disconnect()
        database.execute(DROP)

    assert "identical_rows" not in findings
