"""A linear model of the churn cause and the sentiment of a text, stored as JSON and arrays.

    text -> TF-IDF of its n-grams -> one linear score per cause -> probabilities -> a cause, or unknown
                                  -> one linear score           -> sentiment, -1 to 1

scikit-learn fits the linear maps (fitting.py); predicting needs numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import softmax

from core.errors import BrokenArtifact
from core.model_kinds import TEXTS
from models.artifact import Artifact
from models.texts.vocabulary import Vocabulary, character_ngrams, word_ngrams

NAME = TEXTS.name
"There is one text model, and it is called as its kind."
UNKNOWN = "unknown"
"The cause of a text whose cause the model cannot predict."
MIN_TEXTS_PER_CHARACTER_NGRAM = 2
"A character n-gram of a single text says nothing about other texts."


@dataclass(frozen=True)
class LinearMap:
    """One linear function of the n-gram weights per output."""

    coefficients: NDArray[np.float64]
    "(outputs, n-grams)"
    intercepts: NDArray[np.float64]
    "(outputs,)"

    def predict(self, features: sparse.csr_matrix) -> NDArray[np.float64]:
        """The value of each output, (n, outputs)."""
        return np.asarray(features @ self.coefficients.T) + self.intercepts


@dataclass(frozen=True)
class NgramFeatures:
    """Texts as TF-IDF weights of character n-grams, then of word n-grams."""

    characters: Vocabulary
    words: Vocabulary

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Collect the n-grams of these texts."""
        return cls(
            Vocabulary.fit(texts, character_ngrams, min_texts=MIN_TEXTS_PER_CHARACTER_NGRAM),
            Vocabulary.fit(texts, word_ngrams),
        )

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """The weights, (n, n-grams); zeros for a text without a known n-gram."""
        return sparse.csr_matrix(sparse.hstack([self.characters.transform(texts), self.words.transform(texts)]))


@dataclass(frozen=True, kw_only=True)
class TextModel:
    """Predicts the churn cause and the sentiment of texts, as far as it was fitted on labels of each."""

    features: NgramFeatures
    causes: tuple[str, ...]
    "Sorted; empty where no text was labelled with a cause."
    cause_map: LinearMap
    inverse_temperature: float
    "Scores times this are calibrated log-odds, fitted on held-out texts."
    sentiment_map: LinearMap | None = None
    "None where no text had a score."

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n, causes), rows sum to 1; equal for a text without a known n-gram."""
        features = self.features.transform(texts)
        probabilities = softmax(self.inverse_temperature * self.cause_map.predict(features), axis=1)
        probabilities[features.getnnz(axis=1) == 0] = 1 / len(self.causes)
        return probabilities

    def causes_of(self, texts: Sequence[str], threshold: float) -> NDArray[np.str_]:
        """The likeliest cause of each text, (n,); `UNKNOWN` below the threshold."""
        return likeliest_cause(self.probabilities(texts), self.causes, threshold=threshold)

    def sentiment_of(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(n,) from -1, angry, to 1, delighted; NaN for a text without a known n-gram, and without a sentiment map."""
        features = self.features.transform(texts)
        if self.sentiment_map is None:
            return np.full(len(texts), np.nan)
        sentiment = np.clip(self.sentiment_map.predict(features)[:, 0], -1, 1)
        return np.where(features.getnnz(axis=1) > 0, sentiment, np.nan)

    def to_artifact(self) -> Artifact:
        """The model as JSON, text and arrays."""
        characters, words, sentiment = self.features.characters, self.features.words, self.sentiment_map
        arrays = {
            "character_idf": characters.idf,
            "word_idf": words.idf,
            "cause_coefficients": self.cause_map.coefficients,
            "cause_intercepts": self.cause_map.intercepts,
        }
        if sentiment is not None:
            arrays |= {
                "sentiment_coefficients": sentiment.coefficients,
                "sentiment_intercepts": sentiment.intercepts,
            }
        state = {"causes": list(self.causes), "inverse_temperature": self.inverse_temperature}
        texts = {"characters": "\n".join(characters.ngrams), "words": "\n".join(words.ngrams)}
        return Artifact(NAME, state, arrays, texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that was stored. Raises BrokenArtifact for another kind of model."""
        if artifact.model != NAME:
            raise BrokenArtifact(f"this is a {artifact.model} model, not a text model; run {TEXTS.train_command}")
        arrays, sentiment = artifact.arrays, None
        if "sentiment_coefficients" in arrays:
            sentiment = LinearMap(arrays["sentiment_coefficients"], arrays["sentiment_intercepts"])
        return cls(
            features=NgramFeatures(
                Vocabulary(_lines(artifact.texts["characters"]), arrays["character_idf"], character_ngrams),
                Vocabulary(_lines(artifact.texts["words"]), arrays["word_idf"], word_ngrams),
            ),
            causes=tuple(artifact.state["causes"]),
            cause_map=LinearMap(arrays["cause_coefficients"], arrays["cause_intercepts"]),
            inverse_temperature=artifact.state["inverse_temperature"],
            sentiment_map=sentiment,
        )


def likeliest_cause(probabilities: NDArray[np.float64], causes: Sequence[str], *, threshold: float) -> NDArray[np.str_]:
    """The likeliest cause of each row, (n,); `UNKNOWN` where its probability is below the threshold."""
    names = np.array([*causes, UNKNOWN])
    best = probabilities.argmax(axis=1)
    return names[np.where(probabilities.max(axis=1) >= threshold, best, len(causes))]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
