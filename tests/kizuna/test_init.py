"""`kizuna init`: from files to a TOML that says why, and from there to scores."""

# ruff: noqa: E501 - lines of an export are as long as they are

from __future__ import annotations

import json
import random
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kizuna.commands import init as command
from kizuna.main import run
from tests.kizuna.exports import discover, init, purchases, write

pytestmark = pytest.mark.usefixtures("folder")

GERMAN = [
    "Bestellnr;Kundennummer;Bestelldatum;Artikelnummer;Menge;Einzelpreis;Betrag;Status",
    *(
        f"{1000 + n};{'' if n % 10 == 0 else f'{n % 7:05d}'};{1 + n % 28:02d}.{1 + n % 12:02d}.2025 10:{n % 60:02d};"
        f"A{n % 5};2;{1000 + n},50 €;{2001 + 2 * n},00 €;{'storniert' if n % 20 == 3 else 'bezahlt'}"
        for n in range(200)
    ),
]
JAPANESE = ["注文番号,注文日時,会員番号,商品コード,数量,金額（税込）"] + [
    f'{n:08d},2025年{1 + n % 12}月{1 + n % 28}日,M{n % 9:03d},S-{n % 5},1,"￥1,{n % 1000:03d}"' for n in range(120)
]


def test_a_german_export_is_read_to_the_cent_and_every_guess_carries_its_evidence():
    toml = discover(write("bestellungen.csv", GERMAN, encoding="cp1252"))

    assert (toml["currency"], toml["time_zone"]) == ("EUR", "Europe/Berlin")
    assert toml["tables"]["purchases"]["encoding"] == "cp1252"
    rows = purchases()
    kept = [n for n in range(200) if n % 20 != 3]
    assert sum(row["amount"] for row in rows) == sum(2001 + 2 * n for n in kept)
    assert sum(row["customer_id"] is None for row in rows) == sum(n % 10 == 0 for n in kept)
    assert {row["customer_id"] for row in rows} == {None, *(f"{n:05d}" for n in range(7))}
    text = Path("kizuna.toml").read_text(encoding="utf-8")
    n_above_12 = sum(1 + n % 28 > 12 for n in range(200))
    for evidence in (
        f"day first: {n_above_12} of 200 dates have a first number above 12",
        "200 of 200 numbers have a decimal comma",
        "200 of 200 cells of Betrag name it",
        "cells are separated by semicolons",
        "Status says that these are no purchases",
    ):
        assert evidence in " ".join(text.replace("#", " ").split())


SHOP = ["order_id,customer_id,order_date,product,amount,note"] + [
    f"{n},c{n % 40},2025-{1 + n % 12:02d}-{1 + n % 28:02d},p{n % 5},{5 + n % 50}.50,café" for n in range(400)
]


def test_a_few_broken_lines_are_left_out_by_a_setting_with_its_evidence(capsys: pytest.CaptureFixture[str]):
    broken = [b'9,c1,"2025-01-01,p1,5,x', b"9,c1,2025-01-01,p1,5", b"9,c1,2025-01-01,p1,5,caf\xe9"]
    lines = [line.encode() for line in SHOP]
    Path("orders.csv").write_bytes(b"\n".join([lines[0], *broken, *lines[1:]]) + b"\n")

    toml = init("orders.csv", "--yes", exit_codes=(0, 2))

    assert toml["tables"]["purchases"]["bad_lines"] == "skip"
    assert "encoding" not in toml["tables"]["purchases"]
    assert "# 3 of 403 lines cannot be read; the first is line 2" in Path("kizuna.toml").read_text()
    assert 'bad_lines = "skip" leaves them out' in " ".join(capsys.readouterr().out.split())
    assert len(purchases()) == 400


def test_many_broken_lines_are_one_error(capsys: pytest.CaptureFixture[str]):
    write("orders.csv", [f"{line},x" if n % 4 == 3 else line for n, line in enumerate(SHOP)])

    assert run(["init", "orders.csv", "--yes"]) == 2

    assert "orders.csv" in capsys.readouterr().err


