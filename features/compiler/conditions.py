"""The same rules as Ibis expressions, so that a segment is found where the data lives.

Equal to `Rule.evaluate` on every engine: NaN, null and the empty text are
missing, and a test keeps the two in step.
"""

from __future__ import annotations

from typing import cast

import ibis
from ibis.expr import types as ir

from core.rules.rule import COMPARISONS, Rule, refuse_unknown
from core.rules.tree import Kind, Name, Operator, Value, truth_of


def rule_expression(rule: Rule, table: ir.Table) -> ir.BooleanValue:
    """Whether the rule holds for each row: false where it is false or unknown, never null.

    Raises RuleError for a name that is no column, and where text meets number.
    """
    for name in sorted(rule.names()):
        refuse_unknown(name, table.columns, rule.text)
    return truth_of(rule.tree, _Expressions(table)).fill_null(False)


class _Expressions:
    """The engine that writes rules down for a database, whose own truth has three values already."""

    def __init__(self, table: ir.Table) -> None:
        self._table = table

    def kind(self, name: str) -> Kind:
        dtype = self._table[name].type()
        if dtype.is_null():
            return "missing"
        if dtype.is_numeric() or dtype.is_boolean():
            return "number"
        return "text" if dtype.is_string() else "time"

    def compare(self, operator: Operator, left: Name | Value, right: Name | Value) -> ir.BooleanValue:
        if "missing" in [self.kind(side.name) for side in (left, right) if isinstance(side, Name)]:
            return cast(ir.BooleanValue, ibis.null("boolean"))
        return COMPARISONS[operator](self._value(left), self._value(right))

    def missing(self, name: str) -> ir.BooleanValue:
        return self._present(name).isnull()

    def _value(self, side: Name | Value) -> ir.Value:
        return self._present(side.name) if isinstance(side, Name) else ibis.literal(side.value)

    def _present(self, name: str) -> ir.Value:
        column = self._table[name]
        dtype = column.type()
        if isinstance(column, ir.StringValue):
            return column.nullif(ibis.literal(""))
        if isinstance(column, ir.BooleanValue):
            return column.cast("int8").cast("float64")
        if not isinstance(column, ir.NumericValue):
            return column
        number = column.cast("float64")
        return ibis.ifelse(number.isnan(), ibis.null("float64"), number) if dtype.is_floating() else number
