"""Character and word n-grams of a text, and their TF-IDF weights. They work for Japanese as well as for English.

    "Too slow"   characters   " ", "t", "o", ..., " to", "too", "oo ", ..., "slow "   1 to 5 characters inside words
                 words        "too", "slow", "too slow"                               1 or 2 words

Japanese has no spaces between words, so there a phrase is one word and its character n-grams carry the information. No
dictionary is needed. A weight is high for n-grams that are frequent in the text and rare among all texts:

    weight = (1 + ln count) * (1 + ln((1 + texts) / (1 + texts with it))), each text scaled to length 1

As scikit-learn's TfidfVectorizer(sublinear_tf=True); Manning et al. 2008, Introduction to Information Retrieval, ch. 6.
A test holds both equal. It is written by hand, because a fitted vectorizer is stored as a pickle, which we never load.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

MAX_CHARACTERS = 5
MAX_WORDS = 2
MAX_TEXT_LENGTH = 5_000
"Characters; the rest of a text is ignored."

WORD = re.compile(r"\b\w+\b")
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def normalize(text: str) -> str:
    """The text in one width and one case: ＡＢＣ and abc become the same, as do ｶﾅ and カナ."""
    return unicodedata.normalize("NFKC", text[:MAX_TEXT_LENGTH]).casefold()


def character_ngrams(text: str) -> Iterator[str]:
    """Every run of 1 to `MAX_CHARACTERS` characters inside words of a normalized text, with spaces at their edges.

    As scikit-learn's analyzer 'char_wb', but without the single space, which every text has. A word that is shorter
    than a run counts once.
    """
    for word in text.split():
        padded = f" {word} "
        for length in range(1, MAX_CHARACTERS + 1):
            for start in range(max(1, len(padded) - length + 1)):
                ngram = padded[start : start + length]
                if ngram != " ":
                    yield ngram
            if length >= len(padded):
                break


def word_ngrams(text: str) -> Iterator[str]:
    """Every word and every two neighbouring words of a normalized text."""
    words = WORD.findall(text)
    for length in range(1, MAX_WORDS + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def is_japanese(text: str) -> bool:
    """Whether a text has Japanese characters: kana, or those shared with Chinese."""
    return bool(JAPANESE.search(text))


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
