"""Builds the segments of a release: memberships, key figures and attributes of every customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.feature_names import POINTS_BALANCE, POINTS_EXPIRING_30D, FeatureFamily
from core.feature_table import FeatureTable
from core.interactions import codes_of
from core.model_kinds import CHURN, PREDICT, VALUE
from core.segmentation import PredictedValue
from features.segments.customer_facts import load_customer_facts
from features.segments.membership import compute_segmentation
from features.segments.ranks import RANK_VARIABLES, rank_unit, with_ranks
from features.segments.rule_variables import KEY_FIGURES, decode_words, facts_for_rules, key_figure
from features.yearly_value import compute_yearly_value
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.churn_part import ChurnPart
from serving.release.predict_part import PredictPart
from serving.release.release import ReleasePart
from serving.release.segment_part import Relations, SegmentPart
from serving.release.value_part import ValuePart
from tables.accounts import accounts_of, owners_of
from tables.consents import PURPOSES, customers_refusing


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Assign every customer of the cohort to segments.

    The attributes of customers who declined recommendations are not stored. There are no segments where purchases have
    only what recommendations need.
    """
    if inputs.tables.is_undated("purchases"):
        return BuiltPart(None, "purchases has no event_time; segments need it")
    features, churn = inputs.features, parts.get(CHURN.name)
    probability = churn_probabilities(churn if isinstance(churn, ChurnPart) else None, features.customer_ids)
    figures = {name: column for name in KEY_FIGURES if (column := key_figure(features, name)) is not None}
    opted_out = {purpose: customers_refusing(inputs.tables, purpose, cutoff=inputs.cutoff) for purpose in PURPOSES}
    return BuiltPart(
        SegmentPart.of(
            compute_segmentation(
                inputs.config,
                features,
                churn_probability=probability,
                event_probabilities=event_probabilities(
                    inputs.config, parts.get(PREDICT.name), customer_ids=features.customer_ids
                ),
                predicted_value=collect_predicted_value(parts.get(VALUE.name), customer_ids=features.customer_ids),
                facts=load_customer_facts(inputs.tables, features, names=facts_for_rules(inputs.config)),
            ),
            figures,
            attributes=read_attributes(features, np.isin(features.customer_ids, opted_out["recommend"])),
            opted_out=opted_out,
            relations=read_relations(inputs),
            loyalty=read_loyalty(features, inputs.config),
            seed=inputs.config.seed,
        )
    )


def read_relations(inputs: BuildInputs) -> Relations:
    """The yearly value, the owner and the account of each customer of the cohort."""
    customer_ids, tables, cutoff = inputs.features.customer_ids, inputs.tables, inputs.cutoff
    yearly = compute_yearly_value(tables, customer_ids, cutoff=cutoff)
    return Relations(
        yearly_value_kind=yearly.kind,
        yearly_value=np.round(yearly.value, inputs.config.n_decimals),
        owners=owners_of(tables, customer_ids, cutoff=cutoff, default=inputs.config.health.owner),
        account_ids=accounts_of(tables, customer_ids, cutoff=cutoff),
    )


def read_loyalty(features: FeatureTable, config: Config) -> dict[str, NDArray[Any]]:
    """Points and ranks, (n,) by name, as far as the data set has them; texts, or numbers with NaN for unknown."""
    ranked = with_ranks(features, config)
    names = (POINTS_BALANCE, POINTS_EXPIRING_30D, *RANK_VARIABLES)
    standing = {
        str(name): decode_words(ranked.column(name), ranked.vocabularies[name])
        if name in ranked.vocabularies
        else ranked.column(name)
        for name in names
        if name in ranked.names and (ranked is not features or name not in RANK_VARIABLES)
    }
    if ranked is not features:
        standing["rank_unit"] = np.full(len(features), rank_unit(config))
    return standing


def churn_probabilities(churn: ChurnPart | None, customer_ids: NDArray[np.str_]) -> NDArray[np.float64]:
    """The churn probability of each customer, (n,); NaN for customers without a score."""
    if churn is None or not len(churn.index):
        return np.full(len(customer_ids), np.nan)
    return np.append(churn.probability, np.nan)[codes_of(customer_ids, churn.index.names())]


def event_probabilities(
    config: Config, predict: ReleasePart | None, *, customer_ids: NDArray[np.str_]
) -> dict[str, NDArray[np.float64]]:
    """The probability of each event of the TOML for each customer, (n,); NaN for customers without a score."""
    events = predict.events if isinstance(predict, PredictPart) else {}
    probabilities = {event: np.full(len(customer_ids), np.nan) for event in config.predict}
    for event, scores in events.items():
        places = codes_of(customer_ids, scores.index.names())
        probabilities[event] = np.append(scores.probability, np.nan)[places]
    return probabilities


def collect_predicted_value(value: ReleasePart | None, *, customer_ids: NDArray[np.str_]) -> PredictedValue | None:
    """The predicted value of each customer; None without a value model."""
    if not isinstance(value, ValuePart):
        return None
    amounts = np.append(value.values(), np.nan)[codes_of(customer_ids, value.index.names())]
    return PredictedValue(amounts, value.level_samples)


def read_attributes(features: FeatureTable, hidden: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """The attributes that the configuration lists, (n,) text or numbers by name; missing where `hidden`, (n,)."""
    attributes: dict[str, NDArray[Any]] = {}
    for column in features.columns:
        if column.family == FeatureFamily.ATTRIBUTES:
            values = np.where(hidden, np.nan, features.column(column.name))
            attributes[column.name] = values if column.vocabulary is None else decode_words(values, column.vocabulary)
    return attributes
