"""The table contract."""

from __future__ import annotations

import pytest

from tables.contract import CONTRACT, TableContract

every_table = pytest.mark.parametrize("table", CONTRACT.values(), ids=CONTRACT)


def test_only_what_the_design_names_is_a_table():
    assert set(CONTRACT) == {
        "customers", "accounts", "identities", "items", "purchases", "usage", "subscriptions", "tickets", "surveys",
        "contacts", "offers", "preferences", "consents", "spend", "opportunities",
    }  # fmt: skip


@every_table
def test_every_column_of_a_table_has_its_own_name(table: TableContract):
    assert len(set(table.names)) == len(table.names)


@every_table
def test_every_known_at_names_a_time_of_the_same_table(table: TableContract):
    late = [column.known_at for column in table.columns if column.known_at is not None]

    assert all(table[name].kind == "time" for name in late)


@every_table
def test_rows_happen_at_a_required_time_and_things_have_a_required_key(table: TableContract):
    decisive = [name for name in (table.happens_at, table.key) if name is not None]

    assert all(table[name].required for name in decisive)


@pytest.mark.parametrize(
    ("table", "column", "known_at"),
    [
        ("tickets", "satisfaction", "closed_at"),
        ("subscriptions", "ended_at", "ended_at"),
        ("subscriptions", "end_reason", "ended_at"),
        ("contacts", "converted_at", "converted_at"),
        ("opportunities", "won", "closed_at"),
        ("purchases", "amount", None),
    ],
)
def test_a_cell_becomes_known_when_the_contract_says(table: str, column: str, known_at: str | None):
    assert CONTRACT[table][column].known_at == known_at
