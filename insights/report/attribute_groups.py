"""Groups of customers: by attribute, customer tier or segment.

A customer has one value of each attribute, but may be in several segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, did_you_mean
from tables.tables import Tables

MAX_GROUPS = 12
OTHERS = "others"
"The group of all customers beyond the largest groups."


@dataclass(frozen=True)
class Grouping:
    """One way to group customers."""

    by: str
    "'plan', 'accounts.industry', 'segment'."
    members: Mapping[str, NDArray[np.str_]]
    "Group to sorted ids, largest group first."

    @classmethod
    def of(cls, by: str, ids: NDArray[np.str_], *, values: NDArray[np.str_]) -> Grouping:
        """Group ids by their value, (n,) each.

        Ids with the value '' belong to no group. Groups beyond the `MAX_GROUPS` largest are merged into one.
        """
        groups, counts = np.unique(values[values != ""], return_counts=True)
        order = groups[np.argsort(-counts, kind="stable")]
        kept = order if len(order) <= MAX_GROUPS else order[: MAX_GROUPS - 1]
        members = {str(value): np.sort(ids[values == value]) for value in kept}
        rest = ids[(values != "") & ~np.isin(values, kept)]
        return cls(by, members | ({OTHERS: np.sort(rest)} if len(rest) else {}))

    def masks(self, ids: NDArray[np.str_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Each group with the mask of its rows among these ids, (n,); groups without a row are skipped."""
        for name, members in self.members.items():
            rows = np.isin(ids, members)
            if rows.any():
                yield name, rows


def load_groupings(tables: Tables, cutoff: date, *, of_accounts: bool = False) -> list[Grouping]:
    """Group customers by each attribute that `[report]` names.

    With `of_accounts`, group account ids by the attributes of accounts, also where the customer is a person. Raises
    DataError for an attribute that does not exist.
    """
    report = tables.config.report
    attributes = dict.fromkeys((*((report.tier_by,) if report.tier_by else ()), *report.attribute_groups))
    names = [name for name in attributes if not of_accounts or name.startswith("accounts.")]
    return [_load_grouping(tables, cutoff, name=name, of_accounts=of_accounts) for name in names]


def _load_grouping(tables: Tables, cutoff: date, *, name: str, of_accounts: bool) -> Grouping:
    table, column = name.split(".")
    by_account = tables.config.customer == "account"
    if by_account and table == "customers":
        raise DataError(f"the customer is the account, so '{name}' cannot split its figures; name a column of accounts")
    values = _select_attribute(tables, cutoff, table=table, column=column)
    if table == "accounts" and not by_account and not of_accounts:
        values = _join_members(tables, cutoff, accounts=values)
    rows = values.to_pyarrow().to_pylist()
    ids, groups = (np.array([row[key] for row in rows], dtype=str) for key in ("id", "value"))
    return Grouping.of(name, ids, values=groups)


def _select_attribute(tables: Tables, cutoff: date, *, table: str, column: str) -> ir.Table:
    """Id and value of all rows with a value. Where the table has no history of the column, its latest values count."""
    if table not in tables:
        raise DataError(f"[report] splits figures by {table}.{column}, but there is no table '{table}'")
    rows: ir.Table = tables.at(cutoff)[table]
    if column not in rows.columns:
        rows = tables.latest()[table]
    if column not in rows.columns:
        raise DataError(
            f"[report] splits figures by {table}.{column}, which is not there{did_you_mean(column, rows.columns)}; "
            f"list it under [attributes] {table}"
        )
    key = "account_id" if table == "accounts" else "customer_id"
    values = rows.select(id=rows[key], value=rows[column].cast("string").strip())
    return values.filter(values.id.notnull() & values.value.notnull())


def _join_members(tables: Tables, cutoff: date, *, accounts: ir.Table) -> ir.Table:
    """Id and value of each person, from the account to which the person belongs."""
    people: ir.Table | None = tables.at(cutoff)["customers"] if "customers" in tables else None
    if people is not None and "account_id" not in people.columns:
        people = tables.latest()["customers"]
    if people is None or "account_id" not in people.columns:
        raise DataError("figures by a column of accounts need account_id in customers; map it, or name another column")
    joined = people.select("customer_id", "account_id").inner_join(accounts, [("account_id", "id")])
    return joined.select(id="customer_id", value="value")
