"""Columns that tell who somebody is instead of what they are like: names, addresses, numbers, near-unique ids.

A model would learn people by heart from them, so they are refused as
features, even where the TOML lists them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from tables.engines.expressions import Expression, ibis

SAMPLE_ROWS = 100_000
FEWEST_VALUES = 20
"Below so many values nothing counts as near-unique."
MOST_DISTINCT = 0.9
TELLING_SHARE = 0.5

MAIL = r"^[^@\s]+@[^@\s]+[.][^@\s]+$"
PHONE = r"^([+]|[(]?0|[(])[0-9() .-]{8,18}$"
PERSON = r"^([A-Z][a-z]+ [A-Z][a-z]+|[一-龥]{1,4}[ 　][一-龥ぁ-ゖ]{1,4})$"

CALLED_NAME = re.compile(
    r"^(full|first|last|given|family|middle|customer|user|contact|owner)?_?(sur)?name$|kana|address|street"
    r"|氏名|名前|姓|住所|フリガナ"
)
CALLED_MAIL = re.compile(r"e_?mail|(^|_)mail|メール")
CALLED_PHONE = re.compile(r"phone|(^|_)(tel|mobile|fax)(_|$)|電話|携帯")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s\-.]+")


@dataclass(frozen=True)
class Suspicion:
    """A column that is refused as a feature."""

    table: str
    column: str
    looks_like: str
    "names, mail addresses, phone numbers or near-unique ids."


def suspicions_of(name: str, table: ir.Table, columns: Sequence[str]) -> tuple[Suspicion, ...]:
    """Which of the columns look personal, by what they are called and by a sample of what they hold."""
    texts = [column for column in columns if table[column].type().is_string()]
    shares = _shares(table, texts)
    found = [(column, _called_like(column) or _holds_like(shares.get(column, {}))) for column in columns]
    return tuple(Suspicion(name, column, looks_like) for column, looks_like in found if looks_like)


def _called_like(column: str) -> str | None:
    called = WORDS.sub("_", column).lower()
    kinds = ((CALLED_MAIL, "mail addresses"), (CALLED_PHONE, "phone numbers"), (CALLED_NAME, "names"))
    return next((kind for pattern, kind in kinds if pattern.search(called)), None)


def _shares(table: ir.Table, columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each text column: how many values, and which share of them is distinct or looks like something."""
    if not columns:
        return {}
    sample = table.select(*columns).limit(SAMPLE_ROWS)
    facts = [fact for place, column in enumerate(columns) for fact in _facts(sample[column], place)]
    row = sample.aggregate(facts).to_pyarrow().to_pylist()[0]
    names = ("values", "distinct", "mails", "phones", "persons")
    return {
        column: {name: float(row[f"{name}_{place}"] or 0) for name in names} for place, column in enumerate(columns)
    }


def _facts(cell: Expression, place: int) -> list[Expression]:
    shapes = {"mails": MAIL, "phones": PHONE, "persons": PERSON}
    looks = [ibis.ifelse(cell.re_search(shape), 1, 0).sum().name(f"{name}_{place}") for name, shape in shapes.items()]
    return [cell.count().name(f"values_{place}"), cell.nunique().name(f"distinct_{place}"), *looks]


def _holds_like(counts: dict[str, float]) -> str | None:
    values = counts.get("values", 0)
    if not values:
        return None
    share = {name: count / values for name, count in counts.items()}
    if share["mails"] > TELLING_SHARE:
        return "mail addresses"
    if share["phones"] > TELLING_SHARE:
        return "phone numbers"
    if values < FEWEST_VALUES:
        return None
    if share["persons"] > TELLING_SHARE and share["distinct"] > TELLING_SHARE:
        return "names"
    return "near-unique ids" if share["distinct"] > MOST_DISTINCT else None
