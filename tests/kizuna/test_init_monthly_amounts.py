"""A row for each account and month: `kizuna init` tells prices of subscriptions from what was bought, or asks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from kizuna.commands import init as init_command
from kizuna.main import run
from tables.discovery.proposal import Question
from tests.kizuna.exports import discover, init, purchases, rows_of, write

pytestmark = pytest.mark.usefixtures("folder")

MONTHS = [*pd.period_range("2024-01", "2025-06", freq="M")]
Row = tuple[str, pd.Period, float]


def prices() -> Iterator[Row]:
    """Accounts that start and stop once, and seldom change their price."""
    draw = random.Random(2)
    for account in range(30):
        first, last = draw.randint(0, 8), draw.choice([18, 18, draw.randint(12, 18)])
        price = draw.choice([50.0, 100.0])
        for month in MONTHS[first:last]:
            price = draw.choice([50.0, 100.0]) if draw.random() < 0.05 else price
            yield f"A{account:02d}", month, price


def sums() -> list[Row]:
    """As `prices`, but with another amount in every month."""
    draw = random.Random(3)
    return [(account, month, round(price * draw.uniform(0.5, 1.5), 2)) for account, month, price in prices()]


def visits() -> list[Row]:
    """Customers who buy in one month of five."""
    draw = random.Random(4)
    return [
        (f"A{one:02d}", month, round(draw.uniform(5, 90), 2))
        for one in range(60)
        for month in MONTHS
        if draw.random() < 0.2
    ]


def export(header: str, rows: list[Row], *, written: str = "%Y-%m", name: str = "export.csv") -> str:
    return write(name, [header, *(f"{who},{month.strftime(written)},{amount}" for who, month, amount in rows)])


def evidence() -> str:
    return " ".join(Path("kizuna.toml").read_text(encoding="utf-8").replace("#", " ").split())


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("account,month,amount", "%Y-%m"),
        ("取引先,年月,金額", "%Y/%m"),
        ("得意先名,対象月,売上金額", "%Y年%m月"),
        ("customer_id,billing_month,revenue", "%Y-%m-01"),
        ("Client,Mois,Montant", "%m/%Y"),
        ("Account Name,Month,Total", "%b %Y"),
        ("account_id,period,amount", "%b-%y"),
        ("account_id,period,amount", "%Y%m"),
    ],
)
def test_amounts_that_stay_from_month_to_month_are_prices_of_subscriptions(header: str, written: str):
    toml = discover(export(header, [*prices()], written=written))

    who, month, amount = header.split(",")
    columns, table = toml["tables"]["subscriptions"]["columns"], toml["tables"]["subscriptions"]
    assert (list(toml["tables"]), table["monthly_snapshots"]) == (["subscriptions"], True)
    started = columns["started_at"]
    assert (columns["customer_id"], started if isinstance(started, str) else started["column"]) == (who, month)
    assert columns["mrr"] == amount
    assert "100% of the months from the first to the last" in evidence()
    read = rows_of("subscriptions")
    expected = pd.DataFrame([*prices()], columns=["who", "month", "price"])
    running = expected[expected.month == MONTHS[-1]].price.sum()
    assert sum(row["mrr"] for row in read if row["ended_at"] is None) == running


def test_amounts_of_few_months_are_purchases_of_their_first_days():
    toml = discover(export("customer,month,amount", visits(), written="%b %Y"))

    assert list(toml["tables"]) == ["purchases"]
    assert toml["tables"]["purchases"]["date_format"] == "%b %Y"
    expected = [(who, month.start_time.to_pydatetime(), amount) for who, month, amount in visits()]
    assert sorted((row["customer_id"], row["event_time"], row["amount"]) for row in purchases()) == sorted(expected)


def test_other_amounts_in_every_month_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    questions = list[Question]()

    def answer(question: Question) -> str:
        questions.append(question)
        return "purchases" if "purchases" in question.options else question.default

    monkeypatch.setattr(init_command, "answer_with", lambda yes: answer)
    toml = init(export("account,month,revenue", sums()))

    assert list(toml["tables"]) == ["purchases"]
    question = next(one for one in questions if "purchases" in one.options)
    assert question.text == (
        "export.csv has a row for each account and month: is revenue the price of a subscription in that month "
        "(subscriptions), or what was bought in it (purchases)?"
    )
    assert (question.default, "and 0% of the amounts are those of the month before" in question.why) == (
        "subscriptions", True
    )  # fmt: skip


def test_the_default_of_other_amounts_in_every_month_is_stated():
    toml = discover(export("account,month,revenue", sums()))

    assert toml["tables"]["subscriptions"]["monthly_snapshots"] is True
    assert "purchases of the month are the other reading" in evidence()


@pytest.mark.parametrize("name", ["sales.csv", "注文履歴.csv"])
def test_a_file_with_the_name_of_purchases_is_rather_one(name: str):
    toml = discover(export("account,month,amount", [*prices()], name=name))

    assert list(toml["tables"]) == ["purchases"]
    assert "monthly_snapshots of subscriptions are the other reading" in evidence()


def test_sums_by_month_beside_the_orders_are_no_table_of_their_own():
    Path("exports").mkdir()
    export("account,month,revenue", sums(), name="exports/revenue_by_month.csv")
    orders = [f"A{n % 30:02d},2025-{1 + n % 6:02d}-{1 + n % 28:02d} 10:00,{5 + n % 7}" for n in range(400)]
    write("exports/orders.csv", ["account,order_date,amount", *orders])

    toml = discover("exports")

    assert toml["tables"]["purchases"]["path"] == "exports/orders.csv"
    assert "subscriptions" not in toml["tables"]


def test_no_one_to_ask_is_an_error_with_the_default():
    export("account,month,revenue", sums())

    assert run(["init", "export.csv"]) == 2
    assert not Path("kizuna.toml").exists()
