"""Tables that look up columns in a second file: what is joined, what is counted, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pytest

from core.config.loading import read_config
from core.config.lookup import Lookup
from core.config.sources import ColumnSource, TableSource
from core.errors import BadInput, DataError
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import POSTGRES, engine
from tests.features.check.checked import find
from tests.worlds import config, frame

ORDERS = "id,customer,day,price\nA1,ada,2024-03-01,99\n A2 ,bob,2024-03-02,99\nA9,cleo,2024-03-03,99\n"
LINES = "order,sku,quantity,price\nA2,tea,2,4.50\nA1,mug,1,8\nA1,tea,1,5\nA7,tea,1,5\n"
COLUMNS: dict[str, str | ColumnSource] = {
    "customer_id": "customer",
    "event_time": "day",
    "item_id": "sku",
    "amount": ColumnSource(product=("quantity", "price")),
}


def open_lines(folder: Path, *, orders: str = ORDERS, columns: dict[str, Any] = COLUMNS) -> Tables:
    (folder / "orders.csv").write_text(orders)
    (folder / "lines.csv").write_text(LINES)
    lookup = Lookup(path=str(folder / "orders.csv"), on="order", key="id")
    source = TableSource(path=str(folder / "lines.csv"), lookup=lookup, columns=columns)
    return open_tables(config(tables={"purchases": source}))


def lines_of(tables: Tables) -> list[tuple[str, str, float]]:
    rows = tables["purchases"].order_by("customer_id", "item_id").to_pyarrow().to_pylist()
    return [(row["customer_id"], row["item_id"], row["amount"]) for row in rows]


def test_lines_have_the_customer_and_the_day_of_their_order_and_their_own_price(tmp_path: Path):
    tables = open_lines(tmp_path)

    assert lines_of(tables) == [("ada", "mug", 8.0), ("ada", "tea", 5.0), ("bob", "tea", 9.0)]


def test_a_column_of_both_files_is_that_of_the_lines_and_the_other_one_is_called_lookup(tmp_path: Path):
    tables = open_lines(tmp_path, columns=COLUMNS | {"amount": "lookup.price"})

    assert [amount for _, _, amount in lines_of(tables)] == [99.0, 99.0, 99.0]


def test_check_names_lines_without_an_order_and_orders_without_a_line(tmp_path: Path):
    findings = {finding.kind: finding for finding in find(open_lines(tmp_path))}

    unmatched, unused = findings["lookup_unmatched"], findings["lookup_unused"]
    assert (unmatched.count, unmatched.of, unmatched.example) == (1, 4, "A7")
    assert (unused.count, unused.of, unused.example) == (1, 3, "A9")


def test_an_order_that_occurs_twice_is_an_error_with_its_rows(tmp_path: Path):
    message = r"orders.csv: 1 values of id occur more than once, e.g. 'A1' \(rows 1 and 4\); keep one row each"

    with pytest.raises(DataError, match=message):
        open_lines(tmp_path, orders=f"{ORDERS}A1,bob,2024-03-05,1\n")


def test_a_key_that_the_second_file_lacks_is_an_error_that_lists_its_columns(tmp_path: Path):
    with pytest.raises(BadInput, match=r"purchases\.lookup has no column 'id'; there are: customer, day, order_no"):
        open_lines(tmp_path, orders=ORDERS.replace("id,", "order_no,", 1))


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_table_of_the_same_database_is_looked_up_where_it_is(tmp_path: Path, kind: str):
    orders = frame(
        *({"order_id": n, "customer_id": c, "event_time": "2024-03-01"} for n, c in ((1, "ada"), (2, "bob")))
    )
    lines = frame(*({"order_id": n, "item_id": i, "amount": a} for n, i, a in ((1, "tea", 3.0), (2, "mug", 4.0))))
    if kind == "postgres":
        engine("postgres")
    url = POSTGRES if kind == "postgres" else f"duckdb://{tmp_path}/t.duckdb"
    database: Any = ibis.connect(url)
    for name, table in (("lookup_orders", orders), ("lookup_lines", lines)):
        database.create_table(name, table, overwrite=True)
    database.disconnect()
    source = TableSource(database=url, table="lookup_lines", lookup=Lookup(table="lookup_orders", on="order_id"))

    tables = open_tables(config(tables={"purchases": source}))

    assert lines_of(tables) == [("ada", "tea", 3.0), ("bob", "mug", 4.0)]
    assert tables.backend.name == kind
    tables.backend.disconnect()


def test_the_second_file_is_relative_to_the_toml(tmp_path: Path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "lines.csv").write_text(LINES)
    (tmp_path / "kizuna.toml").write_text(
        'name = "w"\ntime_zone = "UTC"\ncurrency = "EUR"\nactive_days = 90\nchurn = { horizon_days = 30 }\n'
        '[tables.purchases]\npath = "lines.csv"\nlookup = { path = "orders.csv", on = "order", key = "id" }\n'
        'columns = { customer_id = "customer", event_time = "day", item_id = "sku", amount = "price" }\n'
    )

    assert len(lines_of(open_tables(read_config(tmp_path / "kizuna.toml", {})))) == 3


def test_a_lookup_is_a_file_or_a_table_of_the_same_database():
    with pytest.raises(ValueError, match="exactly one of path, table"):
        Lookup(on="id")
    with pytest.raises(ValueError, match=r"name a file with lookup\.path"):
        TableSource(path="lines.csv", lookup=Lookup(table="orders", on="id"))
