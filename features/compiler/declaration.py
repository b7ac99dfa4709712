"""Declarations of features: which table and aggregate they come from, and what they mean to people.

    rows of a table         an order's lines ......   one order   (a grain: each distinct key counts once)
    grain rows by age       |7|  30  |  90  |  ...    bands       (age in local days before the cutoff)
    measures                count, sum, ... of the grain rows younger than a window
    expressions             ratios, differences, ... of measures

Declarations are data. `features.compiler.compiler` computes them. Their class, field and grain names enter the
digest of a feature: renaming one changes every digest, and a release then refuses all champions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from core.feature_table import SEMANTICS, FeatureColumn
from core.i18n.translation import ENGLISH, JAPANESE, Language, capitalize, translate, translate_template
from core.ids import digest_of
from core.rules.rule import parse_rule

DAY_FACTS = ("age_days", "weekday", "hour")
"Columns that every fact has beside those of its table: see `features.compiler.facts`."

AMOUNTS = ("base currency", "base currency a month")
"Units of amounts."

SHORT_HISTORY = "the recorded history is shorter than the window"
NEVER_MISSING = "never missing"

Aggregate = Literal["count", "sum", "magnitude", "squares", "least", "largest"]
"`magnitude` sums absolute values, `squares` sums squares."


class Declared(msgspec.Struct, frozen=True, tag=True):
    """A part of a declaration. Equal parts are computed once."""


class Carried(Declared, frozen=True):
    """A column of a grain: an aggregate over the table rows that make up one grain row."""

    name: str
    aggregate: Aggregate
    column: str = ""
    "Column of the table; not needed for `count`."


class Grain(Declared, frozen=True, kw_only=True):
    """What measures count: the distinct keys of each customer; without keys, the rows of the table themselves.

    A grain row is as old as the newest table row in it.
    """

    name: str
    table: str
    keys: tuple[str, ...] = ()
    where: str | None = None
    "Rule that selects the table rows (`core.rules.rule`)."
    carries: tuple[Carried, ...] = ()
    follows: bool = False
    "Whether rows have `gap_days`, the days since the customer's row before; missing for the first."

    def sources(self, column: str) -> set[str]:
        """The columns of the table that a column of this grain is computed from."""
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
    "Column of the grain; not needed for `count`."
    window_days: int | None = None
    "How far to look back; None for the whole record."
    condition: str | None = None
    "Rule that selects the grain rows (`core.rules.rule`)."


class Ratio(Declared, frozen=True):
    """`of` divided by `over`; missing where either is missing or `over` is not above zero."""

    of: Expression
    over: Expression


class Difference(Declared, frozen=True):
    """`of` minus `less`."""

    of: Expression
    less: Expression


class Deviation(Declared, frozen=True):
    """The sample standard deviation from a count, a sum and a sum of squares; missing with fewer than two values."""

    count: Expression
    total: Expression
    squares: Expression


class Leader(Declared, frozen=True):
    """The word with the largest or least number above 0, the first of ties; missing where no number is above 0."""

    words: tuple[str, ...]
    numbers: tuple[Expression, ...]
    prefers: Literal["largest", "least"]


Expression = Measure | Ratio | Difference | Deviation | Leader


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of a customer at a cutoff."""

    name: str
    family: str
    "Group that a marketer knows: recency, frequency, spend, ..."
    expression: Expression
    unit: str
    title: str
    "What it measures, as a noun phrase, because reasons print 'Orders in the last 30 days: 2'."
    missing: str = SHORT_HISTORY
    "Why a value can be missing, as a sentence without its capital letter and full stop."
    says: str = ""
    "A sentence for reasons, where the noun phrase alone reads badly. See `models.churn.sentences` for its gaps."
    says_missing: str = ""
    "A sentence for reasons where the value is missing. Default: `missing`."
    says_zero: str = ""
    "A sentence for reasons where the value is 0."
    says_above: str = ""
    "A sentence for reasons where the value is above 1, for multiples of what is usual."
    usual_of: str | None = None
    "Name of the feature that holds the customer's own usual value of this one."
    word: str = ""
    "Fills the gap `{word}` of the texts: a channel, an event, a plan, ... learned from the data."
    text_days: int | None = None
    "Fills the gaps `{window}`, `{days}` and `{twice}` of the texts; None is everything on record."

    @property
    def digest(self) -> str:
        """Changes when the computation of the feature, or of anything that it derives from, changes."""
        return digest_of([SEMANTICS, self.name, self.expression])

    @property
    def column(self) -> FeatureColumn:
        """The feature's description in a feature table, with its texts in English and Japanese."""
        return FeatureColumn(
            name=self.name,
            family=self.family,
            unit=self.unit,
            en=self._text(self.title, ENGLISH),
            ja=self._text(self.title, JAPANESE),
            missing=self.missing_in_words,
            digest=self.digest,
            says_en=self._text(self.says, ENGLISH) if self.says else "",
            says_ja=self._text(self.says, JAPANESE) if self.says else "",
            says_missing_en=self._missing_sentence(ENGLISH),
            says_missing_ja=self._missing_sentence(JAPANESE),
            says_zero_en=self._text(self.says_zero, ENGLISH) if self.says_zero else "",
            says_zero_ja=self._text(self.says_zero, JAPANESE) if self.says_zero else "",
            says_above_en=self._text(self.says_above, ENGLISH) if self.says_above else "",
            says_above_ja=self._text(self.says_above, JAPANESE) if self.says_above else "",
            usual_of=self.usual_of,
            vocabulary=self.expression.words if isinstance(self.expression, Leader) else None,
        )

    @property
    def missing_in_words(self) -> str:
        """Why a value can be missing, for the documentation."""
        has_window = any(measure.window_days is not None for measure in measures_of(self.expression))
        is_complete = self.missing in (NEVER_MISSING, SHORT_HISTORY) or not has_window
        missing = self._text(self.missing, ENGLISH)
        return missing if is_complete else f"{missing}, or {SHORT_HISTORY}"

    def _missing_sentence(self, language: Language) -> str:
        if self.says_missing:
            return self._text(self.says_missing, language)
        if self.missing in (NEVER_MISSING, SHORT_HISTORY):
            return ""
        return capitalize(self._text(self.missing, language))

    def _text(self, message: str, language: Language) -> str:
        days = self.text_days or 0
        window = translate("in the last {days} days" if days else "on record", language, days=days)
        twice = 2 * days
        return translate_template(message, language, window=window, days=days, twice=twice, word=self.word)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is computed from; none for a measure."""
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
    """Every measure that an expression is computed from, itself included."""
    if isinstance(expression, Measure):
        yield expression
    for operand in operands(expression):
        yield from measures_of(operand)


def columns_of(measure: Measure) -> set[str]:
    """The columns of its table that the measure needs."""
    grain = measure.grain
    needed = set(grain.keys) - set(DAY_FACTS)
    needed |= grain.sources(measure.column)
    needed |= names_in(grain.where) - set(DAY_FACTS)
    for name in names_in(measure.condition):
        needed |= grain.sources(name)
    return needed


def names_in(rule: str | None) -> set[str]:
    """The names that a rule mentions."""
    return set(parse_rule(rule).names()) if rule else set()
