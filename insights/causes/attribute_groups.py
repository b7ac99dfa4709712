"""Groups of customers by month: segments, customer tiers, plans, listed attributes.

              March      April
ada           dormant    lively        membership is computed at the first midnight of each month, from what was known
bo            lively     lively        then; a top share is taken of that month's customers

A customer has one tier, one plan and one value of an attribute at a time, and may be in several segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.cohort import Cohort
from core.config.data_set import Config
from core.feature_names import MAIN_PLAN, FeatureFamily
from core.feature_table import FeatureTable
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from features.segments.rule_variables import attribute_names, decode_words, features_for_rules
from tables.tables import Tables

SEGMENT, TIER = "segment", "customer_tier"
RESERVED = (SEGMENT, TIER, "all", "month", "cause")
"A listed attribute with one of these names is called attributes.<name>."


@dataclass(frozen=True)
class Membership:
    """One group and the person-months that belong to it."""

    by: str
    "SEGMENT, TIER, or the feature: main_plan, account_industry, ..."
    value: str
    "'' for customers in no other group of the same kind; segments have none."
    rows: NDArray[np.bool_]
    "(n,)"

    def of_places(self, places: NDArray[np.int64]) -> Membership:
        """The same group for things that each belong to a person-month, -1 for none."""
        return replace(self, rows=np.append(self.rows, False)[places])


def load_memberships(tables: Tables, cohort: Cohort, *, risk: NDArray[np.float64]) -> tuple[Membership, ...]:
    """Every group of the cohort, whose P(churn) is `risk`, (n,). Raises as `compute_segmentation`.

    Rules and plans may need features that the churn model does not use; only those are computed.
    """
    names = features_for_rules(tables.config).union([MAIN_PLAN], attribute_names(tables.config))
    features = compute_features(tables, cohort, names=names)
    return (*segment_memberships(tables.config, features, risk=risk), *attribute_memberships(features))


def segment_memberships(config: Config, features: FeatureTable, *, risk: NDArray[np.float64]) -> tuple[Membership, ...]:
    """Segments and customer tiers of the configuration, computed cutoff by cutoff; `risk` is (n,)."""
    in_segment = np.zeros((len(features), len(config.segments)), bool)
    tier = np.full(len(features), -1)
    for cutoff in np.unique(features.cutoffs):
        rows = np.flatnonzero(features.cutoffs == cutoff)
        segmentation = compute_segmentation(config, features.take(rows), churn_probability=risk[rows])
        in_segment[rows], tier[rows] = segmentation.in_segment, segmentation.customer_tier
    segments = (Membership(SEGMENT, name, rows) for name, rows in zip(config.segments, in_segment.T, strict=True))
    names = np.array([*config.customer_tiers, ""])
    return (*segments, *(_partition(TIER, names[tier], order=tuple(names)) if config.customer_tiers else ()))


def attribute_memberships(features: FeatureTable) -> Iterator[Membership]:
    """Groups by plan and by each categorical attribute."""
    for column in features.columns:
        if column.vocabulary and (column.name == MAIN_PLAN or column.family == FeatureFamily.ATTRIBUTES):
            words = decode_words(features.column(column.name), column.vocabulary)
            by = f"{FeatureFamily.ATTRIBUTES}.{column.name}" if column.name in RESERVED else column.name
            yield from _partition(by, words, order=(*sorted({*column.vocabulary} - {""}), ""))


def _partition(by: str, words: NDArray[np.str_], *, order: tuple[str, ...]) -> Iterator[Membership]:
    """One group per value that occurs, (n,); together they are all rows."""
    return (Membership(by, str(word), words == word) for word in order if (words == word).any())
