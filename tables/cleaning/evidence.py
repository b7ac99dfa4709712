"""Finds how the dates and numbers of text columns are written, and which attributes are numbers.

    10/01/2026  11/02/2026  25/03/2026       day first: 25 is no month
    1.250,00    980,50                       a decimal comma
    10/01/2026  11/02/2026                   could be two dates: unreadable, and never guessed
    1.250       980                          could be 1250 or 1.25: an error that asks

Only the reading that fits every value of the column is taken, and the load report says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import msgspec

from core.config.sources import ValueFormat
from core.errors import DataError
from core.i18n.message import Message
from tables.cleaning.characters import is_usual_null_word, narrow

DATE = "[-/. ]({two})[-/. ][0-9]{{4}}($|[^0-9])"
ANY_DATE = "^[0-9]{1,2}" + DATE.format(two="[0-9]{1,2}")
OVER_12 = "1[3-9]|2[0-9]|3[01]"
FIRST_OVER_12 = f"^({OVER_12})" + DATE.format(two="0?[1-9]|1[0-2]")
SECOND_OVER_12 = "^(0?[1-9]|1[0-2])" + DATE.format(two=OVER_12)


def _number_shapes(decimal: str, group: str) -> dict[str, str]:
    decimal, group = f"[{decimal}]", f"[{group}]"
    return {
        "proof": (
            f"^([0-9]{{1,3}}({group}[0-9]{{3}})+{decimal}[0-9]*|[0-9]*{decimal}([0-9]{{1,2}}|[0-9]{{4,}})"
            f"|(0|[0-9]{{4,}}){decimal}[0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}}){{2,}})$"
        ),
        "unclear": f"^[1-9][0-9]{{0,2}}{decimal}[0-9]{{3}}$",
    }


DOT, COMMA = _number_shapes(".", ","), _number_shapes(",", ".")
"Numbers that prove this decimal mark, and numbers with one such mark before exactly three digits."

PLAIN_NUMBER = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"
"A number as computers write it."
CODE = "^0[0-9]+$"
"Digits that are no number: 00501."
CALLED_CODE = re.compile(
    r"(^|[_\s])(id|no|nr|number|key|code)$|zip|plz|postal|postcode|番号|コード|郵便", re.IGNORECASE
)
"Names of attributes whose digits are no numbers."
MIN_NUMBERS = 20
"Different numbers; fewer are classes, such as a grade from 1 to 5, which words express as well."


@dataclass(frozen=True)
class WrittenColumn:
    """A text column of the source that is read as a kind."""

    name: str
    "Its column in the contract."
    cell: ir.Value
    kind: str
    written: ValueFormat


@dataclass(frozen=True)
class ReadingNote:
    """How a column was read, where the values decided it."""

    column: str
    text: Message
    setting: str = ""
    "The setting of the TOML that would state the same."


@dataclass(frozen=True)
class Evidence:
    """What the values say about columns of a table whose format is not stated."""

    formats: Mapping[str, ValueFormat]
    notes: tuple[ReadingNote, ...] = ()
    numeric: frozenset[str] = frozenset()
    "Attributes all of whose values are numbers."


def find_evidence(table: str, source: ir.Table, *, columns: list[WrittenColumn]) -> Evidence:
    """Look at the values of columns whose format is not stated.

    Raises DataError where every number of a column could be two numbers.
    """
    tests = {f"{place} {test}": value for place, column in enumerate(columns) for test, value in _tests(column).items()}
    if not tests:
        return Evidence({})
    row = source.aggregate(**tests).to_pyarrow().to_pylist()[0]
    counts = [
        {test.partition(" ")[2]: value for test, value in row.items() if test.startswith(f"{place} ")}
        for place in range(len(columns))
    ]
    formats: dict[str, ValueFormat] = {}
    notes: list[ReadingNote] = []
    has_commas = any(count.get("comma") and not count.get("dot") for count in counts)
    for column, count in zip(columns, counts, strict=True):
        if "dates" in count:
            setting, note = _date_order(column.name, count)
        elif "dot" in count:
            setting, note = _decimal_mark(f"{table}.{column.name}", count, has_commas=has_commas)
        else:
            setting, note = {}, None
        if setting:
            formats[column.name] = msgspec.structs.replace(column.written, **setting)
        if note is not None:
            notes.append(ReadingNote(column.name, *note))
        if count.get("null words"):
            values = {"n": int(count["null words"]), "example": str(count["null word"])}
            text = Message("{n} values such as '{example}' mean missing", values)
            notes.append(ReadingNote(column.name, text, "null_values"))
    numeric = {one.name for one, count in zip(columns, counts, strict=True) if _is_numeric(count)}
    return Evidence(formats, tuple(notes), frozenset(numeric))


def _is_numeric(count: Mapping[str, int]) -> bool:
    """Whether every value of an attribute that does not mean missing is a number."""
    return count.get("different numbers", 0) >= MIN_NUMBERS and count["numbers"] == count["values"]


def _tests(column: WrittenColumn) -> dict[str, ir.Value]:
    """What to count in a column, by the name of the count."""
    written, tests = column.written, dict[str, ir.Value]()
    if not column.cell.type().is_string():
        return tests
    text = narrow(column.cell)
    if column.kind in ("time", "date") and written.date_format is None:
        date_tests = {"dates": ANY_DATE, "day first": FIRST_OVER_12, "month first": SECOND_OVER_12}
        tests |= {name: _count(text.re_search(regex)) for name, regex in date_tests.items()}
    if column.kind in ("number", "integer") and (written.decimal, written.thousands) == (None, None):
        core = text.re_extract("[0-9][0-9.,]*", 0)
        for mark, shape in (("dot", DOT), ("comma", COMMA)):
            unclear = core.re_search(shape["unclear"])
            tests[mark], tests[f"unclear {mark}"] = _count(core.re_search(shape["proof"])), _count(unclear)
            tests[f"example {mark}"] = ibis.ifelse(unclear, column.cell, ibis.null("string")).min()
    if column.kind == "id" and written.null_values != ():
        is_word = is_usual_null_word(column.cell)
        tests["null words"] = _count(is_word)
        tests["null word"] = ibis.ifelse(is_word, column.cell, ibis.null("string")).min()
    if column.kind == "attribute" and not CALLED_CODE.search(column.name):
        value = narrow(column.cell.strip()).nullif("")
        is_missing = is_usual_null_word(value) | value.isin(list(written.null_values or ()))
        value = ibis.ifelse(is_missing, ibis.null("string"), value)
        number = ibis.ifelse(value.re_search(PLAIN_NUMBER) & ~value.re_search(CODE), value, ibis.null("string"))
        tests |= {"values": value.count(), "numbers": number.count(), "different numbers": number.nunique()}
    return tests


def _count(condition: ir.Value) -> ir.Value:
    return ibis.coalesce(ibis.ifelse(condition, 1, 0).sum(), 0)


def _date_order(name: str, count: Mapping[str, int]) -> tuple[dict[str, str], tuple[Message, str] | None]:
    day_first, month_first, dates = (count[test] for test in ("day first", "month first", "dates"))
    if bool(day_first) == bool(month_first):
        return {}, None
    order = "day_first" if day_first else "month_first"
    values = {"n": day_first or month_first, "of": dates}
    if day_first:
        note = Message("day first: {n} of {of} dates have a first number above 12", values)
    else:
        note = Message("month first: {n} of {of} dates have a second number above 12", values)
    return {"date_format": order}, (note, f'date_format = "{order}"')


def _decimal_mark(
    place: str, count: Mapping[str, int], *, has_commas: bool
) -> tuple[dict[str, str], tuple[Message, str] | None]:
    if count["comma"] and not count["dot"]:
        note = Message("decimal comma: {n} values have one", {"n": count["comma"]})
        return {"decimal": ","}, (note, 'decimal = ","')
    if count["dot"] or count["comma"]:
        return {}, None
    if count["unclear dot"]:
        raise _ask(place, str(count["example dot"]), n=count["unclear dot"], mark=".")
    if count["unclear comma"] and has_commas:
        raise _ask(place, str(count["example comma"]), n=count["unclear comma"], mark=",")
    return {}, None


def _ask(place: str, example: str, *, n: int, mark: str) -> DataError:
    name = "dot" if mark == "." else "comma"
    return DataError(
        f"{place}: {n:,} values such as '{example}' could be two numbers, because every {name} has exactly three "
        f'digits behind it; set thousands = "{mark}" or decimal = "{mark}" for the column or its table'
    )
