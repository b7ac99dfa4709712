"""Which customers are told apart, month by month: by the segments and tiers of the TOML, by plan, by listed attribute.

              March      April
ada           dormant    lively        who belongs where is worked out anew at the first midnight of each month, from
bo            lively     lively        what was known then; a top share is of those who are customers at that midnight

A customer has one tier, one plan, one trade at a time, and may be in several segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.cohort import Cohort
from core.config.data_set import Config
from core.feature_names import MAIN_PLAN, FeatureFamily
from core.feature_table import FeatureTable
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from features.segments.rule_variables import attribute_names, decode_words, features_for_rules
from tables.tables import Tables

SEGMENT, TIER = "segment", "customer_tier"
TAKEN = (SEGMENT, TIER, "all", "month", "cause")
"What a listed attribute of the same name is not confused with: it is told as attributes.segment."


@dataclass(frozen=True)
class Membership:
    """One group, and which person-months belong to it."""

    by: str
    "SEGMENT, TIER, or the feature that tells customers apart: main_plan, account_industry, ..."
    value: str
    "'' for those who belong to no other group by the same; segments have none such."
    rows: np.ndarray
    "(n,) bool"

    def of_places(self, places: np.ndarray) -> Membership:
        """The same group among things that have the place of a person-month each, -1 for none."""
        return replace(self, rows=np.append(self.rows, False)[places])


def memberships(tables: Tables, cohort: Cohort, risk: np.ndarray) -> tuple[Membership, ...]:
    """Every group of the cohort, whose P(leaving) is `risk`, (n,). Raises as `compute_segmentation`.

    Rules may speak of features, and customers have plans, that no churn model knows: those alone are computed anew.
    """
    names = features_for_rules(tables.config).union([MAIN_PLAN], attribute_names(tables.config))
    features = compute_features(tables, cohort, names=names)
    return (*by_settings(tables.config, features, risk), *by_words(features))


def by_settings(config: Config, features: FeatureTable, risk: np.ndarray) -> tuple[Membership, ...]:
    """The segments and tiers of the configuration, those of each cutoff from its own customers; `risk` is (n,)."""
    in_segment = np.zeros((len(features), len(config.segments)), bool)
    tier = np.full(len(features), -1)
    for cutoff in np.unique(features.cutoffs):
        rows = np.flatnonzero(features.cutoffs == cutoff)
        then = compute_segmentation(config, features.take(rows), churn_probability=risk[rows])
        in_segment[rows], tier[rows] = then.in_segment, then.customer_tier
    segments = (Membership(SEGMENT, name, rows) for name, rows in zip(config.segments, in_segment.T, strict=True))
    words = np.array([*config.customer_tiers, ""])
    return (*segments, *(_parts(TIER, words[tier], tuple(words)) if config.customer_tiers else ()))


def by_words(features: FeatureTable) -> Iterator[Membership]:
    """The groups by plan and by each listed attribute that is a word."""
    for column in features.columns:
        if column.vocabulary and (column.name == MAIN_PLAN or column.family == FeatureFamily.ATTRIBUTES):
            words = decode_words(features.column(column.name), column.vocabulary)
            by = f"{FeatureFamily.ATTRIBUTES}.{column.name}" if column.name in TAKEN else column.name
            yield from _parts(by, words, (*sorted({*column.vocabulary} - {""}), ""))


def _parts(by: str, words: np.ndarray, order: tuple[str, ...]) -> Iterator[Membership]:
    """A group for each word that somebody has, (n,) text: together they are everybody."""
    return (Membership(by, str(word), words == word) for word in order if (words == word).any())
