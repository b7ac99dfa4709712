"""Purchases that are events of a log, among views and carts, and have no table of their own."""

from __future__ import annotations

from collections.abc import Sequence

from tables.contract import CONTRACT
from tables.discovery.guesses import TableGuess
from tables.discovery.proposal import Setting
from tables.discovery.recognition import match_names
from tables.discovery.vocabulary import load_vocabulary, match_words


def find_purchases_of_events(guesses: Sequence[TableGuess]) -> TableGuess | None:
    """The rows of usage whose event is a purchase, if no table has purchases and they say of what or for how much."""
    tables = {guess.table: guess for guess in guesses}
    usage = tables.get("usage")
    events = usage.facts("event") if usage else None
    if usage is None or events is None or usage.profile or "purchases" in tables:
        return None
    words = match_words(events.values, load_vocabulary().words("events.purchases"))
    of_usage = {name: column for name, column in usage.columns.items() if name in ("customer_id", "event_time")}
    columns = {**match_names(usage.examined, CONTRACT["purchases"]), **of_usage}
    if not words or not {"amount", "item_id"} & set(columns):
        return None
    order = [name for name in CONTRACT["purchases"].names if name in columns]
    where = Setting(
        "where", {"column": events.name, "any_of": tuple(words)}, f"{events.name} says that these are purchases"
    )
    return TableGuess(
        table="purchases", examined=usage.examined, columns={name: columns[name] for name in order}, where=where
    )
