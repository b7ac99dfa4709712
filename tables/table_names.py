"""Finds the contract of a table by its name, or suggests which name was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ConfigError, did_you_mean
from tables.contract import CONTRACT
from tables.contract_types import TableContract

if TYPE_CHECKING:
    from core.config.data_set import Config

OTHER_WORDS = {
    "purchases": ("orders", "order_lines", "transactions", "sales", "invoices", "receipts"),
    "customers": ("users", "clients", "members", "people"),
    "items": ("products", "articles", "skus", "catalogue", "catalog"),
    "usage": ("events", "logs", "activity", "sessions"),
    "subscriptions": ("contracts", "plans", "memberships"),
    "accounts": ("companies", "organisations", "organizations"),
    "opportunities": ("deals", "pipeline"),
    "tickets": ("cases", "issues", "support"),
    "contacts": ("campaigns", "mailings", "emails"),
    "surveys": ("nps", "csat", "feedback"),
}
"What others call the tables of the contract."


def contract_of(name: str) -> TableContract:
    """The contract of a table that a configuration names. Raises ConfigError for an unknown table."""
    if name not in CONTRACT:
        other_word = next((table for table, words in OTHER_WORDS.items() if name.lower() in words), "")
        hint = f"; did you mean '{other_word}'?" if other_word else did_you_mean(name, CONTRACT)
        raise ConfigError(f"unknown table [tables.{name}]{hint}")
    return CONTRACT[name]


def require_attribute_tables(config: Config) -> None:
    """Raise ConfigError where [attributes] or as_of_today names a table that has no attributes."""
    tables = [name for name, contract in CONTRACT.items() if contract.lists_attributes]
    for name in config.attributes:
        if name not in tables:
            raise ConfigError(f"[attributes] {name}: attributes are columns of {', '.join(tables)}")
    for place in config.as_of_today:
        if place.partition(".")[0] not in CONTRACT or not place.partition(".")[2]:
            raise ConfigError(f"as_of_today names a table and its column, such as customers.country, found '{place}'")
