"""From the configuration's segments and a feature table to who belongs where.

rule            worked out by Ibis, all rules in one query
named list      ids as in the tables
top share       the largest by a number; equal ones by id
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.config.data_set import Config
from core.config.relations import Segment
from core.errors import DataError, RuleError, SourceUnavailable
from core.feature_table import FeatureTable
from core.health_scale import HealthScale
from core.rules.rule import parse_rule
from core.segmentation import Group, Segmentation
from features.compiler.conditions import rule_expression
from features.segments.key_figures import value_of
from features.segments.rule_variables import Facts, known_names, stated_segments
from tables.engines.expressions import Expression, ibis


def segmentation_of(config: Config, features: FeatureTable, churn_probability: np.ndarray) -> Segmentation:
    """Who belongs to which segment and tier, by what was known at the table's one cutoff.

    `churn_probability` is (n,), NaN for who was not scored. Raises RuleError for a rule that this data set cannot
    answer, SourceUnavailable or DataError for a file of ids that cannot be read.
    """
    health = HealthScale.of(config.risk_levels).of_risk(churn_probability)
    facts = Facts(features, churn_probability, health, frozenset(known_names(config)))
    stated = dict(stated_segments(config))
    held = _held(stated, facts)
    found = {place: _found(place, segment, facts, held) for place, segment in stated.items()}
    segments = [found[f"segments.{name}"] for name in config.segments]
    customer_tiers = [found[f"customer_tiers.{name}"] for name in config.customer_tiers]
    fits = _stacked([members for _, members in customer_tiers], len(features))
    kind, value = value_of(features)
    return Segmentation(
        features.customer_ids,
        tuple(group for group, _ in segments),
        _stacked([members for _, members in segments], len(features)),
        tuple(group for group, _ in customer_tiers),
        np.where(fits.any(axis=1), fits.argmax(axis=1) if customer_tiers else 0, -1).astype(np.int16),
        value,
        kind,
        churn_probability,
        health,
    )


def _stacked(columns: list[np.ndarray], n_customers: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.zeros((n_customers, 0), bool)


def _found(place: str, segment: Segment, facts: Facts, held: Mapping[str, np.ndarray]) -> tuple[Group, np.ndarray]:
    """A segment or tier, and who fits, (n,) bool."""
    everybody, named = facts.features.customer_ids, _ids_of(segment, place)
    if segment.rule is not None:
        fits, says = held[place], segment.rule
    elif segment.top is not None:
        numbers = facts[segment.by]
        if numbers.dtype.kind != "f":
            raise RuleError(f"[{place}]: top needs a number, and '{segment.by}' holds words")
        fits, says = largest(numbers, everybody, segment.top), f"top {segment.top * 100:g} % by {segment.by}"
    else:
        fits, says = np.isin(everybody, named), f"{len(named):,} named"
    not_found = int((~np.isin(named, everybody)).sum())
    return Group(place.partition(".")[2], says, segment.action, not_found), fits


def largest(numbers: np.ndarray, customer_ids: np.ndarray, share: float) -> np.ndarray:
    """(n,) bool: the share of all customers whose number is largest, equal ones by id; never who has no number."""
    known = np.flatnonzero(~np.isnan(numbers))
    order = np.lexsort((customer_ids[known], -numbers[known]))
    chosen = np.zeros(len(numbers), bool)
    chosen[known[order[: round(share * len(numbers))]]] = True
    return chosen


def _held(stated: Mapping[str, Segment], facts: Facts) -> dict[str, np.ndarray]:
    """Where each rule holds, (n,) bool by place."""
    rules = {place: parse_rule(segment.rule) for place, segment in stated.items() if segment.rule is not None}
    if not rules:
        return {}
    names = sorted(set[str]().union(*(rule.names() for rule in rules.values())))
    columns = {name: pa.array(facts[name], from_pandas=True) for name in names}
    table: Expression = ibis.memtable(pa.table({"row": pa.array(np.arange(len(facts.features))), **columns}))
    holding = [rule_expression(rule, table).name(f"held_{number}") for number, rule in enumerate(rules.values())]
    found = ibis.duckdb.connect().to_pyarrow(table.select("row", *holding).order_by("row"))
    return {place: found[f"held_{number}"].to_numpy().astype(bool) for number, place in enumerate(rules)}


def _ids_of(segment: Segment, place: str) -> np.ndarray:
    """The ids that a named list names, each once."""
    if segment.customers_file is None:
        return np.unique(np.array(segment.customers, dtype=str))
    path = Path(segment.customers_file)
    if not path.is_file():
        raise SourceUnavailable(f"[{place}]: no file of customers at {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        if not columns:
            raise DataError(f"[{place}]: {path} is empty; its first line names a column, e.g. customer_id")
        column = "customer_id" if "customer_id" in columns else columns[0]
        ids = [(row[column] or "").strip() for row in reader]
    return np.unique(np.array([customer_id for customer_id in ids if customer_id], dtype=str))
