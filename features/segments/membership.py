"""Computes which customers belong to which segment and customer tier.

rule         customers who fit the rule
list         customers with these ids
top share    customers with the largest values; ties are broken by id
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.config.customers import Segment
from core.config.data_set import Config
from core.errors import DataError, RuleError, SourceUnavailable
from core.feature_table import FeatureTable
from core.health_scale import HealthScale
from core.rules.rule import parse_rule
from core.segmentation import PredictedValue, Segmentation, SegmentDefinition
from features.segments.ranks import with_ranks
from features.segments.rule_variables import RuleVariables, customer_value, segments_by_place, variable_names


def compute_segmentation(
    config: Config,
    features: FeatureTable,
    *,
    churn_probability: NDArray[np.float64],
    event_probabilities: Mapping[str, NDArray[np.float64]] | None = None,
    predicted_value: PredictedValue | None = None,
) -> Segmentation:
    """Assign the customers of a feature table of one cutoff to the segments and customer tiers.

    `churn_probability` and those of each event under [predict] are (n,), NaN for customers without a score; no
    `predicted_value` means that there is no value model. Raises
    RuleError for a rule that this data set cannot answer, SourceUnavailable or DataError for a file of ids that cannot
    be read.
    """
    health = HealthScale.from_risk_levels(config.risk_levels).health_of_risk(churn_probability)
    variables = RuleVariables(
        features=with_ranks(features, config),
        churn_probability=churn_probability,
        event_probabilities=event_probabilities or {},
        health=health,
        predicted_value=np.full(len(features), np.nan) if predicted_value is None else predicted_value.amounts,
        other_names=frozenset(variable_names(config)),
    )
    members = {
        place: _members(segment, place=place, variables=variables) for place, segment in segments_by_place(config)
    }
    segments = [members[f"segments.{name}"] for name in config.segments]
    tiers = [members[f"customer_tiers.{name}"] for name in config.customer_tiers]
    in_tier = _stack([fits for _, fits in tiers], len(features))
    value_kind, value = customer_value(features)
    return Segmentation(
        customer_ids=features.customer_ids,
        segments=tuple(definition for definition, _ in segments),
        in_segment=_stack([fits for _, fits in segments], len(features)),
        customer_tiers=tuple(definition for definition, _ in tiers),
        customer_tier=np.where(in_tier.any(axis=1), in_tier.argmax(axis=1) if tiers else 0, -1).astype(np.int16),
        value=value,
        value_kind=value_kind,
        churn_probability=churn_probability,
        health=health,
        predicted_value=predicted_value,
    )


def _stack(columns: list[NDArray[np.bool_]], n_customers: int) -> NDArray[np.bool_]:
    return np.stack(columns, axis=1) if columns else np.zeros((n_customers, 0), np.bool_)


def _members(segment: Segment, *, place: str, variables: RuleVariables) -> tuple[SegmentDefinition, NDArray[np.bool_]]:
    """A segment or customer tier, and whether each customer belongs to it, (n,)."""
    customer_ids, listed = variables.features.customer_ids, _ids_of(segment, place)
    if segment.rule is not None:
        rule = parse_rule(segment.rule)
        # A rule without names, such as 1 == 1, has one truth for all customers.
        fits = np.broadcast_to(rule.evaluate({name: variables[name] for name in rule.names()}), customer_ids.shape)
        definition = segment.rule
    elif segment.top is not None:
        values = variables[segment.by]
        if values.dtype.kind != "f":
            raise RuleError(f"[{place}]: top needs a number, and '{segment.by}' is text; name a number under by")
        fits, definition = (
            largest(values, customer_ids, share=segment.top),
            f"top {segment.top * 100:g} % by {segment.by}",
        )
    else:
        fits, definition = np.isin(customer_ids, listed), f"{len(listed):,} named"
    not_found = int((~np.isin(listed, customer_ids)).sum())
    name = place.partition(".")[2]
    return SegmentDefinition(name=name, definition=definition, action=segment.action, not_found=not_found), fits


def largest(values: NDArray[np.float64], customer_ids: NDArray[np.str_], *, share: float) -> NDArray[np.bool_]:
    """Whether each customer is among the `share` of all customers with the largest values, (n,).

    Ties are broken by id. Customers without a value never are, but they count for the share.
    """
    valued = np.flatnonzero(~np.isnan(values))
    order = np.lexsort((customer_ids[valued], -values[valued]))
    is_largest = np.zeros(len(values), np.bool_)
    is_largest[valued[order[: round(share * len(values))]]] = True
    return is_largest


def _ids_of(segment: Segment, place: str) -> NDArray[np.str_]:
    """The ids that a segment lists, each once."""
    if segment.customers_file is None:
        return np.unique(np.array(segment.customers, dtype=np.str_))
    path = Path(segment.customers_file)
    if not path.is_file():
        raise SourceUnavailable(f"[{place}]: no file of customers at {path}; check customers_file")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        if not columns:
            raise DataError(f"[{place}]: {path} is empty; its first line has to name a column, e.g. customer_id")
        column = "customer_id" if "customer_id" in columns else columns[0]
        ids = [(row[column] or "").strip() for row in reader]
    return np.unique(np.array([customer_id for customer_id in ids if customer_id], dtype=np.str_))
