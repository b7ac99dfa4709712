"""Features as numbers: one row per (customer, cutoff), one float column per feature.

A categorical column holds integer codes into its vocabulary; unseen and missing words are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, DataError, did_you_mean
from core.i18n.translation import JAPANESE, Language

if TYPE_CHECKING:
    import pyarrow as pa

SEMANTICS = 2
"Version of the compiler's semantics, part of every digest: raise it when a declaration is computed differently."


class FeatureColumn(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a column of a feature table; stored with the values in artifacts, cards and reasons."""

    name: str
    family: str
    "See `core.feature_names.FeatureFamily`."
    unit: str
    en: str
    ja: str
    missing: str
    "What a missing value means."
    digest: str
    "Digest of the declaration; changes when the feature is computed differently."
    says_en: str = ""
    "A sentence for reasons, with gaps such as {value_days}; see `models.churn.sentences`."
    says_ja: str = ""
    usual_of: str | None = None
    "The feature with the customer's own usual value of this one; otherwise the median of the cohort is usual."
    vocabulary: tuple[str, ...] | None = None
    "Words of a categorical column; code i means vocabulary[i]."
    as_of_today: bool = False
    "Whether it is an attribute without a date, which may have been written after the cutoff."
    says_missing_en: str = ""
    "A sentence for reasons if the value is missing: 'Has never bought anything'."
    says_missing_ja: str = ""
    says_zero_en: str = ""
    "A sentence for reasons if the value is 0: 'No orders in the last 30 days'."
    says_zero_ja: str = ""
    says_above_en: str = ""
    "A sentence for reasons if the value is above 1, for multiples of what is usual: 'No purchase for 26 days'."
    says_above_ja: str = ""
    currency: str = ""
    "The currency of an amount, ISO 4217; '' for anything else."
    n_decimals: int = 0
    "Of an amount."

    def title(self, language: Language) -> str:
        """What the feature measures, as a noun phrase."""
        return self.ja if language == JAPANESE else self.en

    def sentences(self, value: float, language: Language, *, raises_risk: bool) -> tuple[str, ...]:
        """The templates of sentences on a value, the most particular one first; none if the title suffices."""
        is_japanese = language == JAPANESE
        ordinary = self.says_ja if is_japanese else self.says_en
        zero = self.says_zero_ja if is_japanese else self.says_zero_en
        absence = self.absence_sentence(value, language, raises_risk=raises_risk)
        chosen = (absence,) if math.isnan(value) else (absence, zero if value == 0 else "", ordinary)
        return tuple(template for template in chosen if template)

    def absence_sentence(self, value: float, language: Language, *, raises_risk: bool) -> str:
        """The template on a missing value, or on one that is longer than usual and a risk; '' if there is none."""
        is_japanese = language == JAPANESE
        if math.isnan(value):
            return self.says_missing_ja if is_japanese else self.says_missing_en
        above = self.says_above_ja if is_japanese else self.says_above_en
        return above if value > 1 and raises_risk else ""


@dataclass(frozen=True)
class FeatureTable:
    """Features of rows (customer, cutoff)."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    cutoffs: NDArray[np.datetime64]
    "(n,) datetime64[D]."
    values: NDArray[np.float64]
    "(n, len(columns)), NaN is missing."
    columns: tuple[FeatureColumn, ...]

    def __post_init__(self) -> None:
        expected = (len(self.customer_ids), len(self.columns))
        if self.values.shape != expected or len(self.cutoffs) != len(self.customer_ids):
            raise DataError(f"a feature table of {expected} cannot hold values of shape {self.values.shape}")

    def __len__(self) -> int:
        return len(self.customer_ids)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in reversed(list(enumerate(self.names)))}

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each feature's declaration, for the model card."""
        return {column.name: column.digest for column in self.columns}

    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """By categorical column: its words."""
        return {column.name: column.vocabulary for column in self.columns if column.vocabulary is not None}

    def column(self, name: str) -> NDArray[np.float64]:
        """The values of a feature, (n,)."""
        return self.values[:, self._place(name)]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> FeatureTable:
        """The rows that an index array or mask selects."""
        return replace(self, customer_ids=self.customer_ids[rows], cutoffs=self.cutoffs[rows], values=self.values[rows])

    def select(self, names: Sequence[str]) -> FeatureTable:
        """Select columns, in the order of `names`."""
        indices = [self._place(name) for name in names]
        return replace(self, values=self.values[:, indices], columns=tuple(self.columns[index] for index in indices))

    def _place(self, name: str) -> int:
        if name not in self._places:
            raise DataError(f"no feature '{name}'{did_you_mean(name, self.names)}")
        return self._places[name]

    def to_arrow(self) -> pa.Table:
        """An Arrow table for other tools; categorical columns are dictionaries of words."""
        import pyarrow as pa

        arrays: dict[str, pa.Array] = {
            "customer_id": pa.array(self.customer_ids.tolist(), pa.string()),
            "cutoff": pa.array(self.cutoffs),
        }
        for index, column in enumerate(self.columns):
            values = self.values[:, index]
            if column.vocabulary is None:
                arrays[column.name] = pa.array(values, from_pandas=True)
            else:
                codes = pa.array(np.nan_to_num(values, nan=-1).astype(np.int32), mask=np.isnan(values))
                arrays[column.name] = pa.DictionaryArray.from_arrays(codes, pa.array(column.vocabulary, pa.string()))
        return pa.table(arrays)

    def to_pandas(self):
        """A pandas DataFrame, for notebooks and scikit-learn."""
        return self.to_arrow().to_pandas()


def require_same_features(features: FeatureTable, fitted_on: Mapping[str, str], *, model: str, kind: str) -> None:
    """Raise BadInput if a feature is missing or computed differently than when a model was fitted.

    `fitted_on` has the digests of that time; `model` and `kind` are names for the message.
    """
    now = features.digests
    changed = sorted(name for name, digest in fitted_on.items() if now.get(name) != digest)
    if changed:
        names = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise BadInput(f"retrain: {names} changed since {model} was fitted; run `kizuna train {kind}`")
