"""Amounts with the mark of a currency that is not the data set's own: dollars would be added to pounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import ibis
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity

MONEY = ("amount", "cost", "price", "mrr", "refunded", "acquisition_cost", "margin")
"Columns of the contract that hold money."
MARKS: Mapping[str, frozenset[str]] = {
    "$": frozenset({"USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"}),
    "us$": frozenset({"USD"}),
    "a$": frozenset({"AUD"}),
    "c$": frozenset({"CAD"}),
    "r$": frozenset({"BRL"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "￥": frozenset({"JPY", "CNY"}),
    "円": frozenset({"JPY"}),
    "元": frozenset({"CNY"}),
    "₩": frozenset({"KRW"}),
    "₹": frozenset({"INR"}),
    "₽": frozenset({"RUB"}),
    "₺": frozenset({"TRY"}),
    "฿": frozenset({"THB"}),
    "₫": frozenset({"VND"}),
    "zł": frozenset({"PLN"}),
    "kč": frozenset({"CZK"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "fr": frozenset({"CHF"}),
}
"Signs, in lower case, and the currencies that use them. A code such as EUR stands for itself."
NUMBER_PARTS = "[0-9.,()+%'\\s\u00a0\u202f０-９．，−△▲-]"
MAX_MARKS = 6


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of money that is text in the source, where no column states currencies."""
    for table in data.checked.values():
        if table.is_cross_section or "currency" in table.columns:
            continue
        for column in MONEY:
            if column in table.columns:
                yield from _judge(data, table, column=column)


def _judge(data: CheckedData, table: CheckedTable, *, column: str) -> Iterator[Finding]:
    for cell in table.cells(column):
        if not cell.type().is_string():
            continue
        marked = table.source.select(text=cell, mark=cell.re_replace(NUMBER_PARTS, "").lower())
        marks = marked.filter(_.mark != "").group_by("mark").aggregate(n=_.count(), example=_.text.min())
        counts = marks.order_by(ibis.desc("n"), "mark").to_pyarrow().to_pylist()
        foreign = [row for row in counts if is_foreign(row["mark"], data.config.currency)]
        if foreign:
            yield Finding(
                kind="foreign_marks",
                severity=Severity.ERROR,
                table=table.name,
                column=column,
                count=sum(row["n"] for row in foreign),
                of=int(table.source.count().to_pyarrow().as_py()),
                example=foreign[0]["example"],
                row=data.row_of(foreign[0]["example"], table=table.name, column=column),
                setting=f'currency = {{ marks_of = "{table.source_names(column)[0]}" }}',
                values={
                    "words": tuple(row["mark"].upper() for row in foreign[:MAX_MARKS]),
                    "currency": data.config.currency,
                    "section": f"[tables.{table.name}.columns]",
                },
            )


def is_foreign(mark: str, currency: str) -> bool:
    """Whether a mark in lower case belongs to other currencies only; a text that is no currency's mark does not."""
    mark = mark.strip(".")
    users = MARKS.get(mark) or (frozenset({mark.upper()}) if mark.upper() in _codes() else frozenset())
    return bool(users) and currency not in users


@cache
def _codes() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


CHECK = Check(find=find)
