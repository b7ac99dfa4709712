"""Maps features to the churn cause whose hazard they drive.

    feature tickets_topic_price_90d  -> price      family usage  -> product

Features of `[causes.features]` in the TOML come first, then the defaults for any business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER, CauseWords
from core.feature_names import DAYS_SINCE_SUBSCRIPTION_CHANGE, MRR_NOW, SEATS_NOW, FeatureFamily
from core.feature_table import FeatureColumn
from tables.vocabulary import names_of

DEFAULT_FEATURES: dict[str, tuple[str, ...]] = {
    "product": (FeatureFamily.USAGE, FeatureFamily.SEATS),
    "price": (
        MRR_NOW, "mrr_change_*", "upgrades_*", "downgrades_*", "refunded_*", SEATS_NOW,
        DAYS_SINCE_SUBSCRIPTION_CHANGE, FeatureFamily.SPEND,
    ),
    "support": (FeatureFamily.SUPPORT,),
}  # fmt: skip
"Feature names or families. A ticket topic's feature belongs to the cause of the topic's words; the rest is other."
SYMPTOMS = (FeatureFamily.SENTIMENT,)
"Families in which every cause shows, so they are mapped to none, unless the TOML maps them."
SHARED = -1
"Instead of a cause's index: the feature shows every cause."
TOPIC_FEATURE = re.compile(r"tickets_topic_(?P<topic>.+)_(?:\d+d|total)")


@dataclass(frozen=True)
class CauseNames(CauseWords):
    """The churn causes of a business, with the words and features mapped to each."""

    def causes_of_features(self, columns: Iterable[FeatureColumn]) -> NDArray[np.int64]:
        """The index in `causes` of each feature's cause, (m,); `SHARED` for symptoms."""
        causes = [self._cause_of_feature(column) for column in columns]
        return np.array([self.causes.index(cause) if cause else SHARED for cause in causes], dtype=np.int64)

    def _cause_of_feature(self, column: FeatureColumn) -> str:
        own = _match(column, self.settings.features)
        if own:
            return own
        topic = TOPIC_FEATURE.fullmatch(column.name)
        if topic:
            return self._topics.get(topic["topic"]) or self.cause_of(topic["topic"].replace("_", " ")) or OTHER
        default = _match(column, DEFAULT_FEATURES)
        if default in self.causes:
            return default
        return "" if column.family in SYMPTOMS else OTHER

    @cached_property
    def _topics(self) -> dict[str, str]:
        """The cause of each topic, by the topic's name inside a feature name."""
        return {
            name: cause for cause, words in self.codes.items() for word in words for name in names_of([word])
        }  # fmt: skip


def _match(column: FeatureColumn, patterns_by_cause: Mapping[str, Sequence[str]]) -> str:
    """The cause with a pattern that matches the feature's name, or else its family; '' if none does."""
    for text in (column.name, column.family):
        for cause, patterns in patterns_by_cause.items():
            if any(fnmatchcase(text, pattern) for pattern in patterns):
                return cause
    return ""
