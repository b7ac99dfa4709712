"""Aliases whose chain of identities is a circle; they stay customers of their own."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.identities import newest_links, resolve_chains


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding, if there is any circle."""
    if "identities" not in data:
        return
    chains = resolve_chains(newest_links(data["identities"].rows))
    circles = chains.filter(chains.open_ended)
    row = fetch_one(circles.aggregate(n=_.count(), example=_.alias_id.min()))
    if row["n"]:
        yield Finding(
            kind="circular_aliases",
            severity=Severity.WARNING,
            table="identities",
            column="alias_id",
            count=int(row["n"]),
            of=int(chains.count().to_pyarrow().as_py()),
            example=row["example"],
        )


CHECK = Check(find=find)
