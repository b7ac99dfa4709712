"""From declared measures to numbers: the one place that knows how.

    facts       the cohort's lines before the cutoff, with their age
    grain       one row per (customer, key), e.g. per order
    bands       aggregates per (customer, age band): all that leaves the engine
    windows     running totals over the bands, youngest first

One query a grain. Aggregating by band first costs about half of one conditional
aggregate per window, and the same expressions run on every engine of Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ibis
import numpy as np
import pyarrow as pa

from core.rules import parse_rule
from features.declaration import Aggregate, Grain, Measure, names_in
from features.rules import rule_expression

Reading = tuple[Aggregate, str, str | None]
"What is read of a band: aggregate, column and condition; measures that differ in their window share it."

NEUTRAL = {"count": 0.0, "sum": 0.0, "magnitude": 0.0, "squares": 0.0, "least": np.inf, "largest": -np.inf}
"What a customer without a row in a band adds to the running total."

RUNNING = {"least": np.minimum, "largest": np.maximum}
"How bands are added up where not by addition."


def measured(
    facts: ibis.Table, measures: Iterable[Measure], n_customers: int, history_days: int
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
    facts: ibis.Table, grain: Grain, measures: Sequence[Measure], n_customers: int
) -> dict[Measure, np.ndarray]:
    edges = sorted({measure.window_days for measure in measures if measure.window_days})
    readings = list(dict.fromkeys(_reading(measure) for measure in measures))
    bands = banded(grain_rows(facts, grain, measures), edges, readings).to_pyarrow()
    values: dict[Measure, np.ndarray] = {}
    for place, reading in enumerate(readings):
        totals = running_totals(bands, f"m{place}", reading[0], len(edges) + 1, n_customers)
        for measure in measures:
            if _reading(measure) == reading:
                band = edges.index(measure.window_days) if measure.window_days else len(edges)
                values[measure] = totals[band].copy()
    return values


def _reading(measure: Measure) -> Reading:
    return measure.aggregate, measure.column, measure.condition


def grain_rows(facts: ibis.Table, grain: Grain, measures: Iterable[Measure]) -> ibis.Table:
    """One row per (position, key) with its age and what the measures read; rows without a key are no grain rows."""
    read = set[str]().union(*({measure.column} | names_in(measure.condition) for measure in measures))
    lines = _matching(facts, grain.where)
    if not grain.keys:
        return lines
    lines = lines.filter([lines[key].notnull() for key in grain.keys])
    parts = [part for part in grain.carries if part.name in read]
    carried = {part.name: aggregate_of(lines, (part.aggregate, part.column, None)) for part in parts}
    if "age_days" not in grain.keys:
        carried["age_days"] = lines.age_days.min()
    rows = lines.group_by("position", *grain.keys).aggregate(**carried)
    return _with_gaps(rows) if "gap_days" in read else rows


def _with_gaps(rows: ibis.Table) -> ibis.Table:
    """How many days after the customer's row before it each row came; missing for the first."""
    by_customer = ibis.window(group_by="position", order_by=ibis.desc("age_days"))
    return rows.mutate(gap_days=rows.age_days.lag().over(by_customer) - rows.age_days)


def banded(rows: ibis.Table, edges: Sequence[int], readings: Sequence[Reading]) -> ibis.Table:
    """Aggregates m0, m1, ... per (position, band); band i is older than edges[i - 1] and not older than edges[i]."""
    band = ibis.literal(len(edges))
    if edges:
        band = ibis.cases(*((rows.age_days <= edge, place) for place, edge in enumerate(edges)), else_=len(edges))
    aggregates = {f"m{place}": aggregate_of(rows, reading) for place, reading in enumerate(readings)}
    return rows.aggregate(by=[rows.position, band.name("band")], **aggregates)


def aggregate_of(rows: ibis.Table, reading: Reading) -> ibis.Value:
    """One aggregate over the rows of a group; CASE inside the aggregate costs half of FILTER on DuckDB."""
    aggregate, column, condition = reading
    value = rows[column] if column else ibis.literal(1)
    if aggregate == "count":
        value = value.notnull().ifelse(1, 0) if column else value
    if aggregate == "magnitude":
        value = value.abs()
    if aggregate == "squares":
        value = value.cast("float64") * value
    if condition:
        nothing = ibis.null(value.type()) if aggregate in ("least", "largest") else 0
        value = rule_expression(parse_rule(condition), rows).ifelse(value, nothing)
    if aggregate == "least":
        return value.min()
    if aggregate == "largest":
        return value.max()
    return rows.count() if aggregate == "count" and not (column or condition) else value.sum()


def running_totals(bands: pa.Table, name: str, aggregate: Aggregate, n_bands: int, n_customers: int) -> np.ndarray:
    """(n_bands, n_customers) float64: row i covers the bands 0 to i; least and largest of nothing are NaN."""
    neutral = NEUTRAL[aggregate]
    totals = np.full((n_bands, n_customers), neutral)
    values = bands[name].to_numpy().astype(np.float64)
    totals[bands["band"].to_numpy(), bands["position"].to_numpy()] = np.where(np.isnan(values), neutral, values)
    RUNNING.get(aggregate, np.add).accumulate(totals, axis=0, out=totals)
    if np.isinf(neutral):
        totals[totals == neutral] = np.nan
    return totals


def _matching(rows: ibis.Table, rule: str | None) -> ibis.Table:
    return rows.filter(rule_expression(parse_rule(rule), rows)) if rule else rows
