"""TF-IDF weights of a text's n-grams: high for n-grams that are frequent in the text and rare among all texts.

weight = (1 + ln count) * (1 + ln((1 + texts) / (1 + texts with it))), each text scaled to length 1

As scikit-learn's TfidfVectorizer(sublinear_tf=True); Manning et al. 2008, Introduction to Information Retrieval, ch. 6.
A test holds both equal. It is written by hand, because a fitted vectorizer is stored as a pickle, which we never load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.texts.ngrams import normalize

Split = Callable[[str], Iterable[str]]
"From a normalized text to its n-grams."


@dataclass(frozen=True)
class Vocabulary:
    """The known n-grams and their inverse document frequencies."""

    ngrams: tuple[str, ...]
    "Sorted."
    idf: NDArray[np.float64]
    "(m,) the second factor of the weight."
    split: Split

    @classmethod
    def fit(cls, texts: Sequence[str], split: Split, *, min_texts: int = 1) -> Self:
        """Collect every n-gram that occurs in at least `min_texts` of the texts."""
        n_texts_with = Counter(ngram for text in texts for ngram in set(split(normalize(text))))
        ngrams = tuple(sorted(ngram for ngram, n_texts in n_texts_with.items() if n_texts >= min_texts))
        n_texts = np.array([n_texts_with[ngram] for ngram in ngrams], dtype=np.float64)
        return cls(ngrams, 1 + np.log((1 + len(texts)) / (1 + n_texts)), split)

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """The weights, (n, m), with rows of length 1; a text without a known n-gram is a row of zeros."""
        counts = [self._count(text) for text in texts]
        ends = np.cumsum([0, *(len(of_text) for of_text in counts)])
        columns = np.array([place for of_text in counts for place in sorted(of_text)], dtype=np.int32)
        frequency = np.array([of_text[place] for of_text in counts for place in sorted(of_text)], dtype=np.float64)
        weights = (1 + np.log(frequency)) * self.idf[columns]
        rows = np.repeat(np.arange(len(texts)), np.diff(ends))
        lengths = np.sqrt(np.bincount(rows, weights**2, len(texts)))
        return sparse.csr_matrix((weights / lengths[rows], columns, ends), (len(texts), len(self.ngrams)))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ngram: place for place, ngram in enumerate(self.ngrams)}

    def _count(self, text: str) -> Counter[int]:
        places = self._places
        return Counter(places[ngram] for ngram in self.split(normalize(text)) if ngram in places)
