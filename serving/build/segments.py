"""From the tables of today to who belongs to which segment, and what is said of each customer, for a release."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.config.data_set import Config
from core.feature_names import FeatureFamily
from core.feature_table import FeatureTable
from core.interactions import codes_of
from features.segments.key_figures import KEY_FIGURES, key_figure
from features.segments.membership import compute_segmentation
from features.segments.rule_variables import decode_words
from serving.release.churn_part import ChurnPart
from serving.release.segment_part import SegmentPart
from tables.consents import PURPOSES, customers_refusing
from tables.tables import Tables


def segment_part(
    config: Config, tables: Tables, features: FeatureTable, churn: ChurnPart | None, cutoff: date
) -> SegmentPart:
    """Every customer of the cohort; of who refused recommendations no attribute is kept, as none of their words is."""
    found = compute_segmentation(config, features, risk_of(churn, features.customer_ids))
    figures = {name: column for name in KEY_FIGURES if (column := key_figure(features, name)) is not None}
    said_no = {purpose: customers_refusing(tables, purpose, cutoff=cutoff) for purpose in PURPOSES}
    attributes = attributes_of(features, np.isin(features.customer_ids, said_no["recommend"]))
    return SegmentPart.of(found, figures, attributes, said_no, config.seed)


def risk_of(churn: ChurnPart | None, customer_ids: np.ndarray) -> np.ndarray:
    """P(churn) of each customer, (n,) float64; NaN for who was not scored, and for all without a churn model."""
    if churn is None or not len(churn.index):
        return np.full(len(customer_ids), np.nan)
    scored = np.char.decode(churn.index.ids, "utf-8")
    return np.append(churn.probability, np.nan)[codes_of(customer_ids, scored)]


def attributes_of(features: FeatureTable, hidden: np.ndarray) -> dict[str, np.ndarray]:
    """The listed attributes by name, (n,) words or numbers; missing where `hidden`, (n,) bool."""
    found = {}
    for column in features.columns:
        if column.family == FeatureFamily.ATTRIBUTES:
            values = np.where(hidden, np.nan, features.column(column.name))
            found[column.name] = values if column.vocabulary is None else decode_words(values, column.vocabulary)
    return found
