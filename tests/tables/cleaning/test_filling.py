"""Columns that only the first line of each order has: what is filled, from where, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pytest

from core.config.loading import read_config
from core.config.rows import FillWithin, RowFilter
from core.config.sources import TableSource
from core.errors import BadInput, DataError
from kizuna.main import run
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import POSTGRES, engine
from tests.worlds import config

ORDERS = """\
order,customer,day,status,channel,item,amount
A1,ada,2024-03-01,paid,web,tea,5
A2,bob,2024-03-02,voided,web,tea,7
A1,,,,,mug,8
A2,,,,,mug,9
A3,,2024-03-03,paid,,tea,1
A3,,,,app,mug,2
,eve,2024-03-04,paid,web,tea,3
"""
FILL = FillWithin("order", ("customer", "day", "status", "channel"))
SETTINGS: dict[str, Any] = {
    "columns": {"order_id": "order", "customer_id": "customer", "event_time": "day", "item_id": "item"},
    "where": (RowFilter(column="status", none_of=("voided",)),),
}
KEPT = [
    ("A1", "ada", "mug", "web", 8.0),
    ("A1", "ada", "tea", "web", 5.0),
    ("A3", None, "mug", "app", 2.0),
    ("A3", None, "tea", "app", 1.0),
    (None, "eve", "tea", "web", 3.0),
]


def open_orders(folder: Path, text: str = ORDERS, *, fill: FillWithin = FILL) -> Tables:
    path = folder / "orders.csv"
    path.write_text(text)
    return open_tables(config(tables={"purchases": TableSource(path=str(path), fill_within=fill, **SETTINGS)}))


def lines_of(tables: Tables) -> list[tuple[Any, ...]]:
    rows = tables["purchases"].to_pyarrow().to_pylist()
    names = ("order_id", "customer_id", "item_id", "channel", "amount")
    return sorted((tuple(row[name] for name in names) for row in rows), key=lambda line: (line[0] or "Z", line[2]))


def test_each_line_has_the_status_the_customer_and_the_day_of_its_order(tmp_path: Path):
    assert lines_of(open_orders(tmp_path)) == KEPT


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_tables_of_a_database_are_filled_where_they_are(tmp_path: Path, kind: str):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    if kind == "postgres":
        engine("postgres")
    url = POSTGRES if kind == "postgres" else f"duckdb://{tmp_path}/t.duckdb"
    database: Any = ibis.connect(url)
    database.create_table("filled_orders", ibis.duckdb.connect().read_csv(str(path)).to_pyarrow(), overwrite=True)
    database.disconnect()

    source = TableSource(database=url, table="filled_orders", fill_within=FILL, **SETTINGS)

    tables = open_tables(config(tables={"purchases": source}))

    assert lines_of(tables) == KEPT
    assert tables.backend.name == kind
    tables.backend.disconnect()


def test_of_two_values_of_an_order_the_first_one_fills_the_empty_cells(tmp_path: Path):
    text = f"{ORDERS}A1,zoe,2024-03-01,paid,app,cup,1\nA1,,,,,can,1\n"

    lines = {line[2]: line for line in lines_of(open_orders(tmp_path, text)) if line[0] == "A1"}

    assert (lines["cup"][1], lines["cup"][3]) == ("zoe", "app")
    assert (lines["can"][1], lines["can"][3]) == ("ada", "web")


def test_a_line_without_an_order_belongs_to_the_order_above_if_that_is_filled_as_well(tmp_path: Path):
    text = ORDERS.partition("A1")[0] + (
        "A1,ada,2024-03-01,paid,web,tea,5\n , ,,,,mug,8\nA2,bob,2024-03-02,voided,,tea,7\n,,,,,mug,9\n"
    )
    fill = FillWithin("order", ("order", *FILL.columns))

    assert lines_of(open_orders(tmp_path, text, fill=fill)) == KEPT[:2]


def test_a_column_that_the_source_lacks_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match=r"the source of purchases has no column 'staus'; did you mean 'status'"):
        open_orders(tmp_path, fill=FillWithin("order", ("staus",)))


def test_empty_orders_of_a_database_are_not_filled_because_its_rows_have_no_order(tmp_path: Path):
    url = f"duckdb://{tmp_path}/t.duckdb"
    database: Any = ibis.connect(url)
    (tmp_path / "orders.csv").write_text(ORDERS)
    database.create_table("orders", database.read_csv(tmp_path / "orders.csv"))
    database.disconnect()
    fill = FillWithin("order", ("order", "status"))

    with pytest.raises(DataError, match="rows of a database have no order, so that no row is above an empty 'order'"):
        open_tables(config(tables={"purchases": TableSource(database=url, table="orders", fill_within=fill)}))


def test_init_finds_what_only_the_first_line_of_an_order_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    lines = ["Order ID,Customer ID,Order Date,State,Order Total,Product,Quantity,Unit Price"]
    for n in range(60):
        status = "cancelled" if n % 6 == 0 else "paid"
        lines += [
            f"{1000 + n},c{n % 9},2025-{1 + n % 9:02d}-{1 + n % 28:02d},{status},16.00,tea,2,4.00",
            f"{1000 + n},,,,,mug,1,8.00",
        ]
    Path("orders.csv").write_text("\n".join(lines) + "\n")

    assert run(["init", "orders.csv", "--yes", "--out", "one.toml"]) == 0
    assert run(["init", keyless(lines), "--yes", "--out", "other.toml"]) == 0

    for path, columns in (("one.toml", []), ("other.toml", ["Order ID"])):
        text = Path(path).read_text()
        assert "the first line has them in 60 of 60 orders with several lines" in text.replace("\n# ", " ")
        source = read_source(path)
        assert source.fill_within == FillWithin("Order ID", (*columns, "Customer ID", "Order Date", "State"))
        assert not read_config(Path(path), {}).attributes
        tables = open_tables(config(tables={"purchases": source}))
        rows = tables["purchases"].to_pyarrow().to_pylist()
        assert (len(rows), sum(row["amount"] for row in rows)) == (100, 50 * 16.0)
        assert all(row["customer_id"] and row["event_time"] for row in rows)


def keyless(lines: list[str]) -> str:
    """The same export, whose later lines have no number of the order either."""
    rows = [f",{line.partition(',')[2]}" if ",,,," in line else line for line in lines]
    Path("bare.csv").write_text("\n".join(rows) + "\n")
    return "bare.csv"


def read_source(path: str) -> TableSource:
    return read_config(Path(path), {}).tables["purchases"]
