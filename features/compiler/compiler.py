"""Compiles declared measures to queries, and evaluates expressions over their values.

    facts       the cohort's rows before the cutoff, with their age (`features.compiler.facts`)
    grain       one row per (customer, key), e.g. per order
    bands       aggregates per (customer, age band): all that leaves the engine
    windows     running totals over the bands, youngest band first

    age in days     1 .. 7     8 .. 30     31 .. 90    older
    bands             0           1            2         3
    last 30 days    |------- 0 + 1 -------|

One query per grain. Aggregating by band first costs about half of one conditional aggregate per window, and the
same expressions run on every engine of Ibis.

The conditions of features are rules (`core.rules`), compiled to Ibis expressions that are evaluated where the data is.
They equal `Rule.evaluate` on every engine: NaN, null and the empty text are missing. A test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.rules.rule import Rule, parse_rule, require_names
from core.rules.tree import COMPARISONS, Compare, Kind, Name, Operand, evaluate_tree
from features.compiler.declaration import (
    Aggregate,
    Deviation,
    Difference,
    Expression,
    Grain,
    Leader,
    Measure,
    Ratio,
    names_in,
)

BandAggregate = tuple[Aggregate, str, str | None]
"Aggregate, column and condition. Measures that differ only in their window share one."

MeasureValues = Mapping[Measure, NDArray[np.float64]]
"(n,) values of each measure; NaN is missing."

EMPTY_TOTALS = {"least": np.inf, "largest": -np.inf}
"The running total of a customer without a row; 0 for the other aggregates."

COMBINE = {"least": np.minimum, "largest": np.maximum}
"How a band joins the running total; addition for the other aggregates."


def compute_measures(
    facts: ir.Table, measures: Iterable[Measure], *, n_customers: int, history_days: int
) -> dict[Measure, NDArray[np.float64]]:
    """Compute every measure of one table: (n_customers,) values in the order of the facts' `position`.

    Measures with a window longer than `history_days` are missing for everyone.
    """
    by_grain: dict[Grain, list[Measure]] = {}
    values: dict[Measure, NDArray[np.float64]] = {}
    for measure in dict.fromkeys(measures):
        if (measure.window_days or 0) > history_days:
            values[measure] = np.full(n_customers, np.nan)
        else:
            by_grain.setdefault(measure.grain, []).append(measure)
    for grain, grain_measures in by_grain.items():
        values |= _compute_grain(facts, grain, measures=grain_measures, n_customers=n_customers)
    return values


def _compute_grain(
    facts: ir.Table, grain: Grain, *, measures: Sequence[Measure], n_customers: int
) -> dict[Measure, NDArray[np.float64]]:
    edges = sorted({measure.window_days for measure in measures if measure.window_days})
    by_aggregate: dict[BandAggregate, dict[int, Measure]] = {}
    for measure in measures:
        band = edges.index(measure.window_days) if measure.window_days else len(edges)
        by_aggregate.setdefault((measure.aggregate, measure.column, measure.condition), {})[band] = measure
    rows = _aggregate_bands(_grain_rows(facts, grain, measures=measures), edges=edges, aggregates=list(by_aggregate))
    bands = Bands.from_rows(rows.to_pyarrow(), n_bands=len(edges) + 1)
    values: dict[Measure, NDArray[np.float64]] = {}
    for place, (key, by_band) in enumerate(by_aggregate.items()):
        for band, totals in enumerate(bands.running_totals(f"m{place}", key[0], n_customers=n_customers)):
            if band in by_band:
                # The totals are one array that the next band overwrites.
                values[by_band[band]] = totals.copy()
    return values


def _grain_rows(facts: ir.Table, grain: Grain, *, measures: Iterable[Measure]) -> ir.Table:
    """One row per (position, key) with its age and the columns that the measures read; rows without a key are left out.

    Without keys, the facts themselves.
    """
    read = set[str]().union(*({measure.column} | names_in(measure.condition) for measure in measures))
    lines = facts.filter(rule_expression(parse_rule(grain.where), facts)) if grain.where else facts
    if not grain.keys:
        return lines
    lines = lines.filter([lines[key].notnull() for key in grain.keys])
    parts = [part for part in grain.carries if part.name in read]
    carried = {part.name: _aggregate(lines, part.aggregate, column=part.column) for part in parts}
    if "age_days" not in grain.keys:
        carried["age_days"] = _aggregate(lines, "least", column="age_days")
    rows = lines.group_by("position", *grain.keys).aggregate(**carried)
    return _add_gaps(rows) if "gap_days" in read else rows


def _add_gaps(rows: ir.Table) -> ir.Table:
    """Add `gap_days`, the days since the customer's row before; missing for the first row."""
    age: ir.Value = rows.age_days
    by_customer = ibis.window(group_by="position", order_by=ibis.desc("age_days"))
    return rows.mutate(gap_days=age.lag().over(by_customer) - age)


