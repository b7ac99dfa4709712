"""Texts as weights of their pieces (TF-IDF): frequent in this text, rare among all.

weight = (1 + ln count) * (1 + ln((1 + texts) / (1 + texts with it))), each text scaled to length 1

As scikit-learn's TfidfVectorizer(sublinear_tf=True); Manning et al. 2008, Introduction to Information Retrieval, ch. 6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from models.texts.ngrams import normalised

Split = Callable[[str], Iterable[str]]
"From a normalised text to its pieces."


@dataclass(frozen=True)
class Vocabulary:
    """The pieces that a model knows, and how much each tells."""

    pieces: tuple[str, ...]
    "Sorted."
    rarity: np.ndarray
    "(m,) float64: the second factor of the weight."
    split: Split

    @classmethod
    def learnt_from(cls, texts: Sequence[str], split: Split, least_texts: int = 1) -> Self:
        """Every piece that stands in at least so many of the texts."""
        standing_in = Counter(piece for text in texts for piece in set(split(normalised(text))))
        pieces = tuple(sorted(piece for piece, n_texts in standing_in.items() if n_texts >= least_texts))
        n_texts = np.array([standing_in[piece] for piece in pieces], dtype=np.float64)
        return cls(pieces, 1 + np.log((1 + len(texts)) / (1 + n_texts)), split)

    def weights(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, m), rows of length 1; a text without a known piece is a row of zeros."""
        counts = [self._counts(text) for text in texts]
        ends = np.cumsum([0, *(len(counted) for counted in counts)])
        columns = np.array([place for counted in counts for place in sorted(counted)], dtype=np.int32)
        often = np.array([counted[place] for counted in counts for place in sorted(counted)], dtype=np.float64)
        weights = (1 + np.log(often)) * self.rarity[columns]
        of_text = np.repeat(np.arange(len(texts)), np.diff(ends))
        lengths = np.sqrt(np.bincount(of_text, weights**2, len(texts)))
        return sparse.csr_matrix((weights / lengths[of_text], columns, ends), (len(texts), len(self.pieces)))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {piece: place for place, piece in enumerate(self.pieces)}

    def _counts(self, text: str) -> Counter[int]:
        places = self._places
        return Counter(places[piece] for piece in self.split(normalised(text)) if piece in places)
