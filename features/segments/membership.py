"""Computes which customers belong to which segment and customer tier.

rule         customers who fit the rule
list         customers with these ids
top share    customers with the largest values; ties are broken by id
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.config.customers import Segment, segment_variable
from core.config.data_set import Config
from core.errors import DataError, RuleError, SourceUnavailable
from core.feature_table import FeatureTable
from core.health_scale import HealthScale
from core.rules.rule import Column, parse_rule
from core.segmentation import (
    CUSTOMER_TIER,
    PredictedValue,
    Segmentation,
    SegmentDefinition,
    name_tiers,
)
from features.segments.ranks import compute_ranks, rank_definitions, with_ranks
from features.segments.rule_variables import RuleVariables, customer_value, variable_names


def compute_segmentation(
    config: Config,
    features: FeatureTable,
    *,
    churn_probability: NDArray[np.float64],
    event_probabilities: Mapping[str, NDArray[np.float64]] | None = None,
    predicted_value: PredictedValue | None = None,
    facts: Mapping[str, Column] | None = None,
) -> Segmentation:
    """Assign the customers of a feature table of one cutoff to the segments and customer tiers.

    The arguments are those of `build_variables`. Raises RuleError for a rule that this data set cannot answer,
    SourceUnavailable or DataError for a file of ids that cannot be read.
    """
    variables = build_variables(
        config,
        features,
        churn_probability=churn_probability,
        event_probabilities=event_probabilities,
        predicted_value=predicted_value,
        facts=facts,
    )
    return assign_customers(config, variables, predicted_value=predicted_value)


def build_variables(
    config: Config,
    features: FeatureTable,
    *,
    churn_probability: NDArray[np.float64],
    event_probabilities: Mapping[str, NDArray[np.float64]] | None = None,
    predicted_value: PredictedValue | None = None,
    facts: Mapping[str, Column] | None = None,
) -> RuleVariables:
    """The variables of rules for the customers of a feature table of one cutoff, without segments and customer tiers.

    `churn_probability` and those of each event under [predict] are (n,), NaN for customers without a score; no
    `predicted_value` means that there is no value model. `facts` come from `load_customer_facts`.
    """
    return RuleVariables(
        features=with_ranks(features, config),
        churn_probability=churn_probability,
        event_probabilities=event_probabilities or {},
        health=HealthScale.from_risk_levels(config.risk_levels).health_of_risk(churn_probability),
        predicted_value=np.full(len(features), np.nan) if predicted_value is None else predicted_value.amounts,
        other_names=frozenset(variable_names(config)),
        facts=facts or {},
    )


def assign_customers(
    config: Config, variables: RuleVariables, *, predicted_value: PredictedValue | None = None
) -> Segmentation:
    """The segments and customer tiers of the customers whose variables these are; raises as `compute_segmentation`."""
    tiers, customer_tier = _assign_tiers(config, variables)
    if tiers:
        variables = replace(variables, memberships={CUSTOMER_TIER: name_tiers(tiers, customer_tier)})
    segments, in_segment = _assign_segments(config, variables)
    value_kind, value = customer_value(variables.features)
    standings = compute_ranks(variables.features, config.loyalty)
    return Segmentation(
        customer_ids=variables.features.customer_ids,
        segments=segments,
        in_segment=in_segment,
        customer_tiers=tiers,
        customer_tier=customer_tier,
        value=value,
        value_kind=value_kind,
        churn_probability=variables.churn_probability,
        health=variables.health,
        predicted_value=predicted_value,
        ranks=() if standings is None else rank_definitions(config),
        rank=None if standings is None else standings.place,
    )


def _assign_tiers(config: Config, variables: RuleVariables) -> tuple[tuple[SegmentDefinition, ...], NDArray[np.int16]]:
    """The customer tiers, and the first that fits each customer, (n,); -1 for none."""
    tiers = [
        _members(tier, place=f"customer_tiers.{name}", variables=variables)
        for name, tier in config.customer_tiers.items()
    ]
    in_tier = _stack([fits for _, fits in tiers], len(variables.features))
    first = in_tier.argmax(axis=1) if tiers else 0
    return tuple(tier for tier, _ in tiers), np.where(in_tier.any(axis=1), first, -1).astype(np.int16)


def _assign_segments(
    config: Config, variables: RuleVariables
) -> tuple[tuple[SegmentDefinition, ...], NDArray[np.bool_]]:
    """The segments, and whether each customer belongs to them, (n, segments); each may use those before it."""
    definitions: list[SegmentDefinition] = []
    columns: list[NDArray[np.bool_]] = []
    for name, segment in config.segments.items():
        definition, fits = _members(segment, place=f"segments.{name}", variables=variables)
        memberships = {**variables.memberships, segment_variable(name): fits.astype(np.float64)}
        variables = replace(variables, memberships=memberships)
        definitions.append(definition)
        columns.append(fits)
    return tuple(definitions), _stack(columns, len(variables.features))


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
