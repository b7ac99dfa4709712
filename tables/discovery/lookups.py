"""Orders and their lines in two files: the lines look up their order, so that both together are the purchases.

orders.csv        order_id, customer_id, date, total     one row for each order
order_lines.csv   order_id, sku, quantity, price         no customer and no date of its own
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from core.config.lookup import Lookup
from core.config.sources import TableSource, ValueFormat
from core.errors import DataError
from tables.cleaning.lookups import join_lookup
from tables.discovery.columns import ColumnFacts, fits
from tables.discovery.examination import look_at
from tables.discovery.guesses import ExaminedSource
from tables.discovery.keys import compare_ids, ids_of
from tables.discovery.recognition import recognise
from tables.discovery.vocabulary import load_vocabulary

PURCHASES = "purchases"
OF_AMOUNT = ("unit_price", "amount")
UNIQUE = 0.98
"Share of the keys of orders that have to be different; `kizuna check` refuses the few that are not, with an example."
COMMON = 0.5
"Share of the keys of lines that have to be in the orders."
NOT_IN_LOOKUP = ("each", "optional_columns", "files", "fill_within")
"Settings of a source that a lookup does not have."


@dataclass(frozen=True)
class LookupPair:
    """A source, another one with one row for each key of the first, such as lines and their orders, and the key."""

    rows: ExaminedSource
    others: ExaminedSource
    on: str
    key: str
    n_keys: int
    n_common: int


def join_orders(sources: Sequence[ExaminedSource], *, today: date) -> tuple[list[ExaminedSource], list[str]]:
    """The sources, with lines and orders in two of them as one; and a note for orders that cannot be joined."""
    joined, notes = list(sources), list[str]()
    for lines in sources:
        pair = _find_pair(lines, [one for one in joined if one is not lines])
        if pair is None:
            continue
        try:
            whole = join_pair(pair, _describe_orders(pair), today=today)
        except DataError as fault:
            notes.append(f"{lines.source.label}: not joined with {pair.others.source.label}, because of {fault}")
            continue
        joined = [whole if one is lines else one for one in joined if one is not pair.others]
    return joined, notes


def _find_pair(lines: ExaminedSource, others: Sequence[ExaminedSource]) -> LookupPair | None:
    """The orders of a source that has items, but not whose they are.

    Lines without a price are not joined to orders with an amount: what was paid would be lost.
    """
    if not _has(lines, "item_id") or _has(lines, "customer_id"):
        return None
    has_price = any(_has(lines, name) for name in OF_AMOUNT)
    others = [one for one in others if _has(one, "customer_id") and (has_price or not _has(one, "amount"))]
    if any(guess.profile for guess in recognise(lines)):
        return None
    pairs = (_match(lines, orders) for orders in others if can_be_lookup(lines, orders))
    return max((pair for pair in pairs if pair is not None), key=lambda pair: pair.n_common, default=None)


def can_be_lookup(rows: ExaminedSource, others: ExaminedSource) -> bool:
    """Whether the `lookup` of some rows can name others: files of one layout, or a table of the rows' own database."""
    settings, usual = others.source.settings, TableSource(path="")
    is_plain = all(getattr(settings, name) == getattr(usual, name) for name in NOT_IN_LOOKUP)
    return is_plain and settings.database in (None, rows.source.settings.database)


def _has(source: ExaminedSource, column: str) -> bool:
    return next(_columns_named(source, column), None) is not None


def _columns_named(source: ExaminedSource, column: str) -> Iterator[ColumnFacts]:
    """The columns that are one of purchases by their name, the best name first."""
    vocabulary = load_vocabulary()
    kind = "id" if column.endswith("_id") else "number"
    ranked = [
        (rank, place, facts)
        for place, facts in enumerate(source.columns.values())
        if (rank := vocabulary.rank_of(facts.name, table=PURCHASES, column=column)) is not None and fits(facts, kind)
    ]
    yield from (facts for _, _, facts in sorted(ranked, key=lambda one: one[:2]))


def _match(lines: ExaminedSource, orders: ExaminedSource) -> LookupPair | None:
    """The key by which the most lines find an order; None where it is no key, or hardly any do.

    Its name says that it is the order's, or both files have it.
    """
    keys = [
        *_columns_named(orders, "order_id"),
        *(facts for facts in orders.columns.values() if facts.name.lower() == "id"),
    ]
    pairs: list[LookupPair] = []
    shared = [facts for name, facts in lines.columns.items() if name in orders.columns and fits(facts, "id")]
    named = [*_columns_named(lines, "order_id")]
    keys += [orders.columns[facts.name] for facts in shared]
    for ours in {facts.name: facts for facts in (*named, *shared)}.values():
        own = ids_of(lines, ours.name)
        for facts in keys:
            if facts.n_distinct < UNIQUE * facts.n_filled:
                continue
            overlap = compare_ids(own, ids_of(orders, facts.name))
            if overlap.n_shared and overlap.n_shared >= COMMON * overlap.n_ids:
                pairs.append(LookupPair(lines, orders, ours.name, facts.name, overlap.n_ids, overlap.n_shared))
    return max(pairs, key=lambda pair: pair.n_common, default=None)


def _describe_orders(pair: LookupPair) -> str:
    """How many lines find their order; the orders lack those in lines of their file that cannot be read."""
    bad_lines = pair.others.source.evidence.get("bad_lines")
    return (
        f"{pair.n_common:,} of {pair.n_keys:,} orders of the lines are in {pair.others.source.label}, "
        "which has their customers" + (f"; {bad_lines}" if bad_lines else "")
    )


def join_pair(pair: LookupPair, evidence: str, *, today: date) -> ExaminedSource:
    """The first source with the columns of the other one. Raises DataError for a key that occurs twice there."""
    theirs = pair.others.source.settings
    lookup = Lookup(
        path=theirs.path,
        table=theirs.table,
        on=pair.on,
        key=pair.key if pair.key != pair.on else None,
        encoding=theirs.encoding,
        delimiter=theirs.delimiter,
        header_line=theirs.header_line,
        footer_lines=theirs.footer_lines,
        bad_lines=theirs.bad_lines,
    )
    own = pair.rows
    rows, _ = join_lookup(own.rows, pair.others.rows, lookup=lookup, table=PURCHASES, written=ValueFormat())
    settings = msgspec.structs.replace(own.source.settings, lookup=lookup)
    source = replace(own.source, settings=settings, evidence={**own.source.evidence, "lookup": evidence})
    whole = look_at(source, rows, today=today, more_files=pair.others.source.files)
    return replace(whole, of_lookup=frozenset(rows.columns) - frozenset(own.rows.columns))
