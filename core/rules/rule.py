"""Rules of segments and eligibility, evaluated on numpy arrays.

`core.rules.parser` has the grammar and `core.rules.tree` the meaning. `features.compiler.compiler` compiles the same
rules to Ibis expressions.

>>> rule = parse_rule("churn_probability > 0.4 and returns_365d == 0")
>>> rule.evaluate({"churn_probability": np.array([0.9, 0.9, 0.1]), "returns_365d": np.array([0, np.nan, 0])})
array([ True, False, False])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.errors import RuleError, did_you_mean
from core.rules.parser import parse_tree
from core.rules.tree import COMPARISONS, Compare, Kind, Name, Node, Operand, Value, evaluate_tree, names_in

Column = NDArray[Any]
"(n,) numbers (NaN is missing), texts ('' is missing) or objects of either (None is missing)."


@dataclass(frozen=True)
class Rule:
    """A condition on a customer. Unknown is not eligible."""

    text: str
    tree: Node

    def names(self) -> frozenset[str]:
        """The columns that the rule refers to."""
        return names_in(self.tree)

    def evaluate(self, columns: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Whether the rule holds, (n,): False if it is false or unknown.

        Raises RuleError for a name without a column, and if text is compared with a number.
        """
        shape = np.shape(next(iter(columns.values()))) if columns else ()
        return np.broadcast_to(evaluate_tree(self.tree, _Arrays(columns)).yes, shape).copy()

    def __str__(self) -> str:
        return self.text


def parse_rule(text: str, names: Collection[str] | None = None) -> Rule:
    """Parse a rule. Raises RuleError, also for a name that is not in `names`."""
    rule = Rule(text, parse_tree(text))
    if names is not None:
        require_names(rule, names)
    return rule


def require_names(rule: Rule, names: Collection[str]) -> None:
    """Raise RuleError for a name in the rule that is not in `names`."""
    for name in sorted(rule.names()):
        if name not in names:
            raise RuleError(f"the rule '{rule.text}' has an unknown name '{name}'{did_you_mean(name, names)}")


@dataclass(frozen=True)
class _Truth:
    """Rows where something is true, and rows where it is false; it is unknown for the others."""

    yes: NDArray[np.bool_]
    no: NDArray[np.bool_]

    def __and__(self, other: _Truth, /) -> _Truth:
        return _Truth(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: _Truth, /) -> _Truth:
        return _Truth(self.yes | other.yes, self.no & other.no)

    def __invert__(self) -> _Truth:
        return _Truth(self.no, self.yes)


class _Arrays:
    """The engine that evaluates rules on numpy columns."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def kind(self, name: str) -> Kind:
        return _kind_of(self._column(name))

    def compare(self, comparison: Compare) -> _Truth:
        left, right = comparison.left, comparison.right
        present = ~(self._missing(left) | self._missing(right))
        if not present.any():
            return _Truth(present, present)
        holds = COMPARISONS[comparison.operator](self._values(left), self._values(right))
        return _Truth(present & holds, present & ~holds)

    def missing(self, name: str) -> _Truth:
        missing = self._missing(Name(name))
        return _Truth(missing, ~missing)

    def _column(self, name: str) -> Column:
        if name not in self._columns:
            raise RuleError(f"a rule has an unknown name '{name}'{did_you_mean(name, self._columns)}")
        return np.asarray(self._columns[name])

    def _missing(self, side: Operand) -> NDArray[np.bool_]:
        return _is_missing(self._column(side.name)) if isinstance(side, Name) else np.array(False)

    def _values(self, side: Operand) -> Column:
        if isinstance(side, Value):
            return np.array(side.value)
        column = self._column(side.name)
        is_text = _kind_of(column) == "text"
        if column.dtype.kind == "O":
            column = np.where(_is_missing(column), "" if is_text else np.nan, column)
        return column.astype(np.str_ if is_text else np.float64)


def _is_missing(column: Column) -> NDArray[np.bool_]:
    match column.dtype.kind:
        case "f":
            return np.isnan(column)
        case "U":
            return column == ""
        case "M":
            return np.isnat(column)
        case "O":
            return np.array([value is None or value == "" or value != value for value in _list(column)], dtype=np.bool_)
        case _:
            return np.zeros(column.shape, dtype=np.bool_)


def _kind_of(column: Column) -> Kind:
    kinds: dict[str, Kind] = {"f": "number", "i": "number", "u": "number", "b": "number", "U": "text"}
    if column.dtype.kind != "O":
        return kinds.get(column.dtype.kind, "time")
    present = column[~_is_missing(column)]
    if not len(present):
        return "missing"
    are_texts = {isinstance(value, str) for value in _list(present)}
    if len(are_texts) > 1:
        raise RuleError("a column that a rule refers to mixes numbers and texts")
    return "text" if are_texts == {True} else "number"


def _list(column: Column) -> list[object]:
    return cast(list[object], column.tolist())
