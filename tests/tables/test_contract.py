"""Laws of the table contract, which hold for every table in it."""

from __future__ import annotations

import pytest

from core.errors import ConfigError
from tables.contract import CONTRACT
from tables.contract_types import TableContract
from tables.table_names import contract_of

every_table = pytest.mark.parametrize("table", CONTRACT.values(), ids=CONTRACT)


def test_the_tables_are_those_of_the_design():
    assert set(CONTRACT) == {
        "customers", "accounts", "identities", "items", "purchases", "usage", "subscriptions", "tickets", "surveys",
        "contacts", "exposures", "offers", "preferences", "consents", "points", "spend", "opportunities",
    }  # fmt: skip


@every_table
def test_column_names_are_unique_within_a_table(table: TableContract):
    assert len(set(table.names)) == len(table.names)


@every_table
def test_known_at_and_not_before_name_a_time_of_the_same_table(table: TableContract):
    names = [name for column in table.columns for name in (column.known_at, column.not_before) if name is not None]

    assert all(table[name].kind == "time" for name in names)


@every_table
def test_the_time_and_the_key_of_a_table_are_required(table: TableContract):
    names = [name for name in (table.happens_at, table.key) if name is not None]

    assert all(table[name].required for name in names)


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
def test_known_at_of_some_columns(table: str, column: str, known_at: str | None):
    assert CONTRACT[table][column].known_at == known_at


OTHERS_NAMES = [("orders", "purchases"), ("Users", "customers"), ("purchase", "purchases")]


@pytest.mark.parametrize(("name", "table"), OTHERS_NAMES)
def test_what_others_call_a_table_leads_to_its_name(name, table):
    with pytest.raises(ConfigError, match=f"did you mean '{table}'"):
        contract_of(name)
