"""Cold start of customers: recommend by stated preferences, else by the favourites of the customer's segment.

    preference  an item scores for each stated value (brand: Ann) that it has; more popular items come first
    segment     share[j] = (the segment's purchases of j + PRIOR * overall share of j) / (its purchases + PRIOR)

Purchases decay, and a customer counts at most once for an item. The scores are the `cold_start` argument of
`Recommender.recommend`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Interactions, codes_of
from core.item_attributes import ItemAttributes
from core.recommendations import Stage
from models.artifact import Artifact
from models.recommenders.engine.item_popularity import popularity_of
from models.recommenders.engine.ranked_lists import ItemScores

# Precision@10 for 151 new customers outside the UK on online_retail II, in 28 days from 7 cutoffs between 2010-02 and
# 2010-08, with segments by country: .129 with 200, .130 with 500, .121 with 20, .123 with 1000; .082 by popularity.
PRIOR_PURCHASES = 200.0
"A segment with this many purchases weighs as much as the overall popularity."

CATEGORY = "category"
"The attribute to search for a preference whose key is not an attribute of items."

Preferences = Mapping[str, str | Sequence[str]]
"Stated values by key."


@dataclass(frozen=True, kw_only=True)
class ColdStartCustomers:
    """Scores items for customers without purchases, from their stated preferences and segments."""

    popularity: NDArray[np.float64]
    "(m,) overall share of each item."
    item_codes: Mapping[str, NDArray[np.int32]]
    "By attribute of items: (m,) codes of its values, -1 missing."
    item_vocabularies: Mapping[str, NDArray[np.str_]]
    "By attribute of items: its values, sorted."
    purchases: Mapping[str, sparse.csr_matrix]
    "By attribute of customers: (segments, m) float32 decayed purchases of each segment."
    segment_names: Mapping[str, NDArray[np.str_]]
    "By attribute of customers: its segments, sorted."

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        customer_segments: Mapping[str, NDArray[np.str_]],
        *,
        item_attributes: ItemAttributes,
        half_life_days: float = 30.0,
        cutoff: date | None = None,
    ) -> Self:
        """Fit in the codes of the interactions; recode these to the model's items first.

        `customer_segments` has for each attribute one segment for each customer of the interactions, '' where missing.
        """
        day = cutoff or interactions.times.max().astype("datetime64[D]").astype(date) + timedelta(days=1)
        items = item_attributes.recode(interactions.item_ids)
        bought = interactions.matrix(half_life_days, day)
        bought.data = np.minimum(bought.data, 1)
        names = {name: np.unique(column[column != ""]) for name, column in customer_segments.items()}
        return cls(
            popularity=popularity_of(interactions, half_life_days, cutoff=day),
            item_codes=items.codes,
            item_vocabularies=items.vocabularies,
            purchases={
                name: _sum_rows(bought, codes_of(column, names[name])) for name, column in customer_segments.items()
            },
            segment_names=names,
        )

    def scores_for(self, preferences: Preferences, segments: Mapping[str, str]) -> ItemScores:
        """(m,) scores and their stage; zeros, of stage popularity, where neither argument matches any item.

        The key of a preference is an attribute of items, or any text where its value is a category; case is ignored.
        Among items that match equally well, the segment's favourites come first.
        """
        n_matches, shares = self._count_matches(preferences), self._segment_shares(segments)
        if n_matches.any():
            tie_breaker = self.popularity if shares is None else shares
            nearly_one = tie_breaker / max(float(tie_breaker.max()), 1e-12)
            scores = np.where(n_matches > 0, n_matches - 0.5 + nearly_one / 2, 0)
            return ItemScores(scores.astype(np.float32), Stage.PREFERENCES)
        if shares is not None:
            return ItemScores(shares.astype(np.float32), Stage.SEGMENT)
        return ItemScores(np.zeros(len(self.popularity), dtype=np.float32), Stage.POPULARITY)

    def with_codes(self, codes: NDArray[np.int32], *, n_items: int) -> Self:
        """In a catalogue of more items, given the (m,) new codes; further items have no purchases or attributes yet."""
        popularity = np.zeros(n_items)
        popularity[codes] = self.popularity
        moved = {
            name: sparse.csr_matrix((each.data, codes[each.indices], each.indptr), (each.shape[0], n_items))
            for name, each in self.purchases.items()
        }
        item_codes = {name: np.full(n_items, -1, dtype=np.int32) for name in self.item_codes}
        for name, column in item_codes.items():
            column[codes] = self.item_codes[name]
        return replace(self, popularity=popularity, item_codes=item_codes, purchases=moved)

    def with_attributes(self, items: ItemAttributes) -> Self:
        """With other attributes of the same items."""
        return replace(self, item_codes=items.codes, item_vocabularies=items.vocabularies)

    def to_artifact(self) -> Artifact:
        """Names as JSON, numbers as arrays."""
        arrays = {"popularity": self.popularity}
        arrays |= {f"item_codes_{nth}": codes for nth, codes in enumerate(self.item_codes.values())}
        for nth, purchases in enumerate(self.purchases.values()):
            arrays |= {f"segments_{nth}_{name}": getattr(purchases, name) for name in ("data", "indices", "indptr")}
        state = {
            name: {key: values.tolist() for key, values in getattr(self, name).items()}
            for name in ("item_vocabularies", "segment_names")
        }
        return Artifact("cold_start_customers", state, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The stored model; arrays may be memory-mapped files."""
        arrays = artifact.arrays
        item_vocabularies, segment_names = (
            {key: np.array(values, dtype=str) for key, values in artifact.state[name].items()}
            for name in ("item_vocabularies", "segment_names")
        )
        purchases = {
            key: sparse.csr_matrix(
                tuple(arrays[f"segments_{nth}_{name}"] for name in ("data", "indices", "indptr")),
                (len(names), len(arrays["popularity"])),
            )
            for nth, (key, names) in enumerate(segment_names.items())
        }
        codes = {key: arrays[f"item_codes_{nth}"] for nth, key in enumerate(item_vocabularies)}
        return cls(
            popularity=arrays["popularity"],
            item_codes=codes,
            item_vocabularies=item_vocabularies,
            purchases=purchases,
            segment_names=segment_names,
        )

    def _count_matches(self, preferences: Preferences) -> NDArray[np.int64]:
        """(m,) number of preferences that each item matches."""
        n_matches = np.zeros(len(self.popularity), dtype=np.int64)
        for key, value in _key_values(preferences):
            name = next((name for name in self.item_codes if _fold_case(name) == _fold_case(key)), CATEGORY)
            codes = self._codes_by_value.get((name, _fold_case(value)))
            if codes:
                n_matches += np.isin(self.item_codes[name], codes)
        return n_matches

    @cached_property
    def _codes_by_value(self) -> dict[tuple[str, str], list[int]]:
        """The codes of a value in all its spellings, by attribute and case-folded value."""
        codes: dict[tuple[str, str], list[int]] = {}
        for name, values in self.item_vocabularies.items():
            for code, value in enumerate(values.tolist()):
                codes.setdefault((name, _fold_case(value)), []).append(code)
        return codes

    def _segment_shares(self, segments: Mapping[str, str]) -> NDArray[np.float64] | None:
        """(m,) mean of the item shares of all segments in the fit; None where there is none of them."""
        shares = []
        for name, segment in segments.items():
            code = int(codes_of(np.array([segment]), self.segment_names.get(name, np.empty(0, dtype=str)))[0])
            if code >= 0:
                purchases = self.purchases[name][[code]].toarray()[0].astype(np.float64)
                purchases += PRIOR_PURCHASES * self.popularity
                shares.append(purchases / purchases.sum())
        return np.mean(shares, axis=0) if shares else None


def _sum_rows(bought: sparse.csr_matrix, codes: NDArray[np.int32]) -> sparse.csr_matrix:
    """(codes, m) float32: sums of the rows of customers with the same code; rows with code -1 are dropped."""
    rows = np.flatnonzero(codes >= 0)
    shape = (int(codes.max(initial=-1)) + 1, len(codes))
    members = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (codes[rows], rows)), shape)
    return sparse.csr_matrix(members @ bought)


def _key_values(preferences: Preferences) -> Iterator[tuple[str, str]]:
    """Each stated value with its key; a key may have several values."""
    for key, values in preferences.items():
        for value in [values] if isinstance(values, str) else values:
            yield key, value


def _fold_case(text: str) -> str:
    return text.strip().casefold()
