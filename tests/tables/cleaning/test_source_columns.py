"""Rows that a filter keeps, nested columns, and numbers in other units."""

from __future__ import annotations

from datetime import datetime

import ibis
import msgspec
import pyarrow as pa
import pytest

from core.config.rows import RowFilter
from core.config.sources import ColumnSource, TableSource
from core.errors import DataError
from tables.cleaning.conform import EXCLUDED_BECAUSE, conform
from tables.contract import CONTRACT
from tables.engines.databases import connect_in_memory
from tests.engines import engine, every_engine
from tests.worlds import config


def read_rows(frame: pa.Table, table: str, **settings) -> list[dict]:
    source = msgspec.convert({"path": "file.csv", **settings}, TableSource)
    raw = connect_in_memory().create_table("raw", frame)
    return conform(raw, CONTRACT[table], config=config(), source=source).rows.to_pyarrow().to_pylist()


def orders(**columns: list) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"event_time": ["2026-01-01"] * n, **columns})


def test_a_filter_drops_the_rows_that_it_names_whatever_their_case():
    frame = orders(amount=["1", "2", "3", "4"], status=["Paid", " CANCELLED ", "cancelled", None])
    where = [{"column": "status", "none_of": ["cancelled"]}]

    assert [row["amount"] for row in read_rows(frame, "purchases", where=where)] == [1.0, 4.0]


def test_a_filter_keeps_only_the_rows_that_it_names():
    frame = orders(amount=["1", "2", "3"], status=["paid", "open", None])

    assert [
        row["amount"] for row in read_rows(frame, "purchases", where=[{"column": "status", "any_of": ["PAID"]}])
    ] == [1]


def test_a_filter_names_what_it_keeps_or_what_it_drops():
    with pytest.raises(ValueError, match="exactly one of any_of, none_of"):
        RowFilter(column="status", any_of=("a",), none_of=("b",))


def test_cents_are_hundredths_but_yen_are_yen():
    frame = orders(total=["1250", "1250", "1250", "1250"], currency=["usd", "JPY", "kwd", None])
    columns = {"amount": {"column": "total", "scale": "minor_unit"}}

    amounts = [row["amount"] for row in read_rows(frame, "purchases", columns=columns)]

    assert amounts == pytest.approx([12.5, 1250, 1.25, 1250])  # the base currency is the yen


@every_engine
def test_ids_of_digits_are_filled_with_zeros_and_others_stay(engine_name: str):
    frame = orders(amount=["1"] * 4, who=["7", "12345", "1234567", "c7"])
    source = TableSource(path="f.csv", columns={"customer_id": ColumnSource(column="who", id_width=5)})
    raw = engine(engine_name).create_table(ibis.util.gen_name("raw"), frame, temp=True)

    rows = conform(raw, CONTRACT["purchases"], config=config(), source=source).rows.to_pyarrow().to_pylist()

    assert sorted(row["customer_id"] for row in rows) == ["00007", "12345", "1234567", "c7"]


def test_a_scale_multiplies_a_number():
    columns = {"amount": {"column": "total", "scale": 1000}}

    assert read_rows(orders(total=["1.5"]), "purchases", columns=columns)[0]["amount"] == 1500


@pytest.mark.parametrize(
    ("interval", "mrr"),
    [("month", 120), ("Yearly", 10), ("year", 10), ("3 months", 40), ("every 6 months", 20), ("12", 10),
     ("quarter", 40), ("年額", 10), ("week", 520), ("day", 3650)],
)  # fmt: skip
def test_an_amount_of_an_interval_is_divided_by_its_months(interval: str, mrr: float):
    frame = pa.table({
        "customer_id": ["c"], "subscription_id": ["s"], "plan": ["p"], "started_at": ["2026-01-01"],
        "price": ["120"], "every": [interval],
    })  # fmt: skip
    columns = {"mrr": {"column": "price", "interval": "every"}}

    assert read_rows(frame, "subscriptions", columns=columns)[0]["mrr"] == pytest.approx(mrr)


def test_an_unknown_interval_excludes_its_row():
    frame = pa.table({
        "customer_id": ["c"], "subscription_id": ["s"], "plan": ["p"], "started_at": ["2026-01-01"],
        "price": ["120"], "every": ["sometimes"],
    })  # fmt: skip
    columns = {"mrr": {"column": "price", "interval": "every"}}

    assert read_rows(frame, "subscriptions", columns=columns)[0]["excluded_because"].startswith("mrr: ")


def test_a_field_of_a_nested_column_is_named_with_a_dot():
    frame = orders(ecommerce=[{"purchase": {"revenue": 5.0}}, {"purchase": {"revenue": 7.5}}])

    rows = read_rows(frame, "purchases", columns={"amount": "ecommerce.purchase.revenue"})

    assert [row["amount"] for row in rows] == [5.0, 7.5]
    with pytest.raises(DataError, match=r"no column 'ecommerce.tax'"):
        read_rows(frame, "purchases", columns={"amount": "ecommerce.tax"})


def test_a_column_with_a_dot_in_its_name_is_no_field():
    assert ColumnSource(column="a.b").column == "a.b"
    assert read_rows(orders(**{"a.b": ["3"]}), "purchases", columns={"amount": "a.b"})[0]["amount"] == 3


@every_engine
def test_the_opposite_of_a_yes_or_no_is_read(engine_name: str):
    backend, name = engine(engine_name), ibis.util.gen_name("raw")
    raw = pa.table({"who": ["ada", "bo", "cy"], "unsubscribed": ["yes", "no", "tak"]})
    backend.create_table(name, raw, temp=True)
    columns = {
        "customer_id": "who",
        "purpose": {"constant": "contact"},
        "granted": {"column": "unsubscribed", "negated": True},
        "event_time": {"constant": "1970-01-01"},
    }
    source = msgspec.convert({"path": "t.csv", "columns": columns}, TableSource)
    rows = conform(backend.table(name), CONTRACT["consents"], config=config(), source=source).rows.order_by(
        "customer_id"
    )

    assert rows.granted.to_pyarrow().to_pylist() == [False, True, False]
    assert rows[EXCLUDED_BECAUSE].to_pyarrow().to_pylist() == [None] * 3
    assert rows.event_time.to_pyarrow().to_pylist() == [datetime(1970, 1, 1)] * 3
