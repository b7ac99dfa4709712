"""`kizuna init` recognises the ledger of a loyalty programme, and takes no other table with points for one."""

from __future__ import annotations

import pytest

from tests.kizuna.exports import discover, write

pytestmark = pytest.mark.usefixtures("folder")


DAYS = [f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(60)]


def test_a_japanese_ledger_is_a_table_of_points():
    orders = ["注文番号,会員番号,注文日,金額", *(f"{n},M{n % 5},{day},1050" for n, day in enumerate(DAYS))]
    ledger = [
        "会員番号,付与日,ポイント数,区分,有効期限,ポイント残高",
        *(
            f"M{n % 5},{day},{-30 if n % 6 == 5 else 10},{'利用' if n % 6 == 5 else '付与'},2026-12-31,{n}"
            for n, day in enumerate(DAYS)
        ),
    ]

    toml = discover(write("受注.csv", orders), write("ポイント履歴.csv", ledger))

    assert set(toml["tables"]) == {"purchases", "points"}
    assert toml["tables"]["points"]["columns"] == {
        "customer_id": "会員番号", "event_time": "付与日", "points": "ポイント数", "kind": "区分",
        "balance_after": "ポイント残高", "expires_at": "有効期限",
    }  # fmt: skip


def test_members_and_orders_with_points_stay_what_they_are():
    orders = [
        "order_id,customer_id,date,amount,points",
        *(f"{n},c{n % 5},{day},10.5,{n}" for n, day in enumerate(DAYS)),
    ]
    people = [
        "customer_id,registration_date,gender,country,points",
        *(f"c{n},2024-01-0{1 + n},f,JP,{n}" for n in range(5)),
    ]

    toml = discover(write("data1.csv", orders), write("data2.csv", people))

    assert set(toml["tables"]) == {"purchases", "customers"}
