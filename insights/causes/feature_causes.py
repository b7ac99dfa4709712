"""Which cause a feature speaks of.

    feature tickets_topic_price_90d  -> price      family usage  -> product

The usual features are for any business; `[causes]` of the TOML says more, and comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np

from core.churn_causes import OTHER, CauseWords
from core.feature_names import DAYS_SINCE_SUBSCRIPTION_CHANGE, MRR_NOW, SEATS_NOW, FeatureFamily
from core.feature_table import FeatureColumn
from tables.vocabulary import names_of

USUAL_FEATURES: dict[str, tuple[str, ...]] = {
    "product": (FeatureFamily.USAGE, FeatureFamily.SEATS),
    "price": (
        MRR_NOW, "mrr_change_*", "upgrades_*", "downgrades_*", "refunded_*", SEATS_NOW,
        DAYS_SINCE_SUBSCRIPTION_CHANGE, FeatureFamily.SPEND,
    ),
    "support": (FeatureFamily.SUPPORT,),
}  # fmt: skip
"Names of features or families; a ticket topic's feature goes where the topic's words go, and the rest is other."
SYMPTOMS = (FeatureFamily.SENTIMENT,)
"Families that every cause shows in, so that they speak of none; a business that knows better gives them to one."
OF_NONE = -1
TOPIC_FEATURE = re.compile(r"tickets_topic_(?P<topic>.+)_(?:\d+d|total)")


@dataclass(frozen=True)
class CauseNames(CauseWords):
    """The causes of a business and what stands for each: words and features."""

    def of_features(self, columns: Iterable[FeatureColumn]) -> np.ndarray:
        """The place in `causes` of the cause that each feature speaks of, (m,) int64; `OF_NONE` for symptoms."""
        found = [self._of_feature(column) for column in columns]
        return np.array([self.causes.index(cause) if cause else OF_NONE for cause in found], dtype=np.int64)

    def _of_feature(self, column: FeatureColumn) -> str:
        own = _matching(column, self.settings.features)
        if own:
            return own
        topic = TOPIC_FEATURE.fullmatch(column.name)
        if topic:
            return self._topics.get(topic["topic"]) or self.cause_of(topic["topic"].replace("_", " ")) or OTHER
        usual = _matching(column, USUAL_FEATURES)
        if usual in self.causes:
            return usual
        return "" if column.family in SYMPTOMS else OTHER

    @cached_property
    def _topics(self) -> dict[str, str]:
        """By the name that a topic has within a feature's name: its cause."""
        return {
            name: cause for cause, words in self.codes.items() for word in words for name in names_of([word])
        }  # fmt: skip


def _matching(column: FeatureColumn, claims: Mapping[str, Sequence[str]]) -> str:
    """The cause whose claim fits the feature's name, or else its family; '' where none does."""
    for said in (column.name, column.family):
        for cause, patterns in claims.items():
            if any(fnmatchcase(said, pattern) for pattern in patterns):
                return cause
    return ""
