"""`kizuna init` where one file has lost the leading zeros of its ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from kizuna.commands import init as command
from kizuna.main import run
from tests.kizuna.exports import discover, init, purchases, write

pytestmark = pytest.mark.usefixtures("folder")


def orders(*ids: str) -> list[str]:
    lines = [f"{n},{ids[n % len(ids)]},2025-{1 + n % 12:02d}-{1 + n % 28:02d},10.50" for n in range(240)]
    return ["order_id,customer_id,date,amount", *lines]


def customers(*ids: str) -> list[str]:
    return [
        "customer_id,country,signup_date",
        *(f"{one},{'FR' if n % 3 else 'DE'},2024-01-01" for n, one in enumerate(ids)),
    ]


PADDED, BARE = [f"{n:05d}" for n in range(40)], [str(n) for n in range(40)]


def test_ids_that_lost_their_zeros_are_filled_and_the_evidence_says_how_many_meet(capfd):
    toml = init(write("orders.csv", orders(*BARE)), write("customers.csv", customers(*PADDED)), "--yes")

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == {"column": "customer_id", "id_width": 5}
    text = " ".join(Path("kizuna.toml").read_text().replace("#", " ").split())
    assert "0 of 40 ids occur in customers; filled with zeros to 5 digits, 40 do" in text
    assert {row["customer_id"] for row in purchases()} == set(PADDED)
    assert "differ" not in capfd.readouterr().out


def test_the_table_of_customers_is_filled_where_it_is_the_one_that_lost_them():
    toml = discover(write("orders.csv", orders(*PADDED)), write("customers.csv", customers(*BARE)))

    assert toml["tables"]["customers"]["columns"]["customer_id"] == {"column": "customer_id", "id_width": 5}
    assert toml["tables"]["purchases"]["columns"]["customer_id"] == "customer_id"


def test_ids_of_different_widths_are_not_filled():
    ids = [*PADDED[:-1], "0000099"]

    toml = discover(write("orders.csv", orders(*BARE)), write("customers.csv", customers(*ids)))

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == "customer_id"


def test_a_column_with_and_without_zeros_is_one_customer_each_by_default(capfd):
    floats = [f"{one}.0" for one in BARE]
    file = write("orders.csv", orders(*(one for three in zip(PADDED, BARE, floats, strict=True) for one in three)))
    toml = init(file, write("customers.csv", customers(*BARE)), "--yes")

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == {"column": "customer_id", "id_width": 5}
    assert toml["tables"]["customers"]["columns"]["customer_id"] == {"column": "customer_id", "id_width": 5}
    text = " ".join(Path("kizuna.toml").read_text().replace("#", " ").split())
    assert "40 of 40 ids with fewer than 5 digits occur with leading zeros as well" in text
    assert {row["customer_id"] for row in purchases()} == set(PADDED)
    printed = " ".join(capfd.readouterr().out.split())
    assert "warning purchases.customer_id: different ids that id_width = 5 makes one: 80 of 80" in printed


def test_a_column_with_and_without_zeros_is_two_customers_each_where_that_is_the_answer(monkeypatch):
    def prompt(text: str, default: str, err: bool) -> str:
        return "two" if "(one, two); 40 of 40 ids" in text else default

    monkeypatch.setattr(command.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(command.typer, "prompt", prompt)

    toml = init(write("orders.csv", orders(*PADDED, *BARE)), exit_codes=(0, 2))

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == "customer_id"
    assert {row["customer_id"] for row in purchases()} == {*PADDED, *BARE}


def test_a_few_ids_with_and_without_zeros_stay_as_they_are_and_check_names_the_width(capfd):
    toml = init(write("orders.csv", orders("00123", "123.0", "123", "00124", "125", "126")), "--yes")

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == "customer_id"
    assert {row["customer_id"] for row in purchases()} == {"00123", "123", "00124", "125", "126"}
    printed = " ".join(capfd.readouterr().out.split())
    assert "ids that differ only by leading zeros from another one and count as different: 1 of 5" in printed
    assert 'write the ids alike in the source: customer_id = { column = "customer_id", id_width = 5 }' in printed


def test_two_ids_of_one_table_that_become_one_are_an_error_of_check_with_both(capfd):
    write("orders.csv", orders("7", "00007", "x7"))
    Path("kizuna.toml").write_text(
        'name = "w"\ntime_zone = "UTC"\ncurrency = "EUR"\nactive_days = 90\nchurn = { horizon_days = 30 }\n'
        '[tables.purchases]\npath = "orders.csv"\n'
        'columns = { customer_id = { column = "customer_id", id_width = 5 }, event_time = "date" }\n'
    )

    run(["check"])

    printed = " ".join(capfd.readouterr().out.split())
    assert "different ids that id_width = 5 makes one: 2 of 3, such as '7', e.g. '00007'" in printed
