"""`kizuna init` on invoices of which some were paid back: revenue is what stayed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from core.errors import BadInput
from kizuna.main import run
from tables.discovery.discover import propose
from tables.discovery.inputs import find_inputs
from tests.kizuna.exports import TODAY, discover, init, purchases, write

pytestmark = pytest.mark.usefixtures("folder")


REFUNDS = {1: "29.00", 2: "4.50"}


def day(n: int) -> str:
    return f"2025-{1 + n % 12:02d}-01"


def revenue_of_report() -> float:
    """Revenue by month, added up."""
    assert (
        run(["report", "--config", "kizuna.toml", "--out", "r.json", "--format", "json", "--cutoff", "2026-01-01"]) == 0
    )
    figures = json.loads(Path("r.json").read_text())["figures"]
    months = [f for f in figures if f["name"] == "revenue" and f["by"] == "all" and len(f["period"]) == 7]
    return sum(f["value"] for f in months)


def test_the_report_of_stripe_invoices_is_net_of_refunds():
    lines = ["id,Number,Customer,Currency,Date (UTC),Amount Due,Amount Paid,Amount Refunded,Status"]
    lines += [
        f"in_{n},N-{n},cus_{n % 11},usd,{day(n)} 10:00,29.00,29.00,{REFUNDS.get(n % 10, '')},paid" for n in range(240)
    ]

    discover(write("invoices.csv", lines))

    frame = pd.read_csv("invoices.csv")
    assert revenue_of_report() == pytest.approx((frame["Amount Paid"] - frame["Amount Refunded"].fillna(0)).sum())


def test_a_refunded_column_of_any_invoices_is_taken_off_and_says_so():
    lines = ["invoice_id;customer;date;amount;refunded_amount;status"]
    lines += [
        f"I{n};c{n % 9};{day(n)};1.029,50;{'-29,50' if n % 7 == 1 else '0,00'};{'refunded' if n % 7 == 1 else 'paid'}"
        for n in range(240)
    ]

    toml = discover(write("invoices.csv", lines))

    assert toml["tables"]["purchases"]["columns"]["amount"] == {"column": "amount", "minus": ["refunded_amount"]}
    assert "less refunded_amount, which was paid back" in Path("kizuna.toml").read_text()
    assert sum(row["amount"] for row in purchases()) == 240 * 1029.5 - 29.5 * len(range(1, 240, 7))


def test_refunds_with_a_negative_amount_are_kept_whatever_their_status():
    lines = ["invoice_id,customer,date,amount,status"]
    lines += [f"I{n},c{n % 9},{day(n)},29.50,paid" for n in range(240)]
    lines += [f"R{n},c{n % 9},{day(n)},-29.50,refunded" for n in range(40)]

    discover(write("invoices.csv", lines))

    assert sum(row["amount"] for row in purchases()) == 200 * 29.5


def test_a_flag_that_says_refunded_is_not_taken_off():
    lines = ["invoice_id,customer,date,amount,refunded"]
    lines += [f"I{n},c{n % 9},{day(n)},29.50,{int(n % 9 == 0)}" for n in range(240)]

    discover(write("invoices.csv", lines))

    assert sum(row["amount"] for row in purchases()) == 240 * 29.5


@pytest.mark.parametrize("sign", ["", "-"])
def test_lines_with_a_negative_quantity_are_returns_whatever_the_sign_of_their_amount(sign: str):
    lines = ["order_id,customer_id,order_date,product_id,quantity,amount"]
    lines += [
        f"o{n},c{n % 9},{day(n)},p{n % 5},{-2 if n % 8 == 0 else 2},{sign if n % 8 == 0 else ''}{10 + n % 7}.50"
        for n in range(240)
    ]

    toml = discover(write("orders.csv", lines))

    frame = pd.read_csv("orders.csv")
    assert sum(row["amount"] for row in purchases()) == (frame.amount.abs() * frame.quantity / 2).sum()
    assert ("returns" in toml["tables"]["purchases"]) == (sign == "")


@pytest.mark.parametrize(
    ("name", "discount"), [("Discount", "0,50"), ("Rabatt %", "10"), ("割引額", "0.05"), ("Discount", "0")]
)
def test_discounts_beside_quantity_and_price_are_not_taken_off_and_init_says_so(
    name: str, discount: str, capsys: pytest.CaptureFixture[str]
):
    lines = [f"order_id;customer;date;sku;quantity;unit_price;{name}"]
    lines += [f"O{n};c{n % 9};{day(n)};s{n % 5};{1 + n % 3};4,50;{discount}" for n in range(240)]

    toml = init(write("orders.csv", lines), "--yes", exit_codes=(0, 1))

    assert toml["tables"]["purchases"]["columns"]["amount"]["product"] == ["quantity", "unit_price"]
    printed = " ".join("".join(capsys.readouterr()).split())
    assert (f"{name} is not taken off the amounts, which are quantity times unit_price" in printed) == (discount != "0")


def test_money_off_a_line_is_taken_off_quantity_times_price():
    lines = ["order_id;customer;date;sku;quantity;unit_price;discount"]
    lines += [f"O{n};c{n % 9};{day(n)};s{n % 5};2;4,50;{'0,50' if n % 4 else '0'}" for n in range(240)]
    discover(write("orders.csv", lines))
    toml = Path("kizuna.toml").read_text()

    Path("kizuna.toml").write_text(
        toml.replace(
            'product = ["quantity", "unit_price"]', 'product = ["quantity", "unit_price"], minus = ["discount"]'
        )
    )

    assert sum(row["amount"] for row in purchases()) == 240 * 9 - 180 * 0.5


def notes_of(name: str) -> str:
    """What `kizuna init` says beside the TOML."""
    proposal = propose([name], find_inputs([name]), ask=lambda question: question.default, today=TODAY, local_zone=None)
    return "\n".join(proposal.notes)


@pytest.mark.parametrize(("refunded", "is_noted"), [("5.00", True), ("0.00", False)])
def test_a_refund_of_the_order_that_its_lines_repeat_is_noted_where_there_is_one(refunded: str, is_noted: bool):
    lines = ["order_id,customer,date,item,quantity,price,refunded_amount"]
    lines += [
        f"O{n},c{n % 9},{day(n)},i{line},1,9.50,{refunded if n % 5 == 0 else '0.00'}"
        for n in range(120)
        for line in range(2)
    ]

    notes = notes_of(write("orders.csv", lines))

    assert ("refunded_amount is not taken off the amounts" in notes) == is_noted
    assert ('minus = ["refunded_amount"]' in notes) == is_noted


def test_amounts_with_their_side_of_the_account_are_named():
    lines = ["customer,date,amount"]
    lines += [f"c{n % 9},{day(n)},{n}.50 {'CR' if n % 9 == 0 else 'DR'}" for n in range(120)]

    with pytest.raises(
        BadInput, match=r"amount: amounts such as '\S+ DR' name their side of the account \(CR and DR\)"
    ):
        discover(write("ledger.csv", lines))
