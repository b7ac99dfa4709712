"""Orders whose customer and day only the first line has: `kizuna check` names columns, row and setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.rows import FillWithin, RowFilter
from core.config.sources import TableSource
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.features.check.checked import find_kind, is_found
from tests.worlds import config, shop

HEADER = "order_id,customer_id,event_time,status,item_id,amount"


def lines_of(sizes: Sequence[int], *, is_blank: bool = True) -> list[str]:
    """Orders with so many lines each; the later ones have no customer, day and status, or repeat them."""
    lines: list[str] = []
    for number, size in enumerate(sizes):
        head = f"o{number},c{number % 5},2026-03-{1 + number % 28:02d},paid"
        bare = f"o{number},,," if is_blank else head
        lines += [f"{head if place == 0 else bare},tea,5" for place in range(size)]
    return lines


def open_orders(folder: Path, lines: Sequence[str], *, header: str = HEADER, **more: Any) -> Tables:
    (folder / "orders.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    source = TableSource(path=str(folder / "orders.csv"), **more)
    return open_tables(config(tables={"purchases": source}))


def test_the_finding_names_columns_rows_an_example_and_the_setting(tmp_path: Path):
    finding = find_kind(open_orders(tmp_path, lines_of([1, 3, 2, 4])), "only_first_lines")

    assert (finding.column, finding.count, finding.of) == ("customer_id", 6, 10)
    assert (finding.example, finding.row) == ("o1", 3)
    assert finding.setting == 'fill_within = { by = "order_id", columns = ["customer_id", "event_time"] }'
    assert dict(finding.values) == {"columns": ("customer_id", "event_time"), "n_orders": 3, "of_orders": 3}


def test_the_setting_that_it_names_ends_the_finding(tmp_path: Path):
    fill = FillWithin(by="order_id", columns=("customer_id", "event_time"))

    tables = open_orders(tmp_path, lines_of([1, 3, 2, 4]), fill_within=fill)

    assert not is_found(tables, "only_first_lines")
    assert tables.load_report("purchases").n_usable == 10


def test_the_status_of_a_filter_is_one_of_the_columns(tmp_path: Path):
    kept = (RowFilter(column="status", any_of=("paid",)),)

    finding = find_kind(open_orders(tmp_path, lines_of([2, 2, 2]), where=kept), "only_first_lines")

    assert finding.setting == 'fill_within = { by = "order_id", columns = ["customer_id", "event_time", "status"] }'


def test_lines_without_the_number_of_their_order_belong_to_the_order_above(tmp_path: Path):
    lines = [line if ",paid," in line else f",{line.partition(',')[2]}" for line in lines_of([2, 3, 2, 2])]

    finding = find_kind(open_orders(tmp_path, lines), "only_first_lines")

    assert (finding.count, finding.row) == (5, 2)
    assert finding.setting == 'fill_within = { by = "order_id", columns = ["order_id", "customer_id", "event_time"] }'


def test_an_order_number_that_no_setting_names_is_found_by_its_name(tmp_path: Path):
    tables = open_orders(tmp_path, lines_of([2, 3, 2, 2]), header=HEADER.replace("order_id", "注文番号"))

    assert (find_kind(tables, "only_first_lines").setting or "").startswith('fill_within = { by = "注文番号"')


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 2)])
def test_orders_of_one_line_and_two_orders_show_nothing(tmp_path: Path, sizes: Sequence[int]):
    assert not is_found(open_orders(tmp_path, lines_of(sizes)), "only_first_lines")


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 4), min_size=3, max_size=8), guests=st.sets(st.integers(0, 7)))
def test_orders_without_a_customer_in_any_line_and_repeated_ones_are_no_finding(sizes: list[int], guests: set[int]):
    orders = [(f"o{number}", size) for number, size in enumerate(sizes) for _ in range(size)]
    customers = [None if int(order[1:]) in guests else f"c{order}" for order, _ in orders]
    purchases = pa.table(
        {
            "order_id": [order for order, _ in orders],
            "customer_id": pa.array(customers, pa.string()),
            "event_time": ["2026-03-01"] * len(orders),
            "amount": [5.0] * len(orders),
        }
    )

    assert not is_found(shop(purchases=purchases), "only_first_lines")


@every_engine
def test_rows_without_an_order_are_counted_alike_on_every_engine(engine_name: str):
    rows = [line.split(",") for line in lines_of([3, 2, 1, 2])]
    columns = {name: [row[place] or None for row in rows] for place, name in enumerate(HEADER.split(","))}
    purchases = pa.table({**columns, "amount": [5.0] * len(rows)})

    finding = find_kind(shop(purchases=purchases, backend=engine(engine_name)), "only_first_lines")

    assert (finding.count, finding.of, finding.example, finding.row) == (4, 8, "o0", None)
