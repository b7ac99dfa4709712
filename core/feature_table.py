"""What is known of each customer at each cutoff, as numbers.

One row per (customer, cutoff), one float column per feature. A categorical
column holds integer codes into its vocabulary; unseen and missing are NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.errors import BadInput, DataError, did_you_mean
from core.i18n.translation import JAPANESE, Language

if TYPE_CHECKING:
    import pyarrow as pa

SEMANTICS = 1
"Version of what a feature declaration means, part of every digest: raise it when the compiler reads one differently."


class FeatureColumn(msgspec.Struct, frozen=True):
    """What one column of a feature table means; travels with the values into artifacts, cards and reasons."""

    name: str
    family: str
    "What a marketer would call it: recency, frequency, spend, returns, variety, channels, rhythm, ..."
    unit: str
    en: str
    ja: str
    missing: str
    "What a missing value means."
    digest: str
    "Of the declaration: changes when the way it is computed changes."
    says_en: str = ""
    "A sentence for reasons with gaps such as {value}: 'Last purchase {value_days} ago (usually {usual_days})'."
    says_ja: str = ""
    usual_of: str | None = None
    "The feature that holds the customer's own usual value of this one; otherwise the cohort's median is usual."
    vocabulary: tuple[str, ...] | None = None
    "Of a categorical column: code i stands for vocabulary[i]."
    as_of_today: bool = False
    "An attribute without a date, so possibly written after the cutoff."
    says_missing_en: str = ""
    "A sentence for reasons where the value is missing: 'No purchase on record (others: {usual_days} ago)'."
    says_missing_ja: str = ""

    def title(self, language: Language) -> str:
        """What the feature measures, as a noun phrase."""
        return self.ja if language == JAPANESE else self.en

    def sentence(self, language: Language, *, is_missing: bool) -> str:
        """The sentence for reasons; '' where the title is enough."""
        if is_missing:
            return self.says_missing_ja if language == JAPANESE else self.says_missing_en
        return self.says_ja if language == JAPANESE else self.says_en


@dataclass(frozen=True)
class FeatureTable:
    """Rows (customer, cutoff) of features.

    `customer_ids` (n,) text 'U'; `cutoffs` (n,) datetime64[D]; `values` (n, len(columns)) float64, NaN is missing.
    """

    customer_ids: np.ndarray
    cutoffs: np.ndarray
    values: np.ndarray
    columns: tuple[FeatureColumn, ...]

    def __post_init__(self) -> None:
        expected = (len(self.customer_ids), len(self.columns))
        if self.values.shape != expected or len(self.cutoffs) != len(self.customer_ids):
            raise DataError(f"a feature table of {expected} cannot hold values of shape {self.values.shape}")

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def digests(self) -> dict[str, str]:
        """Each feature's declaration digest, for the model card."""
        return {column.name: column.digest for column in self.columns}

    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """The words behind the codes of each categorical column."""
        return {column.name: column.vocabulary for column in self.columns if column.vocabulary is not None}

    def column(self, name: str) -> np.ndarray:
        """One feature's values, (n,)."""
        if name not in self.names:
            raise DataError(f"no feature '{name}'{did_you_mean(name, self.names)}")
        return self.values[:, self.names.index(name)]

    def take(self, rows: np.ndarray) -> FeatureTable:
        """The rows that an index array or boolean mask picks."""
        return replace(self, customer_ids=self.customer_ids[rows], cutoffs=self.cutoffs[rows], values=self.values[rows])

    def select(self, names: Sequence[str]) -> FeatureTable:
        """These columns, in this order."""
        for name in names:
            self.column(name)
        places = [self.names.index(name) for name in names]
        return replace(self, values=self.values[:, places], columns=tuple(self.columns[place] for place in places))

    def to_arrow(self) -> pa.Table:
        """The table for other tools; categorical columns as dictionaries of words."""
        import pyarrow as pa

        arrays: dict[str, pa.Array] = {
            "customer_id": pa.array(self.customer_ids.tolist(), pa.string()),
            "cutoff": pa.array(self.cutoffs),
        }
        for place, column in enumerate(self.columns):
            values = self.values[:, place]
            if column.vocabulary is None:
                arrays[column.name] = pa.array(values, from_pandas=True)
            else:
                codes = pa.array(np.nan_to_num(values, nan=-1).astype(np.int32), mask=np.isnan(values))
                arrays[column.name] = pa.DictionaryArray.from_arrays(codes, pa.array(column.vocabulary, pa.string()))
        return pa.table(arrays)

    def to_pandas(self):
        """The table for people and scikit-learn: a pandas DataFrame."""
        return self.to_arrow().to_pandas()


def require_same_features(features: FeatureTable, fitted_on: Mapping[str, str], model: str, kind: str) -> None:
    """Raise BadInput where a feature is computed otherwise than when a model was fitted, or not at all.

    `fitted_on` are the digests of that time; `model` and `kind` are how it is called and trained.
    """
    now = features.digests
    changed = sorted(name for name, digest in fitted_on.items() if now.get(name) != digest)
    if changed:
        named = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise BadInput(f"retrain: {named} changed since {model} was fitted; run `kizuna train {kind}`")
