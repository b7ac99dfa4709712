"""Columns of a cross-section that features do not use, or not as they are written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Mark, Severity, always
from tables.attributes import MAX_WORDS
from tables.cleaning.undeclared import NO_NUMBER
from tables.cross_section import CrossSection
from tables.cross_section_columns import find_redundant_columns
from tables.personal_columns import PersonalColumn


def mark_source(table: CheckedTable) -> Iterator[Mark]:
    """Cells with infinity or an error of a spreadsheet."""
    for column in table.columns if table.is_cross_section else ():
        text, cells = table.text(column), table.cells(column)
        if text is not None:
            rows = text.strip().lower().re_search(NO_NUMBER)
        elif len(cells) == 1 and cells[0].type().is_floating():
            rows = cells[0].isinf()
        else:
            continue
        yield Mark(
            kind="no_finite_number",
            column=column,
            rows=rows,
            example=cells[0].cast("string"),
            severity=always(Severity.NOTE),
        )


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each column."""
    if data.cross_section is None:
        return
    tables = {column: name for name, listed in data.cross_section.listed.items() for column in listed.columns}
    yield from map(_describe_personal, data.cross_section.unused)
    yield from _find_redundant(data.cross_section, tables)
    yield from _find_many_words(data.cross_section, tables)


def _describe_personal(personal: PersonalColumn) -> Finding:
    return Finding(
        kind="personal_column",
        severity=Severity.NOTE,
        table=personal.table,
        column=personal.column,
        count=1,
        of=1,
        values={"content": personal.looks_like},
    )


def _find_redundant(data: CrossSection, tables: dict[str, str]) -> Iterator[Finding]:
    n = len(data.features)
    for name, earlier in find_redundant_columns(data.features).items():
        column = _source_of(name, tables)
        yield Finding(
            kind="equal_columns" if earlier else "constant_column",
            severity=Severity.NOTE,
            table=tables.get(column),
            column=column,
            count=n,
            of=n,
            values={"other": earlier} if earlier else {},
        )


def _find_many_words(data: CrossSection, tables: dict[str, str]) -> Iterator[Finding]:
    for name, words in data.features.vocabularies.items():
        n_different = data.rows.aggregate(n=_[name].nunique()).to_pyarrow()["n"][0].as_py()
        if n_different > MAX_WORDS:
            has_word = ~np.isnan(data.features.column(name))
            yield Finding(
                kind="many_words" if words else "free_text",
                severity=Severity.NOTE,
                table=tables[name],
                column=name,
                count=int(has_word.sum()),
                of=len(has_word),
                values={"n_words": n_different},
            )


def _source_of(feature: str, tables: dict[str, str]) -> str:
    """The column of the file behind a feature; the age of a date is called after it."""
    return feature if feature in tables else feature.removeprefix("days_since_")


CHECK = Check(mark_source=mark_source, find=find)
