"""Columns of customers that look like a consent and are read as none: their refusals stop nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity
from tables.cleaning.readings import boolean_in
from tables.cleaning.source_columns import columns_of, source_column
from tables.consent_columns import ALWAYS, Meaning, meaning_of
from tables.discovery.vocabulary import normalise


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each such column; where other consents are read, only for those that are read as attributes."""
    if data.tables is None or "customers" not in data:
        return
    table = data["customers"]
    read = (
        {name for column in data["consents"].columns for name in data["consents"].source_names(column)}
        if ("consents" in data)
        else set[str]()
    )
    read |= {answer.column for answer in data.config.tables["consents"].answers} if "consents" in data else set[str]()
    attributes = {name for column in data.config.attributes.get("customers", ()) for name in table.source_names(column)}
    for name in columns_of(table.source):
        meaning = meaning_of(normalise(name))
        if meaning is None or name in read or ("consents" in data and name not in attributes):
            continue
        counts = _count_answers(table, name, meaning=meaning)
        if counts["n"] and counts["answers"] == counts["n"]:
            yield Finding(
                kind="unread_consents",
                severity=Severity.WARNING,
                table="customers",
                column=name,
                count=counts["refusals"],
                of=counts["n"],
                setting=_suggest(name, meaning=meaning),
            )


def _count_answers(table: CheckedTable, name: str, *, meaning: Meaning) -> dict[str, Any]:
    """Values of a column, those that mean yes or no, and refusals among them."""
    text = source_column(table.source, name, table=table.name).cast("string").strip().nullif("")
    answer = boolean_in(text)
    rows = table.source.select(text=text, answer=answer, refusal=answer == (meaning == "refuses"))
    counts = rows.aggregate(n=_.text.count(), answers=_.answer.count(), refusals=ibis.ifelse(_.refusal, 1, 0).sum())
    row = counts.to_pyarrow().to_pylist()[0]
    return {**row, "refusals": int(row["refusals"] or 0)}


def _suggest(name: str, *, meaning: Meaning) -> str:
    granted = f'{{ column = "{name}", negated = true }}' if meaning == "refuses" else f'"{name}"'
    return (
        f'[tables.consents.columns] granted = {granted}, purpose = {{ constant = "contact" }}, '
        f'event_time = {{ constant = "{ALWAYS}" }}'
    )


CHECK = Check(find=find)
