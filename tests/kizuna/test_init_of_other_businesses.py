"""`kizuna init` where customers are members or donors, and currencies are named in few places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.config.loading import read_config
from tables.discovery.business import currency_in_name
from tables.discovery.languages import language_of
from tables.engines.databases import connect_in_memory, store_frame
from tables.personal_columns import find_personal_columns
from tables.sources.opening import open_tables
from tests.kizuna.exports import discover, write

pytestmark = pytest.mark.usefixtures("folder")

DAYS = range(60)
GIFTS = ["Donor ID,Gift Date,Gift Amount (£),Fund"] + [
    f"D{n % 7},{1 + n % 28:02d}/{1 + n % 12:02d}/2024,{10 + n},Water" for n in DAYS
]
MEMBERSHIPS = ["Member ID,Membership,Start Date,End Date,Monthly Fee"] + [
    f"M{n},Standard,2023-{1 + n % 12:02d}-01,{f'2024-{1 + n % 6:02d}-01' if n % 2 else ''},$29.90" for n in DAYS
]
CHECK_INS = ["Member ID,Check-in,Club"] + [f"M{n % 60},2024-{1 + n % 6:02d}-{1 + n % 28:02d} 18:00,North" for n in DAYS]


def init(files: dict[str, list[str]]) -> dict[str, Any]:
    return discover(*(write(name, lines) for name, lines in files.items()))


def test_gifts_of_donors_are_purchases_in_the_currency_that_the_column_names():
    toml = init({"gifts.csv": GIFTS})

    assert toml["currency"] == "GBP"
    rows = open_tables(read_config(Path("kizuna.toml"), {}))["purchases"].to_pyarrow().to_pylist()
    assert sum(row["amount"] for row in rows) == sum(10 + n for n in DAYS)
    assert {row["customer_id"] for row in rows} == {f"D{n}" for n in range(7)}


def test_memberships_without_an_id_are_subscriptions_and_check_ins_are_usage():
    toml = init({"memberships.csv": MEMBERSHIPS, "checkins.csv": CHECK_INS})

    columns = toml["tables"]["subscriptions"]["columns"]
    assert (columns["subscription_id"], columns["mrr"]) == ("Member ID", "Monthly Fee")
    assert toml["tables"]["usage"]["columns"]["event_time"] == "Check-in"
    assert toml["churn"]["definition"] == "subscription_ended"


@pytest.mark.parametrize(("n_buyers", "definition"), [(20, "no_usage"), (40, "no_purchase")])
def test_where_few_users_ever_buy_churn_is_no_usage(n_buyers: int, definition: str):
    visits = ["player_id,event_time,event_name"] + [
        f"p{n % 60},{line.split(',')[1]},level" for n, line in enumerate(CHECK_INS[1:])
    ]
    orders = ["transaction_id,player_id,purchase_ts,price"] + [
        f"t{n},p{n % n_buyers},2024-{1 + n % 6:02d}-{1 + n % 28:02d} 18:30,4.99" for n in range(60)
    ]

    toml = init({"events.csv": visits, "iap.csv": orders})

    assert toml["churn"]["definition"] == definition


def test_a_file_of_members_with_a_fee_is_no_table_of_subscriptions_without_an_end():
    members = [line.replace("End Date", "City") for line in MEMBERSHIPS]

    toml = init({"members.csv": members, "gifts.csv": [line.replace("Donor", "Member") for line in GIFTS]})

    assert "subscriptions" not in toml["tables"]


@pytest.mark.parametrize(
    ("column", "currency"),
    [
        ("Amount (£)", "GBP"), ("betrag_eur", "EUR"), ("Total [KWD]", "KWD"), ("金額（円）", "JPY"),
        ("Umsatz €", "EUR"), ("total_all", None), ("Total (net)", None), ("Net (kr)", None),
    ],
)  # fmt: skip
def test_the_name_of_a_column_may_name_a_currency(column: str, currency: str | None):
    assert currency_in_name(column) == currency


def test_a_name_that_the_header_has_twice_means_the_first_column():
    lines = ["Customer,Date,Amount,Date"] + [f"c{n % 7},2024-{1 + n % 12:02d}-03,{10 + n},2020-01-01" for n in DAYS]

    toml = init({"orders.csv": lines})

    assert toml["tables"]["purchases"]["columns"]["event_time"] == "Date (1)"
    rows = open_tables(read_config(Path("kizuna.toml"), {}))["purchases"].to_pyarrow().to_pylist()
    assert {row["event_time"].year for row in rows} == {2024}


def test_a_german_gym_is_in_germany_and_its_dates_are_no_telephone_numbers():
    members = ["Mitgliedsnummer;Tarif;Monatsbeitrag;Vertragsbeginn;Vertragsende;Geburtsdatum"] + [
        f"{100 + n};Basic;19,90 €;01.{1 + n % 12:02d}.2023;{f'15.{1 + n % 6:02d}.2024' if n % 2 else ''};"
        f"0{1 + n % 9}.02.19{60 + n % 30}"
        for n in DAYS
    ]

    toml = init({"mitglieder.csv": members})

    assert (toml["time_zone"], toml["currency"]) == ("Europe/Berlin", "EUR")
    assert set(toml["tables"]) == {"subscriptions"}
    assert language_of(["Mitgliedsnummer", "Vertragsbeginn"]) == "de"
    birthdays = pa.table({"day": [f"0{1 + n % 9}.02.19{60 + n % 30}" for n in DAYS]})
    table = store_frame(connect_in_memory(), "members", frame=birthdays)
    assert "phone numbers" not in {one.looks_like for one in find_personal_columns("members", table, columns=["day"])}
