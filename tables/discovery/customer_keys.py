"""Finds the customers behind ids whose names do not tell: a key that files share, and people with several ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tables.discovery.columns import fits
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.keys import compare_ids, ids_of
from tables.discovery.vocabulary import load_vocabulary

CUSTOMER_KEYS = (("purchases", "customer_id"), ("purchases", "account_id"))
OTHER_KEYS = (
    *(("purchases", column) for column in ("item_id", "order_id", "line_id", "store_id")),
    ("subscriptions", "subscription_id"),
    ("tickets", "ticket_id"),
)
"Tables and columns of what files may share as well."
COMMON = 0.5
"Share of the ids of a file that have to occur in the file with one row for each."


def find_shared_key(sources: Sequence[ExaminedSource]) -> dict[str, str]:
    """The column by which files share their customers, with the evidence; {} where a column has a name for customers.

    One file has one row for each id; the others with a column of that name have ids of that file.
    """
    names = sorted({name for source in sources for name in source.columns})
    if any(_is_named(name, CUSTOMER_KEYS) for name in names):
        return {}
    for name in names:
        having = [source for source in sources if name in source.columns]
        masters = [one for one in having if one.columns[name].is_unique and fits(one.columns[name], "id")]
        others = [one for one in having if one not in masters]
        if len(masters) != 1 or not others or _is_named(name, OTHER_KEYS):
            continue
        ids = ids_of(masters[0], name)
        overlaps = [compare_ids(ids_of(one, name), ids) for one in others]
        if all(overlap.n_shared and overlap.n_shared >= COMMON * overlap.n_ids for overlap in overlaps):
            files = " and ".join(one.source.label for one in others)
            return {name: f"{masters[0].source.label} has one row for each, further rows are in {files}"}
    return {}


def find_people(guesses: Sequence[TableGuess]) -> TableGuess | None:
    """The identities of customers with a new id for each order, whose table tells which ids are one person."""
    customers = next((guess for guess in guesses if guess.table == "customers"), None)
    key = customers.facts("customer_id") if customers else None
    if customers is None or key is None or not key.is_unique or any(guess.table == "identities" for guess in guesses):
        return None
    for facts in customers.examined.columns.values():
        is_person = load_vocabulary().rank_of(facts.name, table="customers", column="person_id") is not None
        if is_person and facts.n_distinct < key.n_distinct:
            evidence = f"{key.n_distinct:,} ids in {key.name} are {facts.n_distinct:,} people"
            columns = {
                "alias_id": ColumnGuess(column=key.name, evidence=evidence),
                "customer_id": ColumnGuess(column=facts.name),
            }
            return TableGuess(table="identities", examined=customers.examined, columns=columns)
    return None


def _is_named(name: str, columns: Iterable[tuple[str, str]]) -> bool:
    return any(load_vocabulary().rank_of(name, table=table, column=column) is not None for table, column in columns)
