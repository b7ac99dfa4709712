"""`kizuna init` on order lines that repeat the total of their order: it counts once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kizuna.main import run
from tests.kizuna.exports import discover, purchases, write

pytestmark = pytest.mark.usefixtures("folder")

N_ORDERS = 60


def n_lines(order: int) -> int:
    return 1 + order % 3


def total(order: int) -> float:
    return 20.5 + 7 * order


def export(amount: Callable[[int], float]) -> str:
    """Orders of one to three items, each line with the amount that its order number gives."""
    lines = ["Order,Customer,Date,Item,Qty,Order Total"]
    lines += [
        f"{5000 + n},c{n % 9},2025-{1 + n % 12:02d}-{1 + n % 28:02d},tea{n + line},{1 + line},{amount(n):.2f}"
        for n in range(N_ORDERS)
        for line in range(n_lines(n))
    ]
    return write("orders.csv", lines)


def test_a_total_that_each_line_of_an_order_repeats_counts_once_and_says_so():
    toml = discover(export(total))

    rows = purchases()
    assert toml["tables"]["purchases"]["columns"]["amount"] == {"column": "Order Total", "shared_within": "Order"}
    assert "40 of 40 orders of several items" in " ".join(Path("kizuna.toml").read_text().split())
    assert len(rows) == sum(map(n_lines, range(N_ORDERS)))
    assert sum(row["amount"] for row in rows) == pytest.approx(sum(map(total, range(N_ORDERS))))


def test_lines_of_a_shop_where_everything_costs_the_same_are_no_totals():
    toml = discover(export(lambda n: 9.9))

    assert toml["tables"]["purchases"]["columns"]["amount"] == "Order Total"


def test_what_shares_a_total_has_to_be_a_column_of_the_source(capsys: pytest.CaptureFixture[str]):
    discover(export(total))
    path = Path("kizuna.toml")
    path.write_text(path.read_text().replace('shared_within = "Order"', 'shared_within = "Ordre"'))
    capsys.readouterr()

    assert run(["check", "--config", "kizuna.toml"]) == 2
    assert "has no column 'Ordre'; did you mean 'Order'?" in capsys.readouterr().err