def test_one_broken_line_of_json_lines_is_left_out_by_a_setting():
    names = SHOP[0].split(",")
    lines = [json.dumps(dict(zip(names, line.split(","), strict=True))) for line in SHOP[1:]]
    write("orders.jsonl", ["{broken", *lines])

    toml = discover("orders.jsonl")

    assert (toml["tables"]["purchases"]["bad_lines"], len(purchases())) == ("skip", 400)


def test_the_guesses_and_the_check_are_one_json_document(capsys: pytest.CaptureFixture[str]):
    init(write("bestellungen.csv", GERMAN), "--yes", "--format", "json")

    document = json.loads(capsys.readouterr().out)
    table = document["tables"][0]
    guesses = {setting["key"]: setting for setting in table["settings"]}
    assert (document["path"], document["password_variable"]) == ("kizuna.toml", None)
    assert (guesses["date_format"]["value"], table["name"]) == ("day_first", "purchases")
    assert "have a first number above 12" in guesses["date_format"]["evidence"]
    assert guesses["path"]["value"] == "bestellungen.csv"
    assert document["check"]["tables"]


def test_a_japanese_export_in_shift_jis_is_read():
    toml = discover(write("受注明細.csv", JAPANESE, encoding="cp932"))

    assert (toml["currency"], toml["time_zone"]) == ("JPY", "Asia/Tokyo")
    rows = purchases()
    assert (len(rows), rows[0]["customer_id"], round(rows[1]["amount"], 6)) == (120, "M000", 910.0)
    assert toml["money"] == {"tax_included": True, "tax_rate": 0.1}


def test_monthly_exports_are_one_table():
    for month in ("01", "02"):
        write(
            f"orders_2025-{month}.csv",
            ["customer_id,order_date,amount", f"c1,2025-{month}-15,5", f"c2,2025-{month}-16,7"],
        )

    toml = discover(".")

    assert toml["tables"]["purchases"]["path"] == "orders_*.csv"
    assert len(purchases()) == 4


def test_files_of_two_systems_are_one_table_to_the_cent():
    old = ["売上明細,,,", "", "会員番号;注文日時;注文金額"]
    old += [f"{n % 7:05d};{1 + n % 28:02d}/{1 + n % 12:02d}/2023;1.{n:03d},50" for n in range(120)]
    write("orders_2023.csv", [*old, f"合計;;{sum(1000.5 + n for n in range(120))}"], encoding="cp932")
    new = ["注文番号,会員番号,注文日時,注文金額,クーポン"]
    new += [f'{n},{n % 7:05d},2024-{1 + n % 12:02d}-{1 + n % 28:02d},"1,{n:03d}.25",' for n in range(120)]
    write("orders_2024.csv", new)

    toml = discover(".")["tables"]["purchases"]

    assert (toml["path"], toml["optional_columns"]) == ("orders_*.csv", ["注文番号", "クーポン"])
    assert toml["files"] == [
        {
            "path": "orders_2023.csv",
            "encoding": "cp932",
            "delimiter": ";",
            "header_line": 3,
            "footer_lines": 1,
            "swap_marks": ["注文金額"],
            "date_formats": {"注文日時": "day_first"},
        }
    ]
    rows = purchases()
    assert sum(row["amount"] for row in rows) == sum(2000.75 + 2 * n for n in range(120))
    assert {str(row["event_time"])[:10] for row in rows if row["event_time"].year == 2023} >= {
        "2023-02-02",
        "2023-12-12",
    }


def test_a_file_of_another_name_is_added_and_a_copy_is_not(capfd):
    def orders(first: int) -> list[str]:
        rows = (f"{n},c{n % 7},2025-{1 + n % 12:02d}-{1 + n % 28:02d},5" for n in range(first, first + 150))
        return ["order_id,customer_id,order_date,amount", *rows]

    write("orders.csv", orders(0))
    write("archive.csv", orders(150))
    write("copy of orders.csv", orders(10))

    init(".", "--yes")

    assert len(purchases()) == 300
    assert "copy of orders.csv: not used" in " ".join(capfd.readouterr().out.split())


