"""Columns of a cross-section that features do not use, or not as they are written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity, list_texts
from tables.attributes import MAX_WORDS
from tables.cross_section import CrossSection
from tables.cross_section_columns import find_redundant_columns
from tables.personal_columns import PersonalColumn


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each column."""
    if data.cross_section is None:
        return
    tables = {column: name for name, listed in data.cross_section.listed.items() for column in listed.columns}
    yield from map(_describe_personal, data.cross_section.unused)
    yield from _find_redundant(data.cross_section, tables)
    yield from _find_many_words(data.cross_section, tables)
    yield from _find_not_finite(data.cross_section, tables)


def _describe_personal(personal: PersonalColumn) -> Finding:
    return Finding(
        kind="personal_column",
        severity=Severity.NOTE,
        table=personal.table,
        column=personal.column,
        count=1,
        of=1,
        example=personal.word,
        setting=None if personal.word is None else f"null_values = {list_texts([personal.word])}",
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
        n_different = len(data.arrow[name].drop_null().unique())
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


def _find_not_finite(data: CrossSection, tables: dict[str, str]) -> Iterator[Finding]:
    for name, count in data.n_not_finite.items():
        if name in tables:
            table = tables[name]
            yield Finding(
                kind="no_finite_number",
                severity=Severity.NOTE,
                table=table,
                column=name,
                count=count,
                of=data.n_rows[table],
            )


def _source_of(feature: str, tables: dict[str, str]) -> str:
    """The column of the file behind a feature; the age of a date is called after it."""
    return feature if feature in tables else feature.removeprefix("days_since_")


CHECK = Check(find=find)
