"""Finds columns that identify a person instead of describing them: names, addresses, numbers, near-unique ids, remarks.

A model would memorise people from them, so features never use them, even where the TOML lists them. A column that is
only called like one (`email_opt_in` with yes and no, `phone_minutes` with amounts) is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

SAMPLE_ROWS = 100_000
MIN_VALUES = 20
"With fewer values a column is never near-unique."
NEAR_UNIQUE_SHARE = 0.9
"Share of distinct values above which a column is near-unique."
PATTERN_SHARE = 0.5
"Share of values that match a pattern above which the column is personal."

MAX_CLASSES = 10
"Different values up to which a column with several rows for each has classes, such as yes and no."
SHORTEST_PHONE = 1e6

MAIL = r"^[^@\s]+@[^@\s]+[.][^@\s]+$"
PHONE = r"^([+]|[(]?0|[(])[0-9() .-]{8,18}$"
FREE_TEXT = r"(\S+\s+){3}\S|[。、!?]|[ぁ-ゖ].*[ぁ-ゖ].*[ぁ-ゖ].*[ぁ-ゖ]"
"Sentences: at least four words, or the marks and endings of a Japanese sentence."
DATE = r"^[0-9]{1,2}[.-][0-9]{1,2}[.-](19|20)[0-9]{2}( |$)"
"What looks like a telephone number and is a day, such as 01.02.1980."
PERSON = r"^([A-Z][a-z]+ [A-Z][a-z]+|[一-龥]{1,4}[ 　][一-龥ぁ-ゖ]{1,4})$"

CALLED_NAME = re.compile(
    r"^(full|first|last|given|family|middle|customer|user|contact|owner)?_?(sur)?name$|kana|address|street"
    r"|氏名|名前|姓|住所|フリガナ"
)
CALLED_MAIL = re.compile(r"e_?mail|(^|_)mail|メール")
CALLED_PHONE = re.compile(r"phone|(^|_)(tel|mobile|fax)(_|$)|電話|携帯")
WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s\-.]+")


@dataclass(frozen=True)
class PersonalColumn:
    """A column that features do not use."""

    table: str
    column: str
    looks_like: str
    "names, mail addresses, phone numbers, near-unique ids or free text."


def find_personal_columns(name: str, table: ir.Table, *, columns: Sequence[str]) -> tuple[PersonalColumn, ...]:
    """The columns that look personal, by their name and by a sample of their values."""
    texts = [column for column in columns if table[column].type().is_string()]
    called = {column: kind for column in columns if (kind := _judge_name(column))}
    numbers = [column for column in called if table[column].type().is_numeric()]
    counts, are_numbers = _count_values(table, texts), _are_phone_numbers(table, numbers)
    verdicts = {column: _judge_values(counts[column], called=called.get(column)) for column in texts}
    verdicts |= {column: called[column] for column in numbers if are_numbers[column]}
    return tuple(PersonalColumn(name, column, looks_like) for column in columns if (looks_like := verdicts.get(column)))


def _judge_name(column: str) -> str | None:
    name = WORD_BOUNDARY.sub("_", column).lower()
    kinds = ((CALLED_MAIL, "mail addresses"), (CALLED_PHONE, "phone numbers"), (CALLED_NAME, "names"))
    return next((kind for pattern, kind in kinds if pattern.search(name)), None)


def _are_phone_numbers(table: ir.Table, columns: Sequence[str]) -> dict[str, bool]:
    """Whether each column of numbers may hold telephone numbers: whole, long and mostly different."""
    if not columns:
        return {}
    sample = table.select(*columns).limit(SAMPLE_ROWS)
    tests: dict[str, ir.Value] = {}
    for place, column in enumerate(columns):
        number = sample[column].cast("float64")
        is_long = (number >= SHORTEST_PHONE) & (number == number.floor())
        is_distinct = number.nunique() > PATTERN_SHARE * number.count()
        tests[f"{place}"] = (is_long.cast("int64").sum() > PATTERN_SHARE * number.count()) & is_distinct
    row = sample.aggregate(**tests).to_pyarrow().to_pylist()[0]
    return {column: bool(row[f"{place}"]) for place, column in enumerate(columns)}


def _count_values(table: ir.Table, columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each text column: the number of values, of distinct ones, and of those that match each pattern."""
    if not columns:
        return {}
    sample = table.select(*columns).limit(SAMPLE_ROWS)
    counts = [count for place, column in enumerate(columns) for count in _column_counts(sample[column], place)]
    row = sample.aggregate(counts).to_pyarrow().to_pylist()[0]
    names = ("values", "distinct", "mails", "phones", "persons", "sentences")
    return {
        column: {name: float(row[f"{name}_{place}"] or 0) for name in names} for place, column in enumerate(columns)
    }


def _column_counts(cell: ir.Value, place: int) -> list[ir.Value]:
    patterns = {"mails": MAIL, "phones": PHONE, "persons": PERSON, "sentences": FREE_TEXT}
    matching = {name: cell.re_search(pattern) for name, pattern in patterns.items()}
    matching["phones"] &= ~cell.re_search(DATE)
    matches = [ibis.ifelse(is_found, 1, 0).sum().name(f"{name}_{place}") for name, is_found in matching.items()]
    return [cell.count().name(f"values_{place}"), cell.nunique().name(f"distinct_{place}"), *matches]


def _judge_values(counts: dict[str, float], *, called: str | None) -> str | None:
    n_values = counts["values"]
    if called is not None:
        return None if _are_classes(counts) else called
    if not n_values:
        return None
    share = {name: count / n_values for name, count in counts.items()}
    if share["mails"] > PATTERN_SHARE:
        return "mail addresses"
    if share["phones"] > PATTERN_SHARE:
        return "phone numbers"
    if n_values < MIN_VALUES:
        return None
    if share["persons"] > PATTERN_SHARE and share["distinct"] > PATTERN_SHARE:
        return "names"
    if share["distinct"] <= NEAR_UNIQUE_SHARE:
        return None
    return "free text" if share["sentences"] > PATTERN_SHARE else "near-unique ids"


def _are_classes(counts: dict[str, float]) -> bool:
    """Whether a text column has a few values that many rows share."""
    return 1 < counts["distinct"] <= MAX_CLASSES and counts["distinct"] * 2 <= counts["values"]
