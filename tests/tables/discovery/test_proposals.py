"""Exports whose ids and amounts have names that do not tell: what `kizuna init` takes them for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_the_offset_of_times_of_day_is_the_zone_of_the_business(tmp_path: Path):
    lines = ["customer_id,order_date,order_time,amount"]
    lines += [
        f"c{n % 9},{day(n)},{n % 24:02}:15{'+02:00' if 88 < n % 365 < 299 else '+01:00'},5.50" for n in range(400)
    ]

    proposal = proposal_of(tmp_path, {"orders.csv": lines})

    zone = next(one for one in proposal.head if one.key == "time_zone")
    assert (zone.value, zone.evidence) == (
        "Europe/Berlin",
        "the times have the offsets +01:00 and +02:00, as Europe/Berlin has then",
    )


def test_a_pattern_of_days_gets_the_offset_of_their_times(tmp_path: Path):
    lines = ["customer_id,order_date,order_time,amount"]
    days = [START + timedelta(days=n) for n in range(90)]
    lines += [f"c{n % 9},{one:%d %b %Y},{n % 24:02}:15 +09:00,5.50" for n, one in enumerate(days)]

    (orders,) = proposal_of(tmp_path, {"orders.csv": lines}).tables

    assert {one.key: one.value for one in orders.settings}["date_format"] == "%d %b %Y %H:%M %z"


@pytest.mark.parametrize(("is_marked", "zone"), [(True, "UTC"), (False, None)])
def test_times_of_day_that_parquet_says_to_be_in_utc_are_taken_as_local(
    tmp_path: Path, is_marked: bool, zone: str | None
):
    n_rows = 90
    columns = {"customer_id": [f"c{n % 9}" for n in range(n_rows)], "amount": [5.5] * n_rows}
    times = {
        "date": [START + timedelta(days=n) for n in range(n_rows)],
        "time": [time(n % 24, 15) for n in range(n_rows)],
    }
    pq.write_table(pa.table({**columns, **times}), tmp_path / "o.parquet", write_time_adjusted_to_utc=is_marked)

    (table,) = proposal_of(tmp_path, {}).tables

    settings = {one.key: one.value for one in table.settings}
    assert (settings.get("time_zone"), table.columns[0].value) == (zone, {"column": "date", "time_of_day": "time"})


def ledger(debits: Sequence[str], credited: Sequence[str], names: str = "Soll;Haben") -> list[str]:
    lines = [f"Kundennummer;Buchungsdatum;Belegnummer;{names}"]
    return lines + [
        f"K{n % 20};{day(n)};B{n};{debits[n % len(debits)]};{credited[n % len(credited)]}" for n in range(120)
    ]


@pytest.mark.parametrize(
    ("debits", "credited", "names", "amount"),
    [
        (["", "", "", "20,00"], ["90,50", "70,00", "80,00", ""], "Soll;Haben", {"column": "Haben", "minus": ["Soll"]}),
        (["90,50", "70,00", ""], ["", "", "20,00"], "借方;貸方", {"column": "借方", "minus": ["貸方"]}),
        (["0,00", "20,00"], ["90,50", "0,00"], "Debit;Credit", {"column": "Credit", "minus": ["Debit"]}),
        (["90,50", ""], ["", "90,50"], "Soll;Haben", "Soll"),
    ],
)
def test_debit_and_credit_are_one_amount_of_the_side_that_was_bought(
    tmp_path: Path, debits: list[str], credited: list[str], names: str, amount: object
):
    (table,) = proposal_of(tmp_path, {"ledger.csv": ledger(debits, credited, names)}).tables

    column = next(one for one in table.columns if one.key == "amount")
    assert (list_tuples(column.value), "adds up to" in column.evidence) == (amount, True)
    where = {one.key: one.value for one in table.settings}.get("where")
    assert where == ({"column": "Soll", "none_of": ("",)} if amount == "Soll" else None)


def list_tuples(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {key: list(one) if isinstance(one, tuple) else one for key, one in value.items()}


def test_two_amounts_in_most_lines_are_no_debit_and_credit(tmp_path: Path):
    (table,) = proposal_of(tmp_path, {"ledger.csv": ledger(["20,00"], ["90,50"])}).tables

    amount = next(one for one in table.columns if one.key == "amount")
    assert amount.value in ("Soll", "Haben")


@pytest.mark.parametrize(
    ("name", "written", "layout"),
    [
        ("duration", ("0:20", "1:05", "2:45"), "h:mm"),
        ("duration", ("5:20", "59:10", "1:02:03"), "m:ss"),
        ("duration", ("5:20", "75:10"), "m:ss"),
        ("session duration (min)", ("5:20", "7:10"), "m:ss"),
        ("利用時間", ("1時間20分", "45分"), "h:mm"),
        ("time spent", ("1h 20m", "PT45M"), "h:mm"),
    ],
)
def test_durations_of_usage_are_read_as_minutes(tmp_path: Path, name: str, written: Sequence[str], layout: str):
    lines = [f"customer_id,event_time,event,{name}"]
    lines += [f"c{n % 20},{day(n)} 10:00,session,{written[n % len(written)]}" for n in range(120)]

    (usage,) = proposal_of(tmp_path, {"events.csv": lines}).tables

    value = next(one for one in usage.columns if one.key == "value")
    assert (value.value, "read as minutes" in value.evidence) == ({"column": name, "duration": layout}, True)


@pytest.mark.parametrize(
    ("written", "lost"),
    [("{:.9E}", ""), ("{:.2E}", "1.74E+09"), ("{}", "")],
)
def test_moments_in_scientific_notation_are_read_where_their_digits_suffice(tmp_path: Path, written: str, lost: str):
    lines = ["customer_id,created_at,amount"]
    lines += [f"c{n % 20},{written.format(1_736_000_123 + 7 * n)},5.50" for n in range(120)]

    (table,) = proposal_of(tmp_path, {"orders.csv": lines}).tables

    date_format = next(one for one in table.settings if one.key == "date_format")
    assert date_format.value == "epoch_seconds"
    assert ("have lost digits" in date_format.evidence, lost in date_format.evidence) == (bool(lost), True)


def test_what_was_paid_is_the_amount_and_no_list_price(tmp_path: Path):
    lines = ["loyalty card,sold on,sold at,ISBN,copies,RRP,paid"]
    lines += [
        f"L{n % 20},{day(n)},{n % 12}.30+01:00,978000{n % 15:07},{1 + n % 2},{n % 9}.99,{n % 7}.75" for n in range(90)
    ]

    (table,) = proposal_of(tmp_path, {"sales.csv": lines}).tables

    columns = {one.key: one.value for one in table.columns}
    assert (columns["amount"], columns["item_id"], columns["quantity"]) == ("paid", "ISBN", "copies")
    assert columns["event_time"] == {"column": "sold on", "time_of_day": "sold at"}


def test_credit_notes_of_an_electronic_invoice_are_returns(tmp_path: Path):
    lines = ["DOCNUM|DOCTYP|DTM137|NAD_BY|PIA_EAN|QTY47|PRI_AAA|MOA203"]
    days = [START + timedelta(days=n) for n in range(90)]
    lines += [
        f"{n:08}|{381 if n % 9 == 0 else 380}|{one:%Y%m%d}|40{n % 12:011}|40{n % 7:011}|6|1.15|6.90"
        for n, one in enumerate(days)
    ]

    (table,) = proposal_of(tmp_path, {"INVOIC.csv": lines}).tables

    assert {one.key: one.value for one in table.columns} == {
        "event_time": "DTM137",
        "amount": "MOA203",
        "customer_id": "NAD_BY",
        "item_id": "PIA_EAN",
        "quantity": "QTY47",
        "order_id": "DOCNUM",
    }
    assert {one.key: one.value for one in table.settings}["returns"] == {"column": "DOCTYP", "equals": "381"}


@pytest.mark.parametrize(("more", "table"), [("", "purchases"), (",plan", "subscriptions")])
def test_an_id_a_moment_and_an_amount_are_orders_unless_a_column_tells_a_subscription(
    tmp_path: Path, more: str, table: str
):
    lines = [f"id,customer_id,created,amount,status{more}"]
    lines += [f"o{n},c{n % 20},{day(n)} 10:00:00,{n % 9}.50,paid{',basic' if more else ''}" for n in range(120)]

    assert list(tables_of(tmp_path, {"export.csv": lines})) == [table]
