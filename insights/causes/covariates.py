"""Covariates of person-months, each mapped to the cause whose hazard it drives.

feature                        mapped to      drives the hazard of
tickets_topic_price_90d        price          price
active_seat_share              product        product
days_to_renewal                no cause       every cause
last_nps                       all causes     every cause

Features of `[causes.features]` in the TOML come first, then the defaults for any business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER, CauseWords
from core.feature_names import DAYS_SINCE_SUBSCRIPTION_CHANGE, MRR_NOW, SEATS_NOW, FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from models.churn.design_matrix import DesignMatrix
from models.protocols import AdditiveChurnModel
from tables.attributes import names_of

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


@dataclass(frozen=True)
class Covariates:
    """The design matrix of all cause-specific hazards."""

    values: NDArray[np.float64]
    "(n, p), centred and scaled."
    drives: NDArray[np.bool_]
    "(causes, p): whether a column drives the hazard of a cause."
    families: NDArray[np.str_]
    "(p,): weights of one family share a prior variance."

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        cause_of_column: NDArray[np.int64],
        *,
        families: NDArray[np.str_],
        n_causes: int,
    ) -> Self:
        """Build from the cause of each column, (p,), SHARED for columns that show every cause.

        Columns of the last cause, `other` (plan, size, industry, tenure), are specific to no cause and drive every
        hazard as well.
        """
        is_shared = np.isin(cause_of_column, (n_causes - 1, SHARED))
        drives = (cause_of_column == np.arange(n_causes)[:, None]) | is_shared
        return cls(values, drives, np.where(is_shared, np.char.add("all ", families), families))

    @classmethod
    def from_features(
        cls, features: FeatureTable, is_past: NDArray[np.bool_], *, model: AdditiveChurnModel, names: CauseNames
    ) -> Self:
        """Build from the features of a churn model; centring and scaling come from past rows, (n,)."""
        columns = model.columns_
        values = np.column_stack([features.column(column.name) for column in columns])
        design = DesignMatrix.fit(values[is_past], columns)
        cause_of_column = names.causes_of_features(columns)[design.owners]
        families = np.array([column.family for column in columns], dtype=str)[design.owners]
        return cls.of(design.transform(values), cause_of_column, families=families, n_causes=len(names.causes))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """The rows that an index array or boolean mask picks."""
        return type(self)(self.values[rows], self.drives, self.families)
