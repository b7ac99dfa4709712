"""What a rule says, as a tree, and how any engine works it out.

    churn_probability > 0.4 and (country in ('UK', 'JP') or not returns_365d is missing)

Truth has three values (Kleene 1952): a comparison with something missing is
unknown, `unknown and false` is false, `unknown or true` is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from core.errors import RuleError

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Kind = Literal["number", "text", "missing", "time"]


@dataclass(frozen=True)
class Name:
    """A column: a feature, an attribute, a score."""

    name: str


@dataclass(frozen=True)
class Value:
    """A number or a text that the rule states itself."""

    value: float | str


@dataclass(frozen=True)
class Compare:
    """Unknown where either side is missing."""

    operator: Operator
    left: Name | Value
    right: Name | Value


@dataclass(frozen=True)
class Missing:
    """Never unknown."""

    column: Name


@dataclass(frozen=True)
class Not:
    """Unknown stays unknown."""

    part: Node


@dataclass(frozen=True)
class AllOf:
    """False where any part is false, otherwise unknown where any is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """True where any part is true, otherwise unknown where any is."""

    parts: tuple[Node, ...]


Node: TypeAlias = Compare | Missing | Not | AllOf | AnyOf


class Engine(Protocol):
    """What an engine must be able to say; its truths understand &, | and ~ in three values."""

    def kind(self, name: str) -> Kind:
        """What a column holds; 'missing' where every value is."""
        ...

    def compare(self, operator: Operator, left: Name | Value, right: Name | Value) -> Any:
        """The truth of a comparison between two of a kind."""
        ...

    def missing(self, name: str) -> Any:
        """The truth of a column's being missing: NaN, null and the empty text are."""
        ...


def truth_of(node: Node, engine: Engine) -> Any:
    """Work a tree out on an engine. Raises RuleError where text meets number."""
    match node:
        case Compare(operator, left, right):
            _refuse_mixture(node, engine)
            return engine.compare(operator, left, right)
        case Missing(column):
            return engine.missing(column.name)
        case Not(part):
            return ~truth_of(part, engine)
        case AllOf(parts):
            return _folded([truth_of(part, engine) for part in parts], lambda a, b: a & b)
        case AnyOf(parts):
            return _folded([truth_of(part, engine) for part in parts], lambda a, b: a | b)


def names_in(node: Node) -> frozenset[str]:
    """Every column that a tree speaks of."""
    match node:
        case Compare(_, left, right):
            return frozenset(side.name for side in (left, right) if isinstance(side, Name))
        case Missing(column):
            return frozenset({column.name})
        case Not(part):
            return names_in(part)
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*(names_in(part) for part in parts))


def _folded(truths: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    """Joined in pairs, so that a long chain stays a shallow expression for the engines' parsers."""
    while len(truths) > 1:
        odd = truths[len(truths) // 2 * 2 :]
        truths = [join(a, b) for a, b in zip(truths[::2], truths[1::2], strict=False)] + list(odd)
    return truths[0]


def _refuse_mixture(comparison: Compare, engine: Engine) -> None:
    sides = (comparison.left, comparison.right)
    kinds = {side: _kind_of(side, engine) for side in sides}
    if "time" in kinds.values():
        raise RuleError(
            f"{_said(sides[0])} {comparison.operator} {_said(sides[1])} compares a time; use a feature in days"
        )
    known = {kind for kind in kinds.values() if kind != "missing"}
    if len(known) > 1:
        what = " with ".join(f"{_said(side)} ({kinds[side]})" for side in sides)
        raise RuleError(f"a rule compares {what}; put quotes around texts and none around numbers")
    if "text" in known and comparison.operator not in ("==", "!="):
        raise RuleError(
            f"{_said(sides[0])} {comparison.operator} {_said(sides[1])} asks for an order of texts, which differs "
            "between engines; use ==, != or in"
        )


def _kind_of(side: Name | Value, engine: Engine) -> Kind:
    if isinstance(side, Name):
        return engine.kind(side.name)
    return "text" if isinstance(side.value, str) else "number"


def _said(side: Name | Value) -> str:
    return side.name if isinstance(side, Name) else repr(side.value)
