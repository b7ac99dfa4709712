"""How many ids of one table occur in another one: what joins, and what joins only if ids were written alike.

customers   c1 c2 c3 c4         purchases   c1 c1 c3 guest-9
            customer_id of customers: 2 of 4 occur in purchases
            customer_id of purchases: 2 of 3 occur in customers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
from ibis import _

from features.check.data import CheckedData
from features.check.marks import fetch_one
from features.check.spellings import SPELLINGS, normalize
from tables.contract import CONTRACT

CUSTOMER, ACCOUNT = "customer_id", "account_id"
REFERENCES = (("item_id", "items"), ("offer_id", "offers"), (ACCOUNT, "accounts"))
"Ids of things other than customers, and the table that lists the things."
MAX_PAIRS = 10_000
"Pairs that are enough to see in which ways ids differ."


@dataclass(frozen=True, kw_only=True)
class Link:
    """The ids of one table that occur in others."""

    table: str
    column: str
    others: tuple[str, ...]
    "Tables that are looked up together."
    n_ids: int
    "Different ids of the table."
    n_common: int
    "Those that occur in one of the others."
    n_alike: int
    "Those that would if ids were written alike; at least `n_common`."
    spellings: tuple[str, ...] = ()
    "The ways of writing in which they differ: names of SPELLINGS."
    example: str | None = None
    "An id of the table that occurs in none of the others, one that differs only in writing where there is one."
    other_example: str | None = None
    "The id of another table that it would match; where nothing matches, just any of theirs."

    @property
    def looks_up_attributes(self) -> bool:
        """Whether rows look up the thing that their id names; otherwise things look up what happened to them."""
        return self.others[0] in CONTRACT and CONTRACT[self.others[0]].key is not None


def find_links(data: CheckedData) -> tuple[Link, ...]:
    """Every pair of tables whose ids should meet."""
    return tuple(_measure(data, table, column=column, others=others) for table, column, others in _pairs(data))


def _pairs(data: CheckedData) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Table, its column of ids, and the (table, column) pairs in which they are looked up."""
    if data.cross_section is not None:
        first, *others = data.checked
        yield from ((other, CUSTOMER, ((first, CUSTOMER),)) for other in others)
        return
    yield from _customer_pairs(data)
    for column, table in REFERENCES:
        if table not in data:
            continue
        users = [name for name in data.checked if name != table and data.has_ids(name, column)]
        yield from ((user, column, ((table, column),)) for user in users)
        if users:
            yield table, column, tuple((user, column) for user in users)


def _customer_pairs(data: CheckedData) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    with_customers = [name for name in data.checked if name != "identities" and data.has_ids(name, CUSTOMER)]
    active = [name for name in with_customers if CONTRACT[name].proves_activity or name == "subscriptions"]
    aliases, owners = (((("identities", column),) if "identities" in data else ()) for column in ("alias_id", CUSTOMER))
    # With accounts as customers, rows may name a person or an account, and no row has to name every person.
    are_accounts = data.config.customer == "account"
    accounts = [(name, ACCOUNT) for name in ("accounts", "customers") if data.has_ids(name, ACCOUNT)]
    also = (*aliases, *(accounts if are_accounts else ()))
    if "customers" in data and active and not are_accounts:
        yield "customers", CUSTOMER, (*((name, CUSTOMER) for name in active), *owners)
    reference = (("customers", CUSTOMER), *also) if "customers" in data else ()
    for name in with_customers:
        if name == "customers":
            continue
        others = reference or tuple((other, CUSTOMER) for other in active if other != name) + also
        if others:
            yield name, CUSTOMER, others


def _measure(data: CheckedData, table: str, *, column: str, others: tuple[tuple[str, str], ...]) -> Link:
    own = data.ids(table, column)
    parts = [data.ids(name, ids).select("id", "plain") for name, ids in others]
    theirs: ir.Table = data.store(ibis.union(*parts, distinct=True)) if len(parts) > 1 else parts[0]
    n_ids, n_common, n_alike = _count_common(own, theirs)
    link = Link(
        table=table,
        column=column,
        others=tuple(dict.fromkeys(name for name, _ids in others)),
        n_ids=n_ids,
        n_common=n_common,
        n_alike=n_alike,
    )
    return link if n_common == n_ids else _explain(link, own, theirs=theirs)


def _count_common(own: ir.Table, theirs: ir.Table) -> tuple[int, int, int]:
    exact = theirs.select(exact_id="id").distinct()
    alike = theirs.select(alike_id="plain").distinct()
    joined = own.left_join(exact, [("id", "exact_id")]).left_join(alike, [("plain", "alike_id")])
    row = fetch_one(joined.aggregate(n=_.count(), exact=_.exact_id.count(), alike=_.alike_id.count()))
    return int(row["n"]), int(row["exact"]), int(row["alike"])


def _explain(link: Link, own: ir.Table, *, theirs: ir.Table) -> Link:
    """The link with an example of an id without a match, and with the ways of writing that keep ids apart."""
    others = theirs.select(other_id="id", other_plain="plain")
    unmatched = own.anti_join(others, [("id", "other_id")]).select("id", "plain")
    alike = _pair_alike(unmatched, others)
    first = fetch_one(alike.aggregate(n=_.count(), example=_.id.min()))
    if not first["n"]:
        example = fetch_one(unmatched.aggregate(example=_.id.min()))["example"]
        other = fetch_one(others.aggregate(example=_.other_id.min()))["example"] if not link.n_common else None
        return replace(link, example=example, other_example=other)
    other = fetch_one(alike.filter(_.id == first["example"]).aggregate(example=_.other_id.min()))["example"]
    return replace(link, example=first["example"], other_example=other, spellings=differing_spellings(alike))


def _pair_alike(unmatched: ir.Table, others: ir.Table) -> ir.Table:
    """The pairs of ids that differ in writing only."""
    return unmatched.join(others, [("plain", "other_plain")]).select("id", "other_id")


def differing_spellings(pairs: ir.Table) -> tuple[str, ...]:
    """The ways of writing in which the pairs `id` and `other_id` differ: those that have to be undone to match them."""
    sample = pairs.limit(MAX_PAIRS)
    ways = [
        ibis.ifelse(normalize(sample.id, skip=name) != normalize(sample.other_id, skip=name), 1, 0).max().name(name)
        for name in SPELLINGS
    ]
    row = fetch_one(sample.aggregate(ways))
    return tuple(name for name in SPELLINGS if row[name])
