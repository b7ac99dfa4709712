"""How the ids of several sources fit together, and what an export has done to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import ibis.expr.types as ir

from core.ids import canonical_id
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ExaminedSource, TableGuess

MAX_IDS = 200_000
"Ids that are compared."


@dataclass(frozen=True)
class Overlap:
    """How many ids of one column are in another, as they are and without what exports change."""

    n_ids: int
    n_shared: int
    n_shared_bare: int
    "Without leading zeros."


def ids_of(examined: ExaminedSource, column: str) -> frozenset[str]:
    """The different ids in a column, as reading has them."""
    ids: ir.Value = examined.rows[column].cast("string").strip()
    table = ids.name("id").as_table().distinct()
    return frozenset(map(canonical_id, table.filter(table.id.notnull()).limit(MAX_IDS).to_pyarrow()["id"].to_pylist()))


def compare_ids(ids: Set[str], others: Set[str]) -> Overlap:
    """How many of the ids are among the others."""
    bare = {value.lstrip("0") for value in others}
    return Overlap(len(ids), len(ids & others), sum(value.lstrip("0") in bare for value in ids))


def describe_overlap(overlap: Overlap, *, of: str, others: str, is_filled: bool = False) -> str:
    """The overlap in one sentence, with what is wrong if they do not meet."""
    sentence = f"{overlap.n_shared:,} of {overlap.n_ids:,} ids of {of} occur in {others}"
    if overlap.n_shared_bare > 2 * overlap.n_shared:
        sentence += f"; without leading zeros it would be {overlap.n_shared_bare:,}"
        sentence += "; id_width fills them in" if is_filled else "; export ids as text in both"
    return sentence


def describe_ids(facts: ColumnFacts) -> Iterator[str]:
    """What an export has done to the ids of a column, one sentence each."""
    if facts.n_scientific:
        yield f"{facts.n_scientific:,} ids are in scientific notation and have lost digits; export them as text"
    if facts.n_float_ids:
        yield f"{facts.n_float_ids:,} ids end in .0, which is dropped"
    if facts.n_leading_zeros:
        yield f"{facts.n_leading_zeros:,} ids begin with a zero, which is kept"
    if facts.n_mails * 2 > facts.n_filled:
        yield "the ids are mail addresses, which are personal data"


def find_aliases(guesses: Sequence[TableGuess], sources: Sequence[ExaminedSource]) -> dict[str, TableGuess]:
    """Columns of unrecognised sources that lead to a customer by way of a subscription or an order.

    By their name, with the table that has both the id and the customer.
    """
    aliases: dict[str, TableGuess] = {}
    recognised = {guess.examined.source.label for guess in guesses}
    for guess in guesses:
        for key in ("subscription_id", "order_id"):
            facts, customer = guess.facts(key), guess.facts("customer_id")
            if facts is None or customer is None or facts.n_distinct < facts.n_filled:
                continue
            for source in sources:
                if source.source.label not in recognised and facts.name in source.columns:
                    overlap = compare_ids(ids_of(source, facts.name), ids_of(guess.examined, facts.name))
                    if overlap.n_ids and overlap.n_shared >= 0.9 * overlap.n_ids:
                        aliases[facts.name] = guess
    return aliases