def _aggregate_bands(rows: ir.Table, *, edges: Sequence[int], aggregates: Sequence[BandAggregate]) -> ir.Table:
    """Aggregates m0, m1, ... per (position, band); band i holds ages above edges[i - 1], up to and with edges[i]."""
    age: ir.Value = rows.age_days
    oldest = ibis.literal(len(edges), "int8")
    band = ibis.cases(*((age <= edge, place) for place, edge in enumerate(edges)), else_=oldest) if edges else oldest
    columns: dict[str, ir.Value] = {
        f"m{place}": _aggregate(rows, aggregate, column=column, condition=condition)
        for place, (aggregate, column, condition) in enumerate(aggregates)
    }
    return rows.aggregate(by=[rows.position, band.name("band")], **columns)


def _aggregate(rows: ir.Table, aggregate: Aggregate, *, column: str, condition: str | None = None) -> ir.Scalar:
    if aggregate == "count" and not column and condition is None:
        return rows.count()
    value = _value_per_row(rows, aggregate, column=column)
    if condition is not None:
        # CASE inside the aggregate costs half of FILTER on DuckDB.
        skips_missing = aggregate in ("count", "least", "largest")
        otherwise = ibis.null(value.type()) if skips_missing else 0
        value = ibis.ifelse(rule_expression(parse_rule(condition), rows), value, otherwise)
    match aggregate:
        case "count":
            return value.count()
        case "least":
            return value.min()
        case "largest":
            return value.max()
        case _:
            # Engines widen sums of whole numbers, each its own way; float64 counts exactly up to 2**53.
            return value.cast("float64").sum()


def _value_per_row(rows: ir.Table, aggregate: Aggregate, *, column: str) -> ir.Value:
    value: ir.Value = rows[column] if column else ibis.literal(1)
    match aggregate:
        case "magnitude":
            return value.abs()
        case "squares":
            return value.cast("float64") * value.cast("float64")
        case _:
            return value


@dataclass(frozen=True)
class Bands:
    """Aggregates per (customer's position, age band), each pair at most once."""

    rows: pa.Table
    order: NDArray[np.int64]
    "(n_rows,) row numbers, sorted by band."
    ends: NDArray[np.int64]
    "(n_bands,) where each band ends in that order."

    @classmethod
    def from_rows(cls, rows: pa.Table, *, n_bands: int) -> Bands:
        """Sort the rows that the engine returned by band."""
        bands = rows["band"].to_numpy().astype(np.int8)
        return cls(rows, np.argsort(bands, kind="stable"), np.cumsum(np.bincount(bands, minlength=n_bands)))

    def running_totals(self, name: str, aggregate: Aggregate, *, n_customers: int) -> Iterator[NDArray[np.float64]]:
        """For each band, the total of all bands up to it: (n_customers,), possibly the same array each time.

        `least` and `largest` of no rows are NaN.
        """
        empty, combine = EMPTY_TOTALS.get(aggregate, 0.0), COMBINE.get(aggregate, np.add)
        positions = self.rows["position"].to_numpy()[self.order]
        values = self.rows[name].to_numpy().astype(np.float64)[self.order]
        values[np.isnan(values)] = empty
        totals, start = np.full(n_customers, empty), 0
        for end in self.ends:
            in_band = positions[start:end]
            totals[in_band] = combine(totals[in_band], values[start:end])
            start = end
            yield np.where(np.isinf(totals), np.nan, totals) if empty else totals


def evaluate(expression: Expression, measures: MeasureValues) -> NDArray[np.float64]:
    """Evaluate ratios, differences, deviations and leaders over measures that are computed: (n,); NaN is missing."""
    match expression:
        case Measure():
            return measures[expression]
        case Ratio():
            return _divide(evaluate(expression.of, measures), evaluate(expression.over, measures))
        case Difference():
            return evaluate(expression.of, measures) - evaluate(expression.less, measures)
        case Deviation():
            count, total, squares = (
                evaluate(part, measures) for part in (expression.count, expression.total, expression.squares)
            )
            return _standard_deviation(count, total, squares=squares)
        case Leader():
            numbers = np.stack([evaluate(number, measures) for number in expression.numbers])
            return _leading_word(numbers, prefers=expression.prefers)


def _divide(of: NDArray[np.float64], over: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(of, over, out=np.full(len(of), np.nan), where=over > 0)


def _standard_deviation(
    count: NDArray[np.float64], total: NDArray[np.float64], *, squares: NDArray[np.float64]
) -> NDArray[np.float64]:
    has_two = count >= 2
    safe_count = np.where(has_two, count, 2.0)
    # s^2 = (sum of squares - (sum)^2 / n) / (n - 1); rounding can take it a little below zero.
    variance = (squares - total * total / safe_count) / (safe_count - 1)
    return np.where(has_two, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _leading_word(numbers: NDArray[np.float64], *, prefers: str) -> NDArray[np.float64]:
    """The row (word) that leads each column (customer), (n_customers,); numbers that are 0 or missing never lead."""
    can_lead = numbers > 0
    ranked = np.where(can_lead, numbers if prefers == "largest" else -numbers, -np.inf)
    return np.where(can_lead.any(axis=0), ranked.argmax(axis=0), np.nan)


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
