"""From declared measures to numbers: the one place that knows how.

    facts       the cohort's lines before the cutoff, with their age
    grain       one row per (customer, key), e.g. per order
    bands       aggregates per (customer, age band): all that leaves the engine
    windows     running totals over the bands

One query a grain. Aggregating by band first costs about half of one conditional
aggregate per window, and the same expressions run on every engine of Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ibis.expr.types as ir
import numpy as np

from core.rules.rule import parse_rule
from features.compiler.bands import Bands
from features.compiler.conditions import rule_expression
from features.compiler.declaration import Aggregate, Grain, Measure, names_in
from tables.engines.expressions import Expression, ibis

Reading = tuple[Aggregate, str, str | None]
"What is read of a band: aggregate, column and condition; measures that differ in their window share it."


def measured(
    facts: ir.Table, measures: Iterable[Measure], n_customers: int, history_days: int
) -> dict[Measure, np.ndarray]:
    """Every measure of one table's facts: (n_customers,) float64 in the order of the facts' `position`.

    Windows longer than `history_days` are missing.
    """
    by_grain: dict[Grain, list[Measure]] = {}
    values: dict[Measure, np.ndarray] = {}
    for measure in dict.fromkeys(measures):
        if (measure.window_days or 0) > history_days:
            values[measure] = np.full(n_customers, np.nan)
        else:
            by_grain.setdefault(measure.grain, []).append(measure)
    for grain, wanted in by_grain.items():
        values |= _measured_together(facts, grain, wanted, n_customers)
    return values


def _measured_together(
    facts: ir.Table, grain: Grain, measures: Sequence[Measure], n_customers: int
) -> dict[Measure, np.ndarray]:
    edges = sorted({measure.window_days for measure in measures if measure.window_days})
    by_reading: dict[Reading, dict[int, Measure]] = {}
    for measure in measures:
        band = edges.index(measure.window_days) if measure.window_days else len(edges)
        by_reading.setdefault((measure.aggregate, measure.column, measure.condition), {})[band] = measure
    rows = banded(grain_rows(facts, grain, measures), edges, list(by_reading)).to_pyarrow()
    bands = Bands.of(rows, len(edges) + 1)
    values: dict[Measure, np.ndarray] = {}
    for place, (reading, wanted) in enumerate(by_reading.items()):
        for band, window in enumerate(bands.windows(f"m{place}", reading[0], n_customers)):
            if band in wanted:
                values[wanted[band]] = window.copy()
    return values


def grain_rows(facts: ir.Table, grain: Grain, measures: Iterable[Measure]) -> ir.Table:
    """One row per (position, key) with its age and what the measures read; rows without a key are no grain rows."""
    read = set[str]().union(*({measure.column} | names_in(measure.condition) for measure in measures))
    lines = facts.filter(rule_expression(parse_rule(grain.where), facts)) if grain.where else facts
    if not grain.keys:
        return lines
    lines = lines.filter([lines[key].notnull() for key in grain.keys])
    parts = [part for part in grain.carries if part.name in read]
    carried = {part.name: aggregate_of(lines, part.aggregate, part.column) for part in parts}
    if "age_days" not in grain.keys:
        carried["age_days"] = aggregate_of(lines, "least", "age_days")
    rows = lines.group_by("position", *grain.keys).aggregate(**carried)
    return _with_gaps(rows) if "gap_days" in read else rows


def _with_gaps(rows: ir.Table) -> ir.Table:
    """How many days after the customer's row before it each row came; missing for the first."""
    age: Expression = rows.age_days
    by_customer = ibis.window(group_by="position", order_by=ibis.desc("age_days"))
    return rows.mutate(gap_days=age.lag().over(by_customer) - age)


def banded(rows: ir.Table, edges: Sequence[int], readings: Sequence[Reading]) -> ir.Table:
    """Aggregates m0, m1, ... per (position, band); band i is older than edges[i - 1] and not older than edges[i]."""
    age: Expression = rows.age_days
    oldest = ibis.literal(len(edges), "int8")
    band = ibis.cases(*((age <= edge, place) for place, edge in enumerate(edges)), else_=oldest) if edges else oldest
    aggregates = {f"m{place}": aggregate_of(rows, *reading) for place, reading in enumerate(readings)}
    return rows.aggregate(by=[rows.position, band.name("band")], **aggregates)


def aggregate_of(rows: ir.Table, aggregate: Aggregate, column: str, condition: str | None = None) -> Expression:
    """One aggregate over the rows of a group; CASE inside the aggregate costs half of FILTER on DuckDB."""
    if aggregate == "count" and not column and condition is None:
        return rows.count()
    value = _contribution(rows, aggregate, column)
    only_where_true = aggregate in ("count", "least", "largest")
    if condition is not None:
        value = _where(rows, condition, value, ibis.null(value.type()) if only_where_true else 0)
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


def _contribution(rows: ir.Table, aggregate: Aggregate, column: str) -> Expression:
    value: Expression = rows[column] if column else ibis.literal(1)
    match aggregate:
        case "magnitude":
            return value.abs()
        case "squares":
            return value.cast("float64") * value.cast("float64")
        case _:
            return value


def _where(rows: ir.Table, condition: str, value: Expression, otherwise: Expression) -> Expression:
    return ibis.ifelse(rule_expression(parse_rule(condition), rows), value, otherwise)
