"""Features as data: what is computed of which table, and what it means to people.

    lines of a table        an order's lines ......   one order   (a grain: each distinct key counts once)
    grain rows by age       |7|  30  |  90  |  ...    bands       (age in local days before the cutoff)
    measures                count, sum, ... of the grain rows younger than a window
    expressions             ratios and the like over measures

Nothing here computes; nothing but the compiler knows how a feature is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from core.digest import digest_of
from core.feature_table import SEMANTICS, FeatureColumn
from core.rules.rule import parse_rule

DAY_FACTS = ("age_days", "weekday", "hour")
"What every fact has beside its columns: local days before the cutoff (1 is the day before), Monday 0, 0 to 23."

SHORT_HISTORY = "the recorded history is shorter than the window"

Aggregate = Literal["count", "sum", "magnitude", "squares", "least", "largest"]
"magnitude sums absolute values, squares sums squares."


class Declared(msgspec.Struct, frozen=True, tag=True):
    """A part of a declaration; equal parts are computed once."""


class Carried(Declared, frozen=True):
    """A column of a grain: an aggregate over the lines of one grain row."""

    name: str
    aggregate: Aggregate
    column: str = ""
    "Of the table; not needed to count."


class Grain(Declared, frozen=True):
    """What is counted: the distinct keys of each customer; without keys, the lines themselves.

    A grain row is as old as its newest line.
    """

    name: str
    table: str
    keys: tuple[str, ...] = ()
    where: str | None = None
    "Which lines take part, in the language of core.rules.rule."
    carries: tuple[Carried, ...] = ()
    follows: bool = False
    "Whether each row knows `gap_days`, how long after the customer's row before it came (missing for the first)."

    def sources(self, column: str) -> set[str]:
        """The columns of the table that a column of this grain is made of."""
        if column in ("", "age_days", "gap_days"):
            return set()
        carried = {part.name: part.column for part in self.carries}
        return {carried.get(column, column)} - {"", *DAY_FACTS}


class GrainAggregate(Declared, frozen=True):
    """An aggregate over the rows of a grain."""

    grain: Grain
    aggregate: Aggregate


class Measure(GrainAggregate, frozen=True, kw_only=True):
    """One number per customer: an aggregate over the customer's grain rows before the cutoff.

    Without any row, `count`, `sum`, `magnitude` and `squares` are 0; `least` and `largest` are missing. Every
    measure is missing where its window is longer than the table's recorded history.
    """

    column: str = ""
    "Of the grain; not needed to count."
    window_days: int | None = None
    "None: all that is recorded."
    condition: str | None = None
    "Which grain rows take part, in the language of core.rules.rule."


class Ratio(Declared, frozen=True):
    """One number over another; missing where the other is missing or not above zero."""

    of: Expression
    over: Expression


class Difference(Declared, frozen=True):
    """One number less another."""

    of: Expression
    less: Expression


class Deviation(Declared, frozen=True):
    """The sample standard deviation from a count, a sum and a sum of squares; missing below two values."""

    count: Expression
    total: Expression
    squares: Expression


class Leader(Declared, frozen=True):
    """The word whose number is the largest or the least (the first of equals); missing where all are missing or 0."""

    words: tuple[str, ...]
    numbers: tuple[Expression, ...]
    prefers: Literal["largest", "least"]


Expression = Measure | Ratio | Difference | Deviation | Leader


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One declared feature."""

    name: str
    family: str
    "What a marketer would call it: recency, frequency, spend, ..."
    expression: Expression
    unit: str
    en: str
    "A noun phrase; so that 'orders in the last 30 days: 2 (usually 5)' can be read to people."
    ja: str
    missing: str = SHORT_HISTORY
    "What a missing value means."
    says_en: str = ""
    "For reasons, with {value} and {usual}, where the noun phrase alone reads badly."
    says_ja: str = ""
    usual_of: str | None = None
    "The feature that holds the customer's own usual value of this one."

    @property
    def digest(self) -> str:
        """Changes when the way the feature is computed changes, whatever it derives from included."""
        return digest_of([SEMANTICS, self.name, self.expression])

    @property
    def column(self) -> FeatureColumn:
        """What a feature table says of this feature."""
        return FeatureColumn(
            name=self.name,
            family=self.family,
            unit=self.unit,
            en=self.en,
            ja=self.ja,
            missing=self.missing,
            digest=self.digest,
            says_en=self.says_en or f"{self.en}: {{value}} (usually {{usual}})",
            says_ja=self.says_ja or f"{self.ja}: {{value}}(通常{{usual}})",
            usual_of=self.usual_of,
            vocabulary=self.expression.words if isinstance(self.expression, Leader) else None,
        )


def operands(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is made of; a measure is made of nothing but its table."""
    match expression:
        case Measure():
            return ()
        case Ratio():
            return (expression.of, expression.over)
        case Difference():
            return (expression.of, expression.less)
        case Deviation():
            return (expression.count, expression.total, expression.squares)
        case Leader():
            return expression.numbers


def measures_of(expression: Expression) -> Iterator[Measure]:
    """Every measure below an expression."""
    if isinstance(expression, Measure):
        yield expression
    for operand in operands(expression):
        yield from measures_of(operand)


def columns_of(measure: Measure) -> set[str]:
    """The columns of the measure's table without which it cannot be computed."""
    grain = measure.grain
    needed = set(grain.keys) - set(DAY_FACTS)
    needed |= grain.sources(measure.column)
    needed |= names_in(grain.where) - set(DAY_FACTS)
    for name in names_in(measure.condition):
        needed |= grain.sources(name)
    return needed


def names_in(rule: str | None) -> set[str]:
    """The columns that a condition speaks of."""
    return set(parse_rule(rule).names()) if rule else set()
