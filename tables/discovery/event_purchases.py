"""Purchases that are events of a log, among views and carts, and have no table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import ibis.expr.types as ir

from tables.contract import CONTRACT
from tables.discovery.guesses import TableGuess
from tables.discovery.proposal import Setting
from tables.discovery.recognition import match_names
from tables.discovery.vocabulary import load_vocabulary, match_words, normalise


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
    refund = next(filter(_is_refund, events.values), None) if "amount" in columns else None
    kept = (*words, refund) if refund else tuple(words)
    kinds = f"purchases{', and what came back' if refund else ''}"
    return TableGuess(
        table="purchases",
        examined=usage.examined,
        columns={name: columns[name] for name in order},
        where=Setting("where", {"column": events.name, "any_of": kept}, f"{events.name} says that these are {kinds}"),
        returns=Setting(
            "returns", {"column": events.name, "equals": refund}, f"{events.name} says that these are returns"
        )
        if refund
        else None,
    )


def rows_of(guess: TableGuess) -> ir.Table:
    """The rows of the source that are those of a table."""
    rows = guess.examined.rows
    chosen = guess.where.value if guess.where is not None else None
    if not isinstance(chosen, Mapping) or "any_of" not in chosen:
        return rows
    column, events = str(chosen["column"]), cast("tuple[str, ...]", chosen["any_of"])
    return rows.filter(rows[column].cast("string").isin(list(events)))


def is_log_of_shop(usage: TableGuess) -> bool:
    """Whether a log has what visitors of a shop do: view pages and items, and fill carts."""
    events = usage.facts("event")
    listed = set(load_vocabulary().words("events.shop"))
    return events is not None and any(
        listed & set(normalise(value).split()) or any(word in value for word in listed if not word.isascii())
        for value in events.values
    )


def _is_refund(event: str) -> bool:
    """Whether an event is that of a purchase that was paid back: refund, iap_refund, order_refunded."""
    vocabulary = load_vocabulary()
    words = normalise(event).split()
    returned = match_words(words, vocabulary.words("status.returned"))
    bought = match_words(words, vocabulary.words("events.purchases"))
    return bool(match_words([event], vocabulary.words("status.returned"))) or (
        bool(returned) and len(returned) + len(bought) == len(words)
    )