def test_lines_in_a_list_are_rows_and_the_total_of_the_order_is_not_added_up():
    orders = [
        {
            "id": n,
            "created_at": f"2025-{1 + n % 12:02d}-15T10:00:00Z",
            "total_price": "99.00",
            "taxes_included": False,
            "customer": {"id": 7_000_000_000_000 + n % 9},
            "line_items": [{"id": 2 * n + k, "sku": f"s{k}", "quantity": 1 + k, "price": "2.50"} for k in range(n % 3)],
        }
        for n in range(120)
    ]
    toml = discover(write("orders.jsonl", [json.dumps(order) for order in orders]))

    assert toml["tables"]["purchases"]["each"] == "line_items"
    assert "money" not in toml
    rows = purchases()
    assert sum(row["amount"] for row in rows) == 40 * 2.5 + 40 * 7.5
    assert {row["order_id"] for row in rows} == {str(n) for n in range(120) if n % 3}
    assert rows[0]["customer_id"].startswith("7000000000")


def test_postage_and_discounts_count_without_being_items():
    lines = ["order no.;date;customer code;article code;description;net amount"]
    for n in range(100):
        start = f"{n};2025-{1 + n % 12:02d}-15;c{n % 9}"
        lines += [f"{start};A{n % 5}0;thing;10.00", f"{start};POST;Postage;3.00", f"{start};999;Shipping fee;1.00"]
        lines += [f"{start};M;Manual;-2.00"]

    toml = discover(write("sales.csv", lines))

    assert set(toml["tables"]["purchases"]["columns"]["item_id"]["null_values"]) == {"POST", "999", "M"}
    assert sum(row["amount"] for row in purchases()) == 1200
    assert {row["item_id"] for row in purchases()} == {None, "A00", "A10", "A20", "A30", "A40"}


def test_letters_are_items_where_all_codes_are_letters():
    lines = [
        "customer,date,sku,amount",
        *(f"c{n % 9},2025-{1 + n % 12:02d}-15,{'MDSXYZ'[n % 6]},5" for n in range(120)),
    ]

    discover(write("sales.csv", lines))

    assert {row["item_id"] for row in purchases()} == set("MDSXYZ")


def test_amounts_in_cents_are_scaled_and_words_about_tax_do_not_hide_a_name():
    lines = ["kunden-nr,bestelldatum,betrag netto,betrag brutto"]
    lines += [f"k{n % 9},2025-{1 + n % 12:02d}-15,{n}.50,{n * 1.19:.2f}" for n in range(120)]
    toml = discover(write("umsatz.csv", lines))
    assert (toml["tables"]["purchases"]["columns"]["amount"], "money" in toml) == ("betrag netto", False)

    lines = ["user_id,created_at,amount_cents", *(f"u{n % 9},{1750000000 + n * 86400},{n}50" for n in range(120))]
    discover(write("payments.csv", lines))
    assert sum(row["amount"] for row in purchases()) == sum(n + 0.5 for n in range(120))


