"""Rules as Ibis expressions, evaluated where the data is.

Equal to `Rule.evaluate` on every engine: NaN, null and the empty text are missing. A test holds the two equal.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from core.rules.rule import Rule, require_names
from core.rules.tree import COMPARISONS, Compare, Kind, Name, Operand, evaluate_tree


def rule_expression(rule: Rule, table: ir.Table) -> ir.BooleanValue:
    """Whether the rule holds for each row: false if it is false or unknown, never null.

    Raises RuleError for a name without a column, and if text is compared with a number.
    """
    require_names(rule, table.columns)
    return cast(ir.BooleanValue, evaluate_tree(rule.tree, _Expressions(table)).fill_null(False))


class _Expressions:
    """The engine that builds Ibis expressions. Boolean values of SQL have three values already."""

    def __init__(self, table: ir.Table) -> None:
        self._table = table

    def kind(self, name: str) -> Kind:
        dtype = self._table[name].type()
        if dtype.is_null():
            return "missing"
        if dtype.is_numeric() or dtype.is_boolean():
            return "number"
        return "text" if dtype.is_string() else "time"

    def compare(self, comparison: Compare) -> ir.BooleanValue:
        left, right = comparison.left, comparison.right
        if "missing" in [self.kind(side.name) for side in (left, right) if isinstance(side, Name)]:
            return cast(ir.BooleanValue, ibis.null("boolean"))
        return COMPARISONS[comparison.operator](self._value(left), self._value(right))

    def missing(self, name: str) -> ir.BooleanValue:
        return self._present(name).isnull()

    def _value(self, side: Operand) -> ir.Value:
        return self._present(side.name) if isinstance(side, Name) else ibis.literal(side.value)

    def _present(self, name: str) -> ir.Value:
        """The column with every missing value as null; numbers and flags as float64."""
        column = self._table[name]
        if isinstance(column, ir.StringValue):
            return column.nullif(ibis.literal(""))
        if isinstance(column, ir.BooleanValue):
            return column.cast("int8").cast("float64")
        if not isinstance(column, ir.NumericValue):
            return column
        number = column.cast("float64")
        return ibis.ifelse(number.isnan(), ibis.null("float64"), number) if column.type().is_floating() else number
