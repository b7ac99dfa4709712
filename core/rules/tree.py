"""The syntax tree of a rule, and its evaluation by any engine.

    churn_probability > 0.4 and (country in ('UK', 'JP') or not returns_365d is missing)

Truth has three values (Kleene 1952). A comparison with a missing value is unknown; `unknown and false` is false;
`unknown or true` is true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, TypeAlias, TypeVar

from core.errors import RuleError

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Kind = Literal["number", "text", "missing", "time"]
"What a column holds; `missing` if every value is missing."

COMPARISONS: dict[Operator, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Name:
    """A column: a feature, an attribute or a score."""

    name: str


@dataclass(frozen=True)
class Value:
    """A number or a text written in the rule."""

    value: float | str


Operand: TypeAlias = Name | Value


@dataclass(frozen=True)
class Compare:
    """A comparison. Unknown if either side is missing."""

    operator: Operator
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Missing:
    """Whether a column is missing: NaN, null or the empty text. Never unknown."""

    column: Name


@dataclass(frozen=True)
class Not:
    """The negation of its part. Unknown stays unknown."""

    part: Node


@dataclass(frozen=True)
class AllOf:
    """False if any part is false, otherwise unknown if any part is unknown."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """True if any part is true, otherwise unknown if any part is unknown."""

    parts: tuple[Node, ...]


Node: TypeAlias = Compare | Missing | Not | AllOf | AnyOf


class Truth(Protocol):
    """Three-valued truth of every row."""

    def __and__(self, other: Self, /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...
    def __invert__(self) -> Self: ...


T = TypeVar("T", bound=Truth)
T_co = TypeVar("T_co", bound=Truth, covariant=True)


class Engine(Protocol[T_co]):
    """What evaluates comparisons: numpy arrays in `core.rules.rule`, Ibis in `features.compiler.compiler`."""

    def kind(self, name: str) -> Kind:
        """What a column holds."""
        ...

    def compare(self, comparison: Compare) -> T_co:
        """Compare two operands of the same kind."""
        ...

    def missing(self, name: str) -> T_co:
        """Whether a column is missing: NaN, null or the empty text."""
        ...


def evaluate_tree(node: Node, engine: Engine[T]) -> T:
    """Evaluate a tree on an engine. Raises RuleError if the rule compares text with a number."""
    match node:
        case Compare():
            _require_comparable(node, engine)
            return engine.compare(node)
        case Missing(column):
            return engine.missing(column.name)
        case Not(part):
            return ~evaluate_tree(part, engine)
        case AllOf(parts):
            return _join_in_pairs([evaluate_tree(part, engine) for part in parts], lambda a, b: a & b)
        case AnyOf(parts):
            return _join_in_pairs([evaluate_tree(part, engine) for part in parts], lambda a, b: a | b)


def names_in(node: Node) -> frozenset[str]:
    """The columns that a tree refers to."""
    match node:
        case Compare(_, left, right):
            return frozenset(side.name for side in (left, right) if isinstance(side, Name))
        case Missing(column):
            return frozenset({column.name})
        case Not(part):
            return names_in(part)
        case AllOf(parts) | AnyOf(parts):
            return frozenset[str]().union(*(names_in(part) for part in parts))


def _join_in_pairs(truths: Sequence[T], join: Callable[[T, T], T]) -> T:
    """Join neighbours until one is left: a chain of thousands would nest too deeply for the parser of a database."""
    while len(truths) > 1:
        odd = truths[len(truths) // 2 * 2 :]
        truths = [join(a, b) for a, b in zip(truths[::2], truths[1::2], strict=False)] + list(odd)
    return truths[0]


def _require_comparable(comparison: Compare, engine: Engine[Any]) -> None:
    sides = (comparison.left, comparison.right)
    kinds = {side: _kind_of(side, engine) for side in sides}
    written = f"{_text_of(sides[0])} {comparison.operator} {_text_of(sides[1])}"
    if "time" in kinds.values():
        time = next(_text_of(side) for side in sides if kinds[side] == "time")
        raise RuleError(
            f"{written} compares a time, which a rule can only ask for: '{time} is not missing'; rules about customers "
            "have features in days"
        )
    present = {kind for kind in kinds.values() if kind != "missing"}
    if len(present) > 1:
        described = " with ".join(f"{_text_of(side)} ({kinds[side]})" for side in sides)
        raise RuleError(f"a rule compares {described}; put quotes around texts and none around numbers")
    if "text" in present and comparison.operator not in ("==", "!="):
        raise RuleError(f"{written} orders texts, which differs between engines; use ==, != or in")


def _kind_of(side: Operand, engine: Engine[Any]) -> Kind:
    if isinstance(side, Name):
        return engine.kind(side.name)
    return "text" if isinstance(side.value, str) else "number"


def _text_of(side: Operand) -> str:
    return side.name if isinstance(side, Name) else repr(side.value)