def test_two_readings_are_a_question_at_the_terminal(monkeypatch: pytest.MonkeyPatch):
    write(
        "orders.csv",
        [
            "customer_id,order_date,amount,currency",
            *(f"c{n % 5},{1 + n % 12:02d}/{1 + n % 11:02d}/2025,5,EUR" for n in range(60)),
        ],
    )
    questions: list[str] = []

    def prompt(text: str, default: str, err: bool) -> str:
        questions.append(text)
        return "month_first" if "day_first" in text else default

    monkeypatch.setattr(command.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(command.typer, "prompt", prompt)

    toml = init("orders.csv", exit_codes=(0, 2))

    assert toml["tables"]["purchases"]["date_format"] == "month_first"
    assert any("day_first, month_first" in question for question in questions)


def test_without_a_terminal_a_question_ends_the_command_and_names_its_default(capfd, monkeypatch: pytest.MonkeyPatch):
    write(
        "orders.csv",
        [
            "customer_id,order_date,amount,currency",
            *(f"c{n % 5},{1 + n % 12:02d}/{1 + n % 11:02d}/2025,5,EUR" for n in range(60)),
        ],
    )
    monkeypatch.setattr(command.sys.stdin, "isatty", lambda: False, raising=False)

    assert run(["init", "orders.csv"]) == 2

    message = capfd.readouterr().err
    assert "with --yes" in message
    assert message.count("\n") == 1
    assert not Path("kizuna.toml").exists()


def test_an_existing_toml_is_not_overwritten(capfd):
    Path("kizuna.toml").write_text("mine", encoding="utf-8")
    write("orders.csv", ["customer_id,order_date,amount", *(f"c{n % 9},2025-{1 + n % 12:02d}-15,5" for n in range(90))])

    assert run(["init", "orders.csv", "--yes"]) == 2
    assert "kizuna.toml exists; name another file with --out, or overwrite it with --force" in capfd.readouterr().err
    assert Path("kizuna.toml").read_text(encoding="utf-8") == "mine"
    assert init("orders.csv", "--yes", "--force")["name"] == "orders"


def test_no_name_and_no_mail_address_gets_into_the_toml():
    members = [
        "customer_id,full name,e-mail,country",
        *(f"c{n},Ada Lovelace{n},ada{n}@example.com,{'GB' if n % 2 else 'FR'}" for n in range(40)),
    ]
    write("customers.csv", members)
    write(
        "orders.csv", ["customer_id,order_date,amount", *(f"c{n % 40},2025-{1 + n % 12:02d}-15,5" for n in range(200))]
    )

    toml = discover(".")

    text = Path("kizuna.toml").read_text(encoding="utf-8")
    assert "Ada" not in text
    assert "@" not in text
    assert toml["attributes"]["customers"] == ["country"]


def test_ids_that_do_not_meet_are_named(capfd):
    write("customers.csv", ["customer_id,country", *(f"{n},GB" for n in range(1, 41))])
    write(
        "orders.csv",
        ["customer_id,order_date,amount", *(f"{1 + n % 40:05d},2025-{1 + n % 12:02d}-15,5" for n in range(200))],
    )

    init(".", "--yes")

    assert "0 of 40 ids of purchases occur in customers; without leading zeros it would be 40" in capfd.readouterr().out


def test_lines_with_unit_prices_get_quantity_times_price():
    lines = ["invoice,customer,date,sku,qty,unit price"]
    lines += [f"{n // 2},c{n % 9},2025-{1 + n % 12:02d}-15,s{n % 5},3,2.50" for n in range(200)]

    toml = discover(write("sales.csv", lines))

    assert toml["tables"]["purchases"]["columns"]["amount"] == {"product": ["qty", "unit price"]}


def test_a_total_that_every_line_of_an_order_repeats_is_not_added_up():
    lines = ["order id,customer id,order date,sku,quantity,price,order total"]
    lines += [
        f"{n // 2},c{n // 2 % 9},2025-{1 + n // 2 % 12:02d}-15,s{n % 2},1,{5 + n % 2}.00,11.00" for n in range(200)
    ]

    discover(write("orders.csv", lines))

    assert sum(row["amount"] for row in purchases()) == 1100


def test_orders_and_their_lines_in_two_files_add_up_to_the_amounts_of_the_lines(capfd):
    orders = ["Order ID,Customer,Order Date,Status,Total"]
    lines = ["order_id;sku;qty;unit price"]
    for n in range(200):
        orders.append(f"A{n:04d},c{n % 9},2025-{1 + n % 12:02d}-15,{'cancelled' if n % 20 == 3 else 'paid'},{5 * n}.00")
        lines += [f"A{n:04d};s{n % 5};2;{n}.00", f"A{n:04d};s{n % 3 + 5};3;{n}.00"]
    sources = write("orders.csv", orders), write("order_lines.csv", [*lines, "A9999;s1;1;7.00"])

    toml = init(*sources, "--yes")

    table = toml["tables"]["purchases"]
    assert (table["path"], table["lookup"]) == (
        "order_lines.csv",
        {"path": "orders.csv", "on": "order_id", "key": "Order ID"},
    )
    assert "# 200 of 201 orders of the lines are in orders.csv" in Path("kizuna.toml").read_text()
    joined = pd.read_csv("order_lines.csv", sep=";").merge(
        pd.read_csv("orders.csv"), left_on="order_id", right_on="Order ID"
    )
    paid = joined[joined.Status == "paid"]
    rows = pd.DataFrame(purchases())
    assert rows.groupby("customer_id").amount.sum().to_dict() == (
        (paid.qty * paid["unit price"]).groupby(paid.Customer).sum().to_dict()
    )
    assert "rows whose order_id is not in orders.csv" in capfd.readouterr().out


def test_orders_keep_their_total_where_their_lines_have_no_price(capfd):
    orders = ["order_id,customer,date,total"]
    orders += [f"A{n:04d},c{n % 9},2025-{1 + n % 12:02d}-15,{5 * n}.50" for n in range(200)]
    lines = ["order_id,sku,qty", *(f"A{n // 2:04d},s{n % 5},2" for n in range(400))]

    init(write("orders.csv", orders), write("order_lines.csv", lines), "--yes")

    assert sum(row["amount"] for row in purchases()) == sum(5 * n + 0.5 for n in range(200))
    assert "order_lines.csv: not used" in capfd.readouterr().out


def test_a_subscription_business_churns_by_the_end_of_its_subscriptions():
    lines = ["subscription_id,customer_id,plan,monthly fee,start date,end date"]
    lines += [
        f"s{n},c{n},basic,10.00,2024-{1 + n % 12:02d}-01,{f'2025-{1 + n % 12:02d}-01' if n % 3 else ''}"
        for n in range(60)
    ]

    toml = discover(write("subscriptions.csv", lines))

    assert toml["churn"]["definition"] == "subscription_ended"
    assert toml["tables"]["subscriptions"]["columns"]["mrr"] == "monthly fee"


@pytest.mark.parametrize("is_snapshot", [True, False])
def test_the_next_renewal_on_the_day_of_an_export_is_not_used(is_snapshot: bool):
    lines = ["subscription_id,customer_id,plan,monthly fee,start date,end date,next renewal"]
    for n in range(60):
        year, month, end = 2024 + n % 2, 1 + n % 12, f"2026-{1 + n % 10:02d}-20" if n % 3 else ""
        renewal = (end or "2026-12-15") if is_snapshot else f"{year + 1}-{month:02d}-01"
        lines.append(f"s{n},c{n},basic,10.00,{year}-{month:02d}-01,{end},{renewal}")

    toml = discover(write("subscriptions.csv", lines))

    assert ("renews_at" in toml["tables"]["subscriptions"]["columns"]) is not is_snapshot


def test_one_row_per_customer_with_a_churn_label_is_a_cross_section():
    lines = ["CustomerID,Contract,MonthlyCharges,Churn"]
    lines += [
        f"{n},{'Monthly' if n % 3 else 'Yearly'},{20 + n % 50}.5,{'Yes' if n % 4 == 0 else 'No'}" for n in range(200)
    ]

    toml = discover(write("customers.csv", lines))

    assert toml["cross_section"]["label"] == {"table": "customers", "column": "Churn", "equals": "Yes"}
    assert toml["cross_section"]["tables"]["customers"]["columns"] == {
        "contract": "Contract",
        "monthly_charges": "MonthlyCharges",
    }


def test_the_tables_of_a_database_are_recognised():
    with duckdb.connect("shop.db") as database:
        database.execute(
            "CREATE TABLE orders AS SELECT 'c' || (i % 9) AS customer_id, DATE '2025-01-01' + (i % 365)::INT AS order_date, "
            "5.5 + i AS amount FROM range(300) t(i)"
        )

    toml = discover("duckdb://shop.db")

    assert (toml["tables"]["purchases"]["database"], toml["tables"]["purchases"]["table"]) == (
        "duckdb://shop.db",
        "orders",
    )


def test_the_tables_of_a_sqlite_file_are_recognised():
    with sqlite3.connect("shop.sqlite") as database:
        database.execute("CREATE TABLE orders (customer_id INTEGER, ordered_at TEXT, total REAL)")
        rows = [(n % 9, f"2025-{1 + n % 12:02d}-15 10:00:00", 5.5) for n in range(300)]
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)

    discover("sqlite://shop.sqlite")

    assert sum(row["amount"] for row in purchases()) == 1650


