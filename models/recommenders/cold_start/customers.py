"""Where a new customer starts from: what they told us that they like, else what customers of their segment buy.

    preference  an item is liked for each thing told (brand: Ann) that it has, what is bought more before the rest
    segment     share[j] = (its purchases of j + PRIOR * everybody's share of j) / (its purchases + PRIOR)

Purchases decay, and a customer counts at most once for an item. What comes of it is the `starting` of `recommend`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from core.interactions import Interactions, codes_of
from core.item_attributes import ItemAttributes
from core.recommendations import Stage
from models.artifact import Artifact
from models.recommenders.engine.base import StartingPoint, popularity_of

# Of 151 new customers outside the UK on online_retail II, in 28 days from 7 cutoffs between 2010-02 and 2010-08, lists
# of 10 by country were right by .129 with 200 or .130 with 500, .121 with 20, .123 with 1000, .082 with everybody's.
PRIOR_PURCHASES = 200.0
"A segment of so many purchases is believed as much as everybody is."

CATEGORY = "category"
"The attribute in which a preference is looked for whose key is none."


@dataclass(frozen=True)
class StartingPoints:
    """What is known of items and segments, for customers of whom nothing else is known."""

    popularity: np.ndarray
    "(m,) float64: everybody's share."
    item_codes: Mapping[str, np.ndarray]
    "By attribute of items: (m,) int32 codes of its words, -1 missing."
    item_words: Mapping[str, np.ndarray]
    "By attribute of items: its words, sorted."
    purchases: Mapping[str, sparse.csr_matrix]
    "By attribute of customers: (words, m) float32 decayed purchases of each segment."
    segment_words: Mapping[str, np.ndarray]
    "By attribute of customers: its words, sorted."

    @classmethod
    def learnt_from(
        cls,
        interactions: Interactions,
        customer_segments: Mapping[str, np.ndarray],
        item_attributes: ItemAttributes,
        half_life_days: float = 30.0,
        cutoff: date | None = None,
    ) -> Self:
        """In the codes of the interactions, so recode them to the model's items before.

        `customer_segments` gives, by attribute, a word for each customer of the interactions, '' where it is missing.
        """
        now = cutoff or interactions.times.max().astype("datetime64[D]").astype(date) + timedelta(days=1)
        items = item_attributes.recode(interactions.item_ids)
        bought = interactions.matrix(half_life_days, now)
        bought.data = np.minimum(bought.data, 1)
        words = {name: np.unique(said[said != ""]) for name, said in customer_segments.items()}
        return cls(
            popularity_of(interactions, half_life_days, now),
            items.codes,
            items.words,
            {name: _summed(bought, codes_of(said, words[name])) for name, said in customer_segments.items()},
            words,
        )

    def scores_for(self, preferences: Mapping[str, str | Sequence[str]], segments: Mapping[str, str]) -> StartingPoint:
        """(m,) float32 scores and their stage; zeros, of popularity, where nothing of it says anything.

        Preferences are told by key and value. The key is an attribute of items, or anything where the value is a
        category; case does not matter. Among equally liked items the segment's favourites come first.
        """
        liked, bought = self._liked(preferences), self._bought_by(segments)
        if liked.any():
            shares = self.popularity if bought is None else bought
            nearly_one = shares / max(float(shares.max()), 1e-12)
            return np.where(liked > 0, liked - 0.5 + nearly_one / 2, 0).astype(np.float32), Stage.PREFERENCES
        if bought is not None:
            return bought.astype(np.float32), Stage.SEGMENT
        return np.zeros(len(self.popularity), dtype=np.float32), Stage.POPULARITY

    def to_artifact(self) -> Artifact:
        """Words as JSON, the rest as arrays."""
        arrays = {"popularity": self.popularity}
        arrays |= {f"item_codes_{nth}": codes for nth, codes in enumerate(self.item_codes.values())}
        for nth, purchases in enumerate(self.purchases.values()):
            arrays |= {f"segments_{nth}_{name}": getattr(purchases, name) for name in ("data", "indices", "indptr")}
        state = {
            name: {key: words.tolist() for key, words in getattr(self, name).items()}
            for name in ("item_words", "segment_words")
        }
        return Artifact("starting_points", state, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The same as it was; arrays may be mapped files."""
        arrays = artifact.arrays
        item_words, segment_words = (
            {key: np.array(words, dtype=str) for key, words in artifact.state[name].items()}
            for name in ("item_words", "segment_words")
        )
        purchases = {
            key: sparse.csr_matrix(
                tuple(arrays[f"segments_{nth}_{name}"] for name in ("data", "indices", "indptr")),
                (len(words), len(arrays["popularity"])),
            )
            for nth, (key, words) in enumerate(segment_words.items())
        }
        codes = {key: arrays[f"item_codes_{nth}"] for nth, key in enumerate(item_words)}
        return cls(arrays["popularity"], codes, item_words, purchases, segment_words)

    def _liked(self, preferences: Mapping[str, str | Sequence[str]]) -> np.ndarray:
        """(m,) for how many of the things told each item is liked."""
        liked = np.zeros(len(self.popularity), dtype=np.int64)
        for key, value in _told(preferences):
            name = next((name for name in self.item_codes if _folded(name) == _folded(key)), CATEGORY)
            codes = self._folded_words.get((name, _folded(value)))
            if codes:
                liked += np.isin(self.item_codes[name], codes)
        return liked

    @cached_property
    def _folded_words(self) -> dict[tuple[str, str], list[int]]:
        """The codes of a word, however it is written, by attribute."""
        found: dict[tuple[str, str], list[int]] = {}
        for name, words in self.item_words.items():
            for code, word in enumerate(words.tolist()):
                found.setdefault((name, _folded(word)), []).append(code)
        return found

    def _bought_by(self, segments: Mapping[str, str]) -> np.ndarray | None:
        """(m,) the mean of the shares of the segments that are known; None where none is."""
        shares = []
        for name, word in segments.items():
            code = int(codes_of(np.array([word]), self.segment_words.get(name, np.empty(0, dtype=str)))[0])
            if code >= 0:
                purchases = self.purchases[name][[code]].toarray()[0].astype(np.float64)
                purchases += PRIOR_PURCHASES * self.popularity
                shares.append(purchases / purchases.sum())
        return np.mean(shares, axis=0) if shares else None


def _summed(bought: sparse.csr_matrix, codes: np.ndarray) -> sparse.csr_matrix:
    """(words, m) float32: the rows of customers x items summed by each customer's code, those of -1 left out."""
    known = np.flatnonzero(codes >= 0)
    shape = (int(codes.max(initial=-1)) + 1, len(codes))
    members = sparse.csr_matrix((np.ones(len(known), dtype=np.float32), (codes[known], known)), shape)
    return sparse.csr_matrix(members @ bought)


def _told(preferences: Mapping[str, str | Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Each thing told, by key; one key may have told several."""
    for key, values in preferences.items():
        for value in [values] if isinstance(values, str) else values:
            yield key, value


def _folded(word: str) -> str:
    return word.strip().casefold()
