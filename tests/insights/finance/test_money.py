"""Money rounds to the smallest unit and converts at the rates of the file that `[money] rates` names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.config.money import MoneySettings
from core.errors import DataError, SourceUnavailable
from insights.finance.loading import ExcludedRows, load_orders, load_spans
from insights.finance.money import Money
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop


def money_with_rates(path: Path, text: str) -> Money:
    path.write_text(text, encoding="utf-8")
    return Money.of(config(money=MoneySettings(rates=str(path))))


def test_a_rate_is_looked_up_by_month(tmp_path: Path):
    money = money_with_rates(tmp_path / "rates.csv", "month,currency,rate\n2024-01,usd,148.1\n2024-02-01,USD,150\n")

    assert money.rates_in(np.array(["USD", ""]), np.datetime64("2024-02")).tolist() == [150.0, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("month,rate\n", "needs the columns month, currency, rate"),
        (
            "month,currency,rate\n2024-01,USD,x\n",
            "line 2: expected a month such as 2026-04 and a rate, found '2024-01' and 'x'",
        ),
        ("month,currency,rate\n2024-01,USD,-1\n", "line 2: a rate is above 0, found -1"),
    ],
)
def test_an_error_in_the_rates_file_names_the_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(DataError, match=message):
        money_with_rates(tmp_path / "rates.csv", text)


def test_a_missing_rates_file_raises_an_error():
    with pytest.raises(SourceUnavailable, match="no exchange rates at"):
        Money.of(config(money=MoneySettings(rates="nowhere.csv")))


def test_currencies_have_their_own_smallest_unit():
    assert Money("GBP").units(np.array([12.345, 0.1 + 0.2])).tolist() == [1234, 30]
    assert Money("JPY").units(np.array([1234.5, 1235.5])).tolist() == [1234, 1236]


def test_amounts_that_include_tax_are_net_of_it_in_figures_and_features():
    paid = {"subscription_id": "s", "plan": "pro", "mrr": 55.0, "started_at": "2024-01-01"}
    tables = shop(
        "ada 2024-01-02 110", "ada 2024-01-05 -22", "old 2020-01-01 11",
        settings=config(money=MoneySettings(tax_included=True, tax_rate=0.1)),
        subscriptions=frame({"customer_id": "ada", **paid}), items=frame({"item_id": "tea", "price": 33.0}),
    )  # fmt: skip

    features = features_at(tables, "ada")

    assert features.column("net_spend_total")[0] == pytest.approx(80)
    assert features.column("mrr_now")[0] == pytest.approx(50)
    assert load_orders(tables, Money("JPY"), excluded=ExcludedRows()).amounts.tolist() == pytest.approx([100, -20, 10])
    assert load_spans(tables, ExcludedRows()).mrr.tolist() == pytest.approx([50])
    assert tables["items"].to_pyarrow()["price"].to_pylist() == pytest.approx([30])


@every_engine
def test_a_row_with_its_own_tax_rate_is_net_of_that_one(engine_name: str):
    paid = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "mrr": 54.0, "started_at": "2024-01-01"}
    bought = {"customer_id": "ada", "event_time": "2024-01-02"}
    tables = shop(
        settings=config(money=MoneySettings(tax_included=True, tax_rate=0.1)), backend=engine(engine_name),
        subscriptions=frame(paid | {"tax_rate": 8.0}), items=frame({"item_id": "tea", "price": 33.0}),
        purchases=frame(
            bought | {"amount": 108.0, "tax_rate": 0.08}, bought | {"amount": 11.0, "tax_rate": None},
            bought | {"amount": 7.0, "tax_rate": 0.0},
        ),
    )  # fmt: skip

    assert load_orders(tables, Money("JPY"), excluded=ExcludedRows()).amounts.tolist() == pytest.approx([117])
    assert load_spans(tables, ExcludedRows()).mrr.tolist() == pytest.approx([50])
    assert tables["items"].to_pyarrow()["price"].to_pylist() == pytest.approx([30])


def test_a_tax_rate_is_not_read_where_amounts_are_net():
    bought = {"customer_id": "ada", "event_time": "2024-01-02", "amount": 108.0, "tax_rate": "reduced"}

    assert shop(purchases=frame(bought))["purchases"].to_pyarrow()["amount"].to_pylist() == [108.0]
