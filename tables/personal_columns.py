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
COLUMNS_AT_ONCE = 100
"A query with all of thousands of columns would take minutes to write."
MIN_VALUES = 20
"With fewer values a column is never near-unique."
NEAR_UNIQUE_SHARE = 0.9
"Share of distinct values above which a column is near-unique."
PATTERN_SHARE = 0.5
"Share of values that match a pattern above which the column is personal."

MOSTLY = 0.8
"Share of numbers from which a column holds numbers, whatever words stand among them."
MAX_CLASSES = 10
"Different values up to which a column with several rows for each has classes, such as yes and no."
SHORTEST_PHONE = 1e6

MAIL = r"^[^@\s]+@[^@\s]+[.][^@\s]+$"
PHONE = r"^([+]|[(]?0|[(])[0-9() .-]{8,18}$"
FREE_TEXT = r"(\S+\s+){3}\S|[。、!?]|[ぁ-ゖ].*[ぁ-ゖ].*[ぁ-ゖ].*[ぁ-ゖ]"
"Sentences: at least four words, or the marks and endings of a Japanese sentence."
DATE = r"^[0-9]{1,2}[.-][0-9]{1,2}[.-](19|20)[0-9]{2}( |$)"
"What looks like a telephone number and is a day, such as 01.02.1980."
NUMBER = r"^[^0-9A-Za-z]{0,4}[0-9][0-9., ']*[^0-9A-Za-z]{0,2}$"
"A number with its marks: $1,234.50, 12 %, 1.234,50."
NUMBERS_AND_WORDS = "numbers (and words)"
PERSON = r"^([A-Z][a-z]+ [A-Z][a-z]+|[一-龥]{1,4}[ 　][一-龥ぁ-ゖ]{1,4})$"
PATTERNS = {"mails": MAIL, "phones": PHONE, "persons": PERSON, "sentences": FREE_TEXT, "numbers": NUMBER}

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
    "names, mail addresses, phone numbers, near-unique ids, free text, or numbers (and words)."
    word: str | None = None
    "One of those words."


def find_personal_columns(name: str, table: ir.Table, *, columns: Sequence[str]) -> tuple[PersonalColumn, ...]:
    """The columns that look personal, by their name and by a sample of their values."""
    texts = [column for column in columns if table[column].type().is_string()]
    called = {column: kind for column in columns if (kind := _judge_name(column))}
    numbers = [column for column in called if table[column].type().is_numeric()]
    counts, are_numbers = _count_values(table, texts), _are_phone_numbers(table, numbers)
    verdicts = {column: _judge_values(counts[column], called=called.get(column)) for column in texts}
    verdicts |= {column: called[column] for column in numbers if are_numbers[column]}
    kinds = {column: kind for column in columns if (kind := verdicts.get(column))}
    words = {column: _first_word(table[column]) for column, kind in kinds.items() if kind == NUMBERS_AND_WORDS}
    return tuple(PersonalColumn(name, column, kind, words.get(column)) for column, kind in kinds.items())


def _first_word(cell: ir.Value) -> str | None:
    """The first value in alphabetical order that is no number."""
    return ibis.ifelse(cell.re_search(NUMBER), ibis.null("string"), cell).min().to_pyarrow().as_py()


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
        tests[f"{place}"] = (is_long.sum() > PATTERN_SHARE * number.count()) & is_distinct
    row = sample.aggregate(**tests).to_pyarrow().to_pylist()[0]
    return {column: bool(row[f"{place}"]) for place, column in enumerate(columns)}


def _count_values(table: ir.Table, columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each text column: the number of values, of distinct ones, and of those that match each pattern."""
    result: dict[str, dict[str, float]] = {}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        some = columns[start : start + COLUMNS_AT_ONCE]
        sample = table.select(*some).limit(SAMPLE_ROWS)
        counts = [count for place, column in enumerate(some) for count in _column_counts(sample[column], place)]
        row = sample.aggregate(counts).to_pyarrow().to_pylist()[0]
        names = ("values", "distinct", *PATTERNS)
        result |= {
            column: {name: float(row[f"{name}_{place}"] or 0) for name in names} for place, column in enumerate(some)
        }
    return result


def _column_counts(cell: ir.Value, place: int) -> list[ir.Value]:
    matching = {name: cell.re_search(pattern) for name, pattern in PATTERNS.items()}
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
    if MOSTLY <= share["numbers"] < 1:
        return NUMBERS_AND_WORDS
    return "free text" if share["sentences"] > PATTERN_SHARE else "near-unique ids"


def _are_classes(counts: dict[str, float]) -> bool:
    """Whether a text column has a few values that many rows share."""
    return 1 < counts["distinct"] <= MAX_CLASSES and counts["distinct"] * 2 <= counts["values"]
