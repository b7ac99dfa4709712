"""Exports whose ids and amounts have names that do not tell: what `kizuna init` takes them for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from tables.discovery.discover import propose
from tables.discovery.inputs import find_inputs
from tables.discovery.proposal import Proposal

TODAY = date(2026, 12, 1)
START = date(2025, 1, 1)


def proposal_of(folder: Path, files: Mapping[str, Sequence[str]]) -> Proposal:
    """What is proposed with the default answer to every question."""
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    inputs = find_inputs([str(folder)])
    return propose([str(folder)], inputs, ask=lambda question: question.default, today=TODAY, local_zone=None)


def tables_of(folder: Path, files: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """The columns of each proposed table."""
    proposal = proposal_of(folder, files)
    return {table.name: {one.key: one.value for one in table.columns} for table in proposal.tables}


def day(n: int) -> str:
    return (START + timedelta(days=n)).isoformat()


def test_the_key_that_files_share_is_the_customer_although_its_name_tells_nobody(tmp_path: Path):
    tables = tables_of(
        tmp_path,
        {
            "people.csv": ["xref,city", *(f"q{n}z,town {n % 3}" for n in range(30))],
            "payments.csv": ["xref,payment date,amount", *(f"q{n % 30}z,{day(n)},{n % 9}.50" for n in range(120))],
        },
    )

    assert tables["customers"]["customer_id"] == "xref"
    assert tables["purchases"] == {"event_time": "payment date", "amount": "amount", "customer_id": "xref"}


def test_people_with_a_new_id_for_each_order_are_found_by_the_id_of_the_person(tmp_path: Path):
    orders = range(90)
    tables = tables_of(
        tmp_path,
        {
            "customers.csv": ["customer_id,customer_unique_id,city", *(f"o{n},p{n % 20},town {n % 3}" for n in orders)],
            "orders.csv": ["order_id,customer_id,order_date,amount", *(f"{n},o{n},{day(n)},5.50" for n in orders)],
        },
    )

    assert tables["identities"] == {"alias_id": "customer_id", "customer_id": "customer_unique_id"}
    assert tables["purchases"]["customer_id"] == "customer_id"


def test_the_day_that_something_is_to_happen_by_is_no_order_date(tmp_path: Path):
    lines = ["buyer,shipping limit,handed over,amount"]
    lines += [f"b{n % 20},{day(n + 400)} 10:{n % 60:02}:00,{day(n)},5.50" for n in range(90)]

    assert tables_of(tmp_path, {"orders.csv": lines})["purchases"]["event_time"] == "handed over"


@pytest.mark.parametrize(
    ("prices", "amount"), [((7, 14), "sales price"), ((7, 7), {"product": ("amount", "sales price")})]
)
def test_whole_amounts_beside_a_price_are_pieces_and_prices_that_grow_with_them_those_of_the_line(
    tmp_path: Path, prices: tuple[int, int], amount: object
):
    lines = ["customer_id,order_date,item_id,amount,sales price"]
    lines += [
        f"c{n % 20},{day(n % 300)},i{n % 15},{pieces},{prices[pieces - 1] * (1 + n % 15)}"
        for n in range(300)
        for pieces in ((1, 2) if n % 2 else (1,))
    ]

    purchases = tables_of(tmp_path, {"orders.csv": lines})["purchases"]

    assert (purchases["amount"], purchases["quantity"]) == (amount, "amount")


def test_purchases_among_the_events_of_a_log_are_a_table_of_their_own(tmp_path: Path):
    kinds = ("view", "view", "add to cart", "purchase")
    lines = ["visitor id,event,itemid,price,event time"]
    lines += [f"v{n % 20},{kinds[n % 4]},i{n % 7},{n % 9}.50,{day(n)} 10:00:00" for n in range(120)]

    tables = tables_of(tmp_path, {"log.csv": lines})

    assert tables["usage"]["event"] == "event"
    assert tables["purchases"] == {
        "event_time": "event time",
        "amount": "price",
        "customer_id": "visitor id",
        "item_id": "itemid",
    }


def test_ratings_of_items_are_for_recommendations_and_no_survey_or_amount(tmp_path: Path):
    lines = ["userId,movieId,rating,timestamp"]
    lines += [f"{n % 20},{n % 13},{(1 + n % 10) / 2},{1_700_000_000 + 86_400 * n}" for n in range(200)]

    purchases = tables_of(tmp_path, {"ratings.csv": lines})["purchases"]

    assert set(purchases) == {"event_time", "customer_id", "item_id"}


def test_a_unique_column_is_the_key_of_a_cross_section_although_its_name_tells_nobody(tmp_path: Path):
    lines = ["refno,spend,Attrition", *(f"z{n},{n % 7},{'Yes' if n % 4 == 0 else 'No'}" for n in range(80))]

    assert tables_of(tmp_path, {"bank.csv": lines}) == {"bank": {"spend": "spend"}}


def test_a_label_without_ids_is_refused_with_what_is_missing(tmp_path: Path):
    lines = ["plan,calls,Churn", *(f"p{n % 3},{n % 5},{n % 4 == 0}" for n in range(80))]

    with pytest.raises(BadInput, match=r"bank\.csv, Churn says who churned, but no column has a value of its own"):
        tables_of(tmp_path, {"bank.csv": lines})


def test_orders_and_lines_meet_by_a_key_of_any_name_that_both_have(tmp_path: Path):
    orders = ["Belegref,CustomerID,OrderDate", *(f"{n},c{n % 9},{day(n)}" for n in range(90))]
    lines = ["Belegref,ProductID,OrderQty,UnitPrice", *(f"{n // 2},p{n % 5},2,{1 + n % 7}.50" for n in range(180))]

    purchases = tables_of(tmp_path, {"orders.csv": orders, "lines.csv": lines})["purchases"]

    assert (purchases["customer_id"], purchases["item_id"]) == ("CustomerID", "ProductID")
    assert purchases["amount"] == {"product": ("OrderQty", "UnitPrice")}


def test_a_sign_of_several_currencies_is_one_of_them_and_says_so(tmp_path: Path):
    lines = ["customer_id,order_date,amount", *(f"c{n % 9},{day(n)},{n % 7}99.50 kr" for n in range(60))]

    currency = next(one for one in proposal_of(tmp_path, {"orders.csv": lines}).head if one.key == "currency")

    assert (currency.value, currency.evidence) == ("SEK", "assumed: kr may be SEK, NOK, DKK, ISK")
