"""Which customers are told apart: by plan, by a listed attribute, by tier, by segments that somebody defines.

A customer may be in several segments, but has one plan and one industry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np

from core.errors import DataError, did_you_mean
from tables.tables import Tables

MOST_GROUPS = 12
OTHERS = "others"
"Beyond the largest groups, everybody else."


@dataclass(frozen=True)
class Grouping:
    """One way to tell customers apart."""

    by: str
    "'plan', 'accounts.industry', 'segment'."
    members: Mapping[str, np.ndarray]
    "Group to sorted ids, largest group first."

    @classmethod
    def of(cls, by: str, ids: np.ndarray, words: np.ndarray) -> Grouping:
        """From each customer's word, (n,); '' belongs to no group, and small groups beyond `MOST_GROUPS` are one."""
        found, counts = np.unique(words[words != ""], return_counts=True)
        order = found[np.argsort(-counts, kind="stable")]
        kept = order if len(order) <= MOST_GROUPS else order[: MOST_GROUPS - 1]
        members = {str(word): np.sort(ids[words == word]) for word in kept}
        rest = ids[(words != "") & ~np.isin(words, kept)]
        return cls(by, members | ({OTHERS: np.sort(rest)} if len(rest) else {}))

    def masks(self, ids: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Each group with its rows among these ids, (n,) bool; groups without a row are left out."""
        for name, members in self.members.items():
            rows = np.isin(ids, members)
            if rows.any():
                yield name, rows


def groupings_of(tables: Tables, as_of: date, of_accounts: bool = False) -> list[Grouping]:
    """By each attribute that `[report]` names; `of_accounts` groups account ids where the customer is a person.

    Raises DataError for an attribute that is not there.
    """
    report = tables.config.report
    stated = dict.fromkeys((*((report.tier_by,) if report.tier_by else ()), *report.attribute_groups))
    names = [name for name in stated if not of_accounts or name.startswith("accounts.")]
    return [_grouping(tables, as_of, name, of_accounts) for name in names]


def _grouping(tables: Tables, as_of: date, name: str, of_accounts: bool) -> Grouping:
    table, column = name.split(".")
    by_account = tables.config.customer == "account"
    if by_account and table == "customers":
        raise DataError(f"the customer is the account, so '{name}' cannot split its figures; name a column of accounts")
    found = _attribute(tables, as_of, table, column)
    if table == "accounts" and not by_account and not of_accounts:
        found = _of_members(tables, as_of, found)
    rows = found.to_pyarrow().to_pylist()
    ids, words = (np.array([row[key] for row in rows], dtype=str) for key in ("id", "word"))
    return Grouping.of(name, ids, words)


def _attribute(tables: Tables, as_of: date, table: str, column: str) -> ir.Table:
    """Id and word of everybody who has one; as of today where the table does not say since when."""
    if table not in tables:
        raise DataError(f"[report] splits figures by {table}.{column}, but there is no table '{table}'")
    known: ir.Table = tables.at(as_of)[table]
    if column not in known.columns:
        known = tables.latest()[table]
    if column not in known.columns:
        raise DataError(
            f"[report] splits figures by {table}.{column}, which is not there{did_you_mean(column, known.columns)}; "
            f"list it under [attributes] {table}"
        )
    key = "account_id" if table == "accounts" else "customer_id"
    found = known.select(id=known[key], word=known[column].cast("string").strip())
    return found.filter(found.id.notnull() & found.word.notnull())


def _of_members(tables: Tables, as_of: date, accounts: ir.Table) -> ir.Table:
    """The same by person, from the account that each belongs to."""
    people: ir.Table | None = tables.at(as_of)["customers"] if "customers" in tables else None
    if people is not None and "account_id" not in people.columns:
        people = tables.latest()["customers"]
    if people is None or "account_id" not in people.columns:
        raise DataError("figures by a column of accounts need account_id in customers; map it, or name another column")
    joined = people.select("customer_id", "account_id").inner_join(accounts, [("account_id", "id")])
    return joined.select(id="customer_id", word="word")
