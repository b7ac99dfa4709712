"""`kizuna init` on a game's log, a firm's accounts and contacts, a Brazilian shop and a gym: unlike a shop's orders."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.kizuna.exports import discover, init, purchases, rows_of, write

pytestmark = pytest.mark.usefixtures("folder")

START = int(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()) * 1000
DAY = 86_400_000


def game_log(*names: str) -> str:
    """A log in which 30 players have 12 sessions each and every fifth player has these further events."""
    rows: list[dict[str, object]] = []
    for n in range(360):
        player: dict[str, object] = {"playerId": f"p{n % 30}", "ts": START + n * DAY // 2}
        rows.append(player | {"eventName": "session_start"})
        for name in names if n % 5 == 0 else ():
            rows.append(player | {"eventName": name, "iap": {"sku": f"gems_{n % 3}", "price": 1.5, "currency": "USD"}})
    return write("events.jsonl", [json.dumps(row) for row in rows])


def test_what_a_log_says_came_back_is_taken_off_revenue():
    toml = init(game_log("iap_purchase", "iap_refund"), "--yes")

    assert toml["tables"]["purchases"]["returns"] == {"column": "eventName", "equals": "iap_refund"}
    assert sum(row["amount"] for row in purchases()) == 0
    assert len(purchases()) == 144


def test_an_event_about_a_refund_that_is_none_is_no_return():
    toml = discover(game_log("iap_purchase", "refund_requested"))

    assert toml["tables"]["purchases"]["where"] == [{"column": "eventName", "any_of": ["iap_purchase"]}]
    assert "returns" not in toml["tables"]["purchases"]


@pytest.mark.parametrize(("further", "definition"), [("level_up", "no_usage"), ("add_to_cart", "no_purchase")])
def test_players_of_a_game_who_never_bought_are_customers_and_visitors_of_a_shop_are_not(further: str, definition: str):
    assert discover(game_log("iap_purchase", further))["churn"]["definition"] == definition


def test_items_of_a_log_are_the_rows_that_name_one():
    toml = discover(game_log("iap_purchase"))

    assert toml["tables"]["items"]["where"] == [{"column": "iap.sku", "none_of": [""]}]


def test_contact_persons_count_for_their_accounts_where_nothing_names_them(capsys: pytest.CaptureFixture[str]):
    accounts = write(
        "accounts.csv", ["Account ID,Account Name,Industry"] + [f"A{n},Firm {n},x{n % 3}" for n in range(40)]
    )
    contacts = write(
        "contacts.csv",
        ["Contact ID,Account ID,Role,Email Opt Out"] + [f"C{n},A{n % 40},Owner,{n % 5 == 0}" for n in range(80)],
    )
    months = [f"A{n},2025-{month:02d},{490 + n},{n + 1}" for n in range(40) for month in range(1, 13 - n % 6)]
    mrr = write("mrr_by_month.csv", ["Account ID,Month,MRR (USD),Seats", *months])

    toml = init(accounts, contacts, mrr, "--yes", exit_codes=(0, 1))

    assert toml["customer"] == "account"
    assert toml["tables"]["customers"]["columns"]["account_id"] == "Account ID"
    assert sum(not row["granted"] for row in rows_of("consents")) == 16
    printed = " ".join("".join(capsys.readouterr()).split())
    assert "not used, because" not in printed
    assert "occur in customers" not in printed


def test_the_currency_is_that_of_the_time_zone_in_the_types_rather_than_that_of_the_language():
    zone = ZoneInfo("America/Sao_Paulo")
    times = [datetime(2026, 1 + n % 12, 1 + n % 28, 12, tzinfo=zone) for n in range(60)]
    columns = {
        "id_pedido": list(range(60)),
        "id_cliente": [n % 9 for n in range(60)],
        "valor_total": [9.5 + n for n in range(60)],
        "data_pedido": pa.array(times, pa.timestamp("us", tz="America/Sao_Paulo")),
    }
    pq.write_table(pa.table(columns), "pedidos.parquet")

    assert discover("pedidos.parquet")["currency"] == "BRL"


def test_visits_and_contracts_are_recognised_word_by_word():
    members = [f"M{n};C{n};Formule {n % 2};29,90 €;{1 + n % 28:02d}/01/2025;" for n in range(40)]
    visits = [f"M{n % 40};{1 + n % 28:02d}/{1 + n % 12:02d}/2025 18:30" for n in range(200)]
    write(
        "abonnements.csv",
        ["Numéro adhérent;Référence contrat;Formule;Tarif mensuel;Date de début;Date de fin", *members],
    )
    write("passages.csv", ["Numéro adhérent;Passage", *visits])

    tables = discover("abonnements.csv", "passages.csv")["tables"]

    assert tables["subscriptions"]["columns"]["subscription_id"] == "Référence contrat"
    assert tables["usage"]["columns"]["event_time"] == "Passage"
