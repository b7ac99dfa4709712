"""Finds the contract of a table by its name, or suggests which name was meant."""

from __future__ import annotations

from core.errors import ConfigError, did_you_mean
from tables.contract import CONTRACT
from tables.contract_types import TableContract

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