def test_the_customer_0_is_a_guest_only_with_far_more_orders_than_others():
    def orders(customers: list[int]) -> list[str]:
        return ["customer_id,order_date,amount", *(f"{c},2025-{1 + n % 12:02d}-15,5" for n, c in enumerate(customers))]

    discover(write("orders.csv", orders([n % 20 for n in range(200)])))
    assert all(row["customer_id"] for row in purchases())
    discover(write("orders.csv", orders([n % 20 if n % 2 else 0 for n in range(200)])))
    assert sum(row["customer_id"] is None for row in purchases()) == 100


def test_a_repeated_line_is_seen():
    lines = ["customer_id,order_date,amount", *(f"c{n % 9},2025-{1 + n % 12:02d}-15,{n}" for n in range(200))]

    toml = discover(write("orders.csv", [*lines, *lines[1:11]]))

    assert toml["duplicate_rows"] == "keep"
    assert "kizuna_row_number" not in Path("kizuna.toml").read_text(encoding="utf-8")


def test_an_empty_file_of_a_folder_is_a_note(capfd):
    write(
        "orders.csv", ["customer_id,order_date,amount", *(f"c{n % 9},2025-{1 + n % 12:02d}-15,5" for n in range(200))]
    )
    write("returns.csv", ["customer_id,return_date,amount"])

    init(".", "--yes")

    assert "note: returns.csv has a header but no rows" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["order_date,amount", *(f"2025-{1 + n % 12:02d}-15,5" for n in range(50))], "no column says which customer"),
        (["text,label", "hello,a", "bye,b"], "no purchases, usage or subscriptions in data.csv"),
        (["customer_id,order_date,amount"], "has a header but no rows"),
        (["just some words"], "is no table"),
    ],
)
def test_what_is_no_data_is_refused_in_one_line(capfd, lines: list[str], reason: str):
    assert run(["init", write("data.csv", lines), "--yes"]) == 2

    message = capfd.readouterr().err
    assert reason in message
    assert message.count("\n") == 1
    assert not Path("kizuna.toml").exists()


