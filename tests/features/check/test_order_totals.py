"""Totals of orders in each of their lines: `kizuna check` names the setting, and with it they count once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pyarrow as pa
import pytest

from core.config.sources import ColumnSource, TableSource
from tables.cleaning.conform import conform
from tables.table_names import contract_of
from tests.engines import engine, every_engine
from tests.features.check.checked import find_kind, is_found
from tests.worlds import config, shop

Amount = Callable[[int], float]


def lines(amount: Amount, *, n_orders: int = 12) -> pa.Table:
    """Orders of two items, each line with the amount that its order number gives."""
    rows = [
        {
            "customer_id": f"c{n % 5}", "event_time": datetime(2024, 3, 1 + n), "order_id": f"o{n}",
            "item_id": f"item{n + line}", "quantity": 1.0, "amount": amount(n),
        }
        for n in range(n_orders)
        for line in range(2)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def own_total(order: int) -> float:
    return 10.0 + order


@every_engine
def test_lines_that_repeat_a_total_of_their_own_order_are_named_with_the_setting(engine_name: str):
    finding = find_kind(shop(purchases=lines(own_total), backend=engine(engine_name)), "repeated_order_totals")

    assert (finding.column, finding.count, finding.of) == ("amount", 12, 12)
    assert finding.setting == 'amount = { column = "amount", shared_within = "order_id" }'


@pytest.mark.parametrize("world", [lines(lambda _: 9.9), lines(own_total, n_orders=9)])
def test_one_price_for_everything_and_a_few_orders_show_nothing(world: pa.Table):
    assert not is_found(shop(purchases=world), "repeated_order_totals")


@every_engine
def test_a_shared_total_counts_once_and_a_line_without_an_order_keeps_its_amount(engine_name: str):
    rows = pa.table({
        "customer_id": ["ada", "ada", "bo", "cy"], "event_time": ["2024-03-01"] * 4, "total": ["30", "30", "8", "5"],
        "order": ["A1", "A1", "A2", None],
    })  # fmt: skip
    raw = engine(engine_name).create_table("lines_with_totals", rows, temp=True)
    source = TableSource(path="unused", columns={"amount": ColumnSource(column="total", shared_within="order")})

    shared = conform(raw, contract_of("purchases"), config=config(), source=source).rows

    amounts = shared.select("customer_id", "amount").to_pyarrow().to_pylist()
    assert sorted((row["customer_id"], row["amount"]) for row in amounts) == [
        ("ada", 15), ("ada", 15), ("bo", 8), ("cy", 5)
    ]  # fmt: skip


def test_dropping_repeated_lines_beside_shared_totals_is_refused_with_the_reason():
    source = TableSource(path="x.csv", columns={"amount": ColumnSource(column="total", shared_within="order")})

    with pytest.raises(ValueError, match='duplicate_rows = "drop" would drop parts of the totals'):
        config(tables={"purchases": source}, duplicate_rows="drop")
