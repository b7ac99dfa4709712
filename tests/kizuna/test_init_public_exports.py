"""`kizuna init` on files like public data sets: old ratings, groceries of members, listening logs, sales by state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadInput
from tests.kizuna.exports import discover, init, purchases, write

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.parametrize("first", [datetime(1997, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("factor", [1, 1000])
def test_counts_since_1970_may_have_a_digit_less(first: datetime, factor: int):
    moments = [first + timedelta(days=2 * n) for n in range(300)]
    rows = [f"{n % 20},{n % 31},{n % 5 + 1}.0,{int(time.timestamp()) * factor}" for n, time in enumerate(moments)]

    discover(write("ratings.csv", ["userId,movieId,rating,timestamp", *rows]))

    assert sorted(row["event_time"] for row in purchases()) == [time.replace(tzinfo=None) for time in moments]


def test_numbers_of_nine_digits_are_moments_only_where_their_name_says_so():
    rows = [f"{n},c{n % 9},2026-01-{n % 28 + 1:02d},{n}.5,{700000000 + 86400 * n}" for n in range(90)]

    toml = discover(write("orders.csv", ["order_id,customer_id,ordered_at,amount,barcode", *rows]))

    assert "epoch" not in str(toml["tables"]["purchases"])


def test_groceries_of_members_have_their_description_as_an_id():
    rows = [f"{1000 + n % 40},{n % 28 + 1:02d}-{n % 12 + 1:02d}-2014,milk {n % 17}" for n in range(400)]

    toml = discover(write("Groceries_dataset.csv", ["Member_number,Date,itemDescription", *rows]))

    columns = toml["tables"]["purchases"]["columns"]
    assert (columns["customer_id"], columns["item_id"]) == ("Member_number", "itemDescription")


@pytest.mark.parametrize(
    "cells", ["user_1\t2008-11-04T21:17:38Z\tmbid\tU2\t\tOne", "ada@x.example\tU2\tOne\t\ttea\tcup"]
)
def test_a_file_whose_first_line_has_a_moment_or_a_mail_address_has_no_header(cells: str):
    lines = [cells.replace("1", str(n % 7)) for n in range(1, 60)]

    with pytest.raises(BadInput, match="has no header: its first line is data"):
        discover(write("listens.tsv", lines))


@pytest.mark.parametrize(("other", "is_named"), [("City", False), ("Clerk", True)])
def test_the_state_of_an_address_is_none_of_orders(other: str, is_named: bool, capsys: pytest.CaptureFixture[str]):
    states = ("Kentucky", "Ohio", "Texas")
    rows = [f"{n},c{n % 9},2026-{n % 11 + 1:02d}-{n % 28 + 1:02d},{n}.5,{states[n % 3]},x{n % 4}" for n in range(90)]

    init(write("orders.csv", [f"order_id,customer_id,ordered_at,amount,State,{other}", *rows]), "--yes")

    assert ("rows whose State is" in " ".join("".join(capsys.readouterr()).split())) == is_named


@pytest.mark.parametrize("name", ["dim_customer", "DimCustomer", "T_CUSTOMERS", "stg_customers", "customers_final_v2"])
def test_a_table_has_its_name_among_words_of_warehouses(name: str):
    orders = [f"{n},{n % 30},2026-{n % 11 + 1:02d}-{n % 28 + 1:02d},{n}.5,7" for n in range(120)]
    write("fact_sales.csv", ["OrderKey,CustomerKey,OrderDate,SalesAmount,CurrencyKey", *orders])
    write(f"{name}.csv", ["CustomerKey,Town", *(f"{n},t{n}" for n in range(30))])

    tables = discover("fact_sales.csv", f"{name}.csv")["tables"]

    assert tables["customers"]["path"] == f"{name}.csv"
    assert "currency" not in tables["purchases"]["columns"]


def test_numbers_with_fractions_are_no_ids_although_each_customer_has_an_own_one():
    rows = [f"c{n},{n / 7:.4f},{n + 1000},{'yes' if n % 4 == 0 else 'no'}" for n in range(1, 200)]

    toml = discover(write("members.csv", ["customer_id,balance,badge,churned", *rows]))

    (table,) = toml["cross_section"]["tables"].values()
    assert set(table["columns"].values()) == {"balance"}
