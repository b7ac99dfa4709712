"""Columns that are read as words although most of their values are numbers: a few 'n/a' are enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.compute as pc
from ibis import _

from core.currencies import currency_codes, marks_of
from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity, list_texts
from features.check.marks import fetch_one
from tables.cleaning.characters import is_one_of
from tables.cleaning.evidence import MIN_NUMBERS

NUMBER = r"^[^0-9]{0,4}[0-9]{1,3}([., '][0-9]{3})*[0-9]*([.,][0-9]+)?[^0-9]{0,2}$"
"A number with its marks: $1,234.50, EUR 5, 12 %, 1.234,50."
MIN_SHARE = 0.8
"Share of the values that are numbers, from which the column is one of numbers."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each listed attribute, and for each feature of a cross-section."""
    for table in data.checked.values():
        rows = data.cross_section.rows if data.cross_section is not None else table.rows
        kinds = dict(rows.schema().items())
        for column in table.columns:
            if table.kind(column) is not None or column not in kinds or not kinds[column].is_string():
                continue
            text = table.text(column)
            if text is not None and _may_be_numbers(data, column):
                yield from _judge(data, table, column=column, text=text)


def _may_be_numbers(data: CheckedData, column: str) -> bool:
    """Whether many words of a column look like numbers: a cross-section may have too many columns to query each."""
    if data.cross_section is None:
        return True
    words = data.cross_section.arrow[column].drop_null()
    looks_like_number = pc.match_substring_regex(pc.utf8_trim_whitespace(words), NUMBER)
    return len(words) > 0 and pc.sum(looks_like_number).as_py() >= MIN_SHARE * len(words)


def _judge(data: CheckedData, table: CheckedTable, *, column: str, text: ir.Value) -> Iterator[Finding]:
    counts = _count_values(text, base_currency=data.config.currency)
    if not counts["n"]:
        return
    n_words = counts["n"] - counts["numbers"]
    if counts["distinct"] < MIN_NUMBERS or counts["numbers"] < MIN_SHARE * counts["n"]:
        return
    example = counts["word"] if n_words else counts["number"]
    yield Finding(
        kind="mostly_numbers" if n_words else "numbers_as_words",
        severity=Severity.WARNING,
        table=table.name,
        column=column,
        count=counts["numbers"],
        of=counts["n"],
        example=example,
        row=data.row_of(example, table=table.name, column=column),
        setting=f"null_values = {list_texts([example])}" if n_words else None,
        values={"n_words": n_words},
    )


def _count_values(text: ir.Value, *, base_currency: str) -> dict[str, Any]:
    values = text.name("value").as_table()
    values = values.filter(_.value.strip() != "").group_by("value").aggregate(n=_.count())
    text = values.value.strip()
    marks = {*currency_codes(), *marks_of(base_currency)}
    # P12 is a code, not an amount: the letters before a number have to name a currency.
    has_mark = is_one_of(text.re_replace("[-+( ]*[0-9].*$", "").replace(".", "").upper(), sorted(marks))
    is_number = text.re_search(NUMBER) & (has_mark | ~text.re_search("^[A-Za-z]"))
    row = fetch_one(
        values.aggregate(
            n=_.n.sum(),
            numbers=ibis.ifelse(is_number, _.n, 0).sum(),
            distinct=ibis.ifelse(is_number, 1, 0).sum(),
            number=ibis.ifelse(is_number, _.value, ibis.null("string")).min(),
            word=ibis.ifelse(is_number, ibis.null("string"), _.value).min(),
        )
    )
    return {name: value if value is None or isinstance(value, str) else int(value) for name, value in row.items()}


CHECK = Check(find=find)
