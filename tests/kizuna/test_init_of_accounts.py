"""`kizuna init` where some tables name persons and others their accounts, mostly both with the numbers from 1 on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.config.loading import read_config
from tables.sources.opening import open_tables
from tests.kizuna.exports import discover, init, rows_of, write

pytestmark = pytest.mark.usefixtures("folder")

N_ACCOUNTS, N_PERSONS, N_LOGINS = 40, 100, 600


def account_of(person: int) -> int:
    """The account of a person; 1 and 2 have none but this one."""
    return person * 7 % N_ACCOUNTS + 1


def write_accounts() -> str:
    return write("accounts.csv", ["id,industry"] + [f"{n},x{n % 3}" for n in range(1, N_ACCOUNTS + 1)])


def write_contacts() -> str:
    rows = [f"{n},{account_of(n)},p{n}@firm.example,{n % 5 == 0}" for n in range(1, N_PERSONS + 1)]
    return write("contacts.csv", ["id,account_id,email,email_opt_out", *rows])


def write_people_with_ids_of_their_own() -> list[str]:
    """The same accounts, contacts, subscriptions and logins, with ids such as A7 and C7."""
    contacts = [f"C{n},A{account_of(n)},p{n}@firm.example,{n % 5 == 0}" for n in range(1, N_PERSONS + 1)]
    subscriptions = [f"s{n},A{n},pro,{n + 9},2025-01-{n % 28 + 1:02d}," for n in range(1, N_ACCOUNTS + 1)]
    logins = [f"C{who},{time}" for who, time in map(login_of, range(N_LOGINS))]
    return [
        write("accounts.csv", ["id,industry"] + [f"A{n},x{n % 3}" for n in range(1, N_ACCOUNTS + 1)]),
        write("contacts.csv", ["id,account_id,email,email_opt_out", *contacts]),
        write("subscriptions.csv", ["id,account_id,plan,mrr,started_at,ended_at", *subscriptions]),
        write("logins.csv", ["contact_id,login_at", *logins]),
    ]


def test_persons_count_for_their_accounts_where_no_id_is_one_of_both(capsys: pytest.CaptureFixture[str]):
    toml = init(*write_people_with_ids_of_their_own(), "--yes", exit_codes=(0, 1))

    assert toml["customer"] == "account"
    tables = open_tables(read_config(Path("kizuna.toml"), {})).latest()
    of_usage = sorted(row["customer_id"] for row in tables["usage"].to_pyarrow().to_pylist())
    assert of_usage == sorted(f"A{one}" for one in logins_by_account())
    refusing = {row["customer_id"] for row in tables["consents"].to_pyarrow().to_pylist() if not row["granted"]}
    assert refusing == {f"A{account_of(n)}" for n in range(5, N_PERSONS + 1, 5)}
    printed = " ".join("".join(capsys.readouterr()).split())
    assert "not used, because" not in printed
    assert "occur in customers" not in printed


def test_contacts_of_a_known_product_count_for_the_accounts_of_other_tables():
    header = "Id,AccountId,LastName,Email,CreatedDate,HasOptedOutOfEmail"
    contacts = [f"C{n},A{account_of(n)},x,p{n}@firm.example,2023-02-05,{n % 5 == 0}" for n in range(1, N_PERSONS + 1)]
    _, _, *active = write_people_with_ids_of_their_own()

    toml = init(write("Contact.csv", [header, *contacts]), *active, "--yes", exit_codes=(0, 1))

    assert (toml["customer"], toml["tables"]["customers"]["profile"]) == ("account", "salesforce_contacts")
    tables = open_tables(read_config(Path("kizuna.toml"), {})).latest()
    refusing = {row["customer_id"] for row in tables["consents"].to_pyarrow().to_pylist() if not row["granted"]}
    assert refusing == {f"A{account_of(n)}" for n in range(5, N_PERSONS + 1, 5)}


def write_subscriptions() -> str:
    rows = [f"s{n},{n},pro,{n + 9},2025-01-{n % 28 + 1:02d}," for n in range(1, N_ACCOUNTS + 1)]
    return write("subscriptions.csv", ["id,account_id,plan,mrr,started_at,ended_at", *rows])


def login_of(n: int) -> tuple[int, str]:
    return n % N_PERSONS + 1, f"2026-{n % 11 + 1:02d}-{n % 28 + 1:02d} 10:00:00"


def write_logins(*, naming_accounts: bool) -> str:
    header = "contact_id,account_id,login_at" if naming_accounts else "contact_id,login_at"
    logins = [login_of(n) for n in range(N_LOGINS)]
    rows = [f"{who},{account_of(who)},{time}" if naming_accounts else f"{who},{time}" for who, time in logins]
    return write("logins.csv", [header, *rows])


def logins_by_account() -> list[str]:
    return sorted(str(account_of(login_of(n)[0])) for n in range(N_LOGINS))


@pytest.mark.parametrize("with_accounts", [True, False])
@pytest.mark.parametrize("naming_accounts", [True, False])
def test_accounts_are_the_customers_of_every_table_where_one_names_nothing_else(
    naming_accounts: bool, with_accounts: bool, capsys: pytest.CaptureFixture[str]
):
    sources = [write_contacts(), write_subscriptions(), write_logins(naming_accounts=naming_accounts)]

    toml = init(*sources, *([write_accounts()] if with_accounts else []), "--yes", exit_codes=(0, 1))

    assert sorted(row["customer_id"] for row in rows_of("usage")) == logins_by_account()
    assert {row["customer_id"] for row in rows_of("subscriptions")} == {str(n + 1) for n in range(N_ACCOUNTS)}
    assert ("customers" in toml["tables"]) == with_accounts
    assert toml["tables"].get("customers", {}).get("path", "accounts.csv") == "accounts.csv"
    printed = " ".join("".join(capsys.readouterr()).split())
    use = "not used" if naming_accounts else "used only to look up accounts"
    assert f"contacts.csv: {use}, because other tables name accounts alone, so accounts are the customers" in printed
    assert "who refuses contacts by its email_opt_out is not on record" in printed


def test_a_log_without_contacts_is_by_the_accounts_of_the_subscriptions():
    discover(write_subscriptions(), write_logins(naming_accounts=True))

    assert sorted(row["customer_id"] for row in rows_of("usage")) == logins_by_account()


def write_clients() -> str:
    return write("clients.csv", ["client_id,city"] + [f"{n},c{n % 4}" for n in range(1, N_ACCOUNTS + 1)])


def owner_of(account: int) -> int:
    """The client of an account, whose number is another one."""
    return N_ACCOUNTS + 1 - account


def write_links() -> str:
    rows = [f"{100 + n},{owner_of(n)},{n}" for n in range(1, N_ACCOUNTS + 1)]
    return write("dispositions.csv", ["disp_id,client_id,account_id", *rows])


def write_accounts_with_owners() -> str:
    rows = [f"{n},{owner_of(n)},giro" for n in range(1, N_ACCOUNTS + 1)]
    return write("accounts.csv", ["account_id,client_id,type", *rows])


def write_clients_with_accounts() -> str:
    rows = [f"{owner_of(n)},{n},c{n % 4}" for n in range(1, N_ACCOUNTS + 1)]
    return write("clients.csv", ["client_id,account_id,city", *rows])


def write_transactions() -> str:
    rows = [f"{n},{n % N_ACCOUNTS + 1},2026-{n % 11 + 1:02d}-{n % 28 + 1:02d},{n % 90 + 1}.50" for n in range(500)]
    return write("transactions.csv", ["trans_id,account_id,date,amount", *rows])


@pytest.mark.parametrize(
    "sources",
    [
        (write_clients, write_links),
        (write_clients, write_accounts_with_owners),
        (write_clients_with_accounts,),
        (write_clients_with_accounts, write_accounts),
    ],
    ids=["a file of links", "accounts name their owners", "clients name their accounts", "as well as accounts"],
)
def test_transactions_of_accounts_are_those_of_the_owners(sources: tuple[Callable[[], str], ...]):
    discover(write_transactions(), *[source() for source in sources])

    expected = sorted(str(owner_of(n % N_ACCOUNTS + 1)) for n in range(500))
    assert sorted(row["customer_id"] for row in rows_of("purchases")) == expected
    assert {row["customer_id"] for row in rows_of("customers")} == set(expected)


def test_a_file_that_is_looked_up_is_not_called_unused(capsys: pytest.CaptureFixture[str]):
    init(write_transactions(), write_clients(), write_links(), write_accounts(), "--yes", exit_codes=(0, 1))

    assert "dispositions.csv: not used" not in " ".join("".join(capsys.readouterr()).split())


def test_tickets_that_name_accounts_alone_are_left_out_where_persons_buy(capsys: pytest.CaptureFixture[str]):
    orders = [f"o{n},{n % N_PERSONS + 1},2026-{n % 11 + 1:02d}-{n % 28 + 1:02d},{n % 9 + 1}.5" for n in range(400)]
    tickets = [f"t{n},{n % N_ACCOUNTS + 1},2026-03-{n % 28 + 1:02d},billing" for n in range(60)]
    write("orders.csv", ["order_id,contact_id,order_date,amount", *orders])
    write("tickets.csv", ["ticket_id,account_id,opened_at,topic", *tickets])

    toml = init("orders.csv", "tickets.csv", write_contacts(), "--yes", exit_codes=(0, 1))

    assert "tickets" not in toml["tables"]
    printed = " ".join("".join(capsys.readouterr()).split())
    assert "tickets.csv: not used, because it names accounts and no customer" in printed