@pytest.mark.slow
def test_three_commands_lead_to_scores_even_where_nothing_beats_the_baseline(capfd):
    chance = random.Random(5)
    lines = ["customer_id,order_date,amount"]
    for _ in range(3000):
        day = datetime(2024, 1, 1) + timedelta(days=chance.randrange(700))
        lines.append(f"c{chance.randrange(150)},{day:%Y-%m-%d},{chance.randrange(5, 90)}.50")
    init(write("orders.csv", lines), "--yes")

    assert run(["train", "churn", "--promote"]) == 0
    steps = [line for line in capfd.readouterr().out.splitlines() if line.startswith("next: ")]
    assert steps == ["next: kizuna score --out scores.csv"]
    assert run(["score", "--out", "scores.csv"]) == 0

    header, *scores = Path("scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(scores) > 100
    assert "is_baseline" in header.split(",")
    assert "no release is published yet" in capfd.readouterr().out


def test_usage_by_subscription_finds_its_customers_by_way_of_the_subscriptions():
    subscriptions = ["subscription_id,account_id,plan,mrr,start_date,end_date"]
    subscriptions += [f"s{n},a{n % 20},basic,10.0,2024-{1 + n % 12:02d}-01," for n in range(60)]
    usage = [
        "subscription_id,usage_date,feature_name",
        *(f"s{n % 60},2025-{1 + n % 12:02d}-15,export" for n in range(300)),
    ]
    write("subscriptions.csv", subscriptions)
    write("feature_usage.csv", usage)

    toml = discover(".")

    assert toml["tables"]["identities"]["columns"] == {"alias_id": "subscription_id", "customer_id": "account_id"}
    assert toml["tables"]["usage"]["columns"]["customer_id"] == "subscription_id"


def test_a_table_of_demographics_describes_the_customers():
    write(
        "demographics.csv",
        ["household_id,age,income", *(f"h{n},{20 + n % 5 * 10}-{29 + n % 5 * 10},{n % 3}" for n in range(60))],
    )
    write(
        "orders.csv", ["household_id,order_date,amount", *(f"h{n % 60},2025-{1 + n % 12:02d}-15,5" for n in range(300))]
    )

    toml = discover(".")

    assert toml["tables"]["customers"]["columns"]["customer_id"] == "household_id"


def test_a_feature_of_inactivity_is_kept_in_data_without_dates():
    lines = ["id,months_inactive,calls,flag"]
    lines += [f"k{n:04d},{n % 7}.5,{n % 9},{'Attrited' if n % 4 == 0 else 'Existing'}" for n in range(200)]

    toml = discover(write("customers.csv", lines))

    assert toml["cross_section"]["label"]["equals"] == "Attrited"
    assert set(toml["cross_section"]["tables"]["customers"]["columns"]) == {"months_inactive", "calls"}
