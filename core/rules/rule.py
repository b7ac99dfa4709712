"""Rules: who is eligible, who belongs to a segment; one small language, worked out here on numpy arrays.

`core.rules.parser` has the grammar, `core.rules.tree` the meaning; `features.compiler.conditions` compiles the same
rules to Ibis expressions.

>>> rule = parse_rule("churn_probability > 0.4 and returns_365d == 0")
>>> rule.evaluate({"churn_probability": np.array([0.9, 0.9, 0.1]), "returns_365d": np.array([0, np.nan, 0])})
array([ True, False, False])
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import RuleError, did_you_mean
from core.rules.parser import tree_of
from core.rules.tree import Kind, Name, Node, Operator, Value, names_in, truth_of

COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Rule:
    """A condition on a customer; unknown is not eligible."""

    text: str
    tree: Node

    def names(self) -> frozenset[str]:
        """The columns that it speaks of."""
        return names_in(self.tree)

    def evaluate(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Whether the rule holds, (n,) bool: False where it is false or unknown.

        Columns are (n,) numbers (NaN is missing), texts ('' is missing) or objects of either (None is missing).
        Raises RuleError for a name that is no column, and where text meets number.
        """
        shape = np.shape(next(iter(columns.values()))) if columns else ()
        return np.broadcast_to(truth_of(self.tree, _Arrays(columns)).yes, shape).copy()

    def __str__(self) -> str:
        return self.text


def parse_rule(text: str, known: Collection[str] | None = None) -> Rule:
    """The rule that a text states. Raises RuleError, also for a name that is not among the known ones."""
    rule = Rule(text, tree_of(text))
    for name in sorted(rule.names() if known is not None else ()):
        refuse_unknown(name, known or (), text)
    return rule


def refuse_unknown(name: str, known: Collection[str], text: str) -> None:
    """Raise RuleError for a name that a rule cannot know."""
    if name not in known:
        raise RuleError(f"the rule '{text}' speaks of '{name}', which is unknown{did_you_mean(name, known)}")


@dataclass(frozen=True)
class _Truth:
    """Where something is surely so, and where surely not; where neither, it is unknown."""

    yes: np.ndarray
    no: np.ndarray

    def __and__(self, other: _Truth) -> _Truth:
        return _Truth(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: _Truth) -> _Truth:
        return _Truth(self.yes | other.yes, self.no & other.no)

    def __invert__(self) -> _Truth:
        return _Truth(self.no, self.yes)


class _Arrays:
    """The engine that works rules out on numpy columns."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self._columns = columns

    def kind(self, name: str) -> Kind:
        return _kind_of(self._column(name))

    def compare(self, operator: Operator, left: Name | Value, right: Name | Value) -> _Truth:
        known = ~(self._missing(left) | self._missing(right))
        if not known.any():
            return _Truth(known, known)
        holds = COMPARISONS[operator](self._values(left), self._values(right))
        return _Truth(known & holds, known & ~holds)

    def missing(self, name: str) -> _Truth:
        missing = self._missing(Name(name))
        return _Truth(missing, ~missing)

    def _column(self, name: str) -> np.ndarray:
        if name not in self._columns:
            raise RuleError(f"a rule speaks of '{name}', which is unknown{did_you_mean(name, self._columns)}")
        return np.asarray(self._columns[name])

    def _missing(self, side: Name | Value) -> np.ndarray:
        return _is_missing(self._column(side.name)) if isinstance(side, Name) else np.array(False)

    def _values(self, side: Name | Value) -> np.ndarray:
        if isinstance(side, Value):
            return np.array(side.value)
        column = self._column(side.name)
        is_text = _kind_of(column) == "text"
        filled = (
            np.where(_is_missing(column), "" if is_text else np.nan, column) if column.dtype.kind == "O" else column
        )
        return filled.astype(np.str_ if is_text else np.float64)


def _is_missing(column: np.ndarray) -> np.ndarray:
    match column.dtype.kind:
        case "f":
            return np.isnan(column)
        case "U":
            return column == ""
        case "M":
            return np.isnat(column)
        case "O":
            return np.array([value is None or value == "" or value != value for value in column.tolist()], dtype=bool)
        case _:
            return np.zeros(column.shape, dtype=bool)


def _kind_of(column: np.ndarray) -> Kind:
    kinds: dict[str, Kind] = {"f": "number", "i": "number", "u": "number", "b": "number", "U": "text"}
    if column.dtype.kind != "O":
        return kinds.get(column.dtype.kind, "time")
    present = column[~_is_missing(column)]
    if not len(present):
        return "missing"
    are_texts = {isinstance(value, str) for value in present.tolist()}
    if len(are_texts) > 1:
        raise RuleError("a column that a rule speaks of mixes numbers and texts")
    return "text" if are_texts == {True} else "number"
