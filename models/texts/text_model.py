"""What a customer's text speaks of and how it sounds, told by a linear model that is kept as JSON and arrays.

    text -> weights of its pieces -> one straight line a cause -> probabilities -> a cause, or unknown
                                  -> one straight line         -> tone, -1 to 1

scikit-learn learns the lines (learning.py); answering needs numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse
from scipy.special import softmax

from core.errors import BrokenArtifact
from models.artifact import Artifact
from models.texts.ngrams import character_pieces, phrases
from models.texts.vocabulary import Vocabulary

NAME = "texts"
UNKNOWN = "unknown"
"Said of a text that the model cannot tell the cause of."
LEAST_TEXTS_OF_A_PIECE = 2
"A run of characters that stands in one text alone tells nothing of others."


@dataclass(frozen=True)
class Lines:
    """A straight line an answer: how strongly each known piece speaks for it."""

    slopes: np.ndarray
    "(answers, pieces) float64"
    intercepts: np.ndarray
    "(answers,) float64"

    def heights(self, weights: sparse.csr_matrix) -> np.ndarray:
        """(n, answers) how strongly each text speaks for each answer."""
        return np.asarray(weights @ self.slopes.T) + self.intercepts


@dataclass(frozen=True)
class Pieces:
    """Texts as one row of weights: pieces of words first, then words."""

    characters: Vocabulary
    words: Vocabulary

    @classmethod
    def learnt_from(cls, texts: Sequence[str]) -> Self:
        """The pieces of these texts."""
        return cls(
            Vocabulary.learnt_from(texts, character_pieces, LEAST_TEXTS_OF_A_PIECE),
            Vocabulary.learnt_from(texts, phrases),
        )

    def weights(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, pieces); zeros where nothing is known of a text."""
        return sparse.csr_matrix(sparse.hstack([self.characters.weights(texts), self.words.weights(texts)]))


@dataclass(frozen=True)
class TextModel:
    """Tells the cause that a text speaks of and the text's tone, as far as it was given labels of each."""

    pieces: Pieces
    causes: tuple[str, ...]
    "Sorted; empty where no text was labelled with a cause."
    cause_lines: Lines
    sharpness: float
    "Heights times this are log-odds that mean what they say, found on texts that were held out."
    tone_lines: Lines | None = None
    "None where no text had a score beside it."

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """(n, causes), rows sum to 1; equal for a text of which no piece is known."""
        weights = self.pieces.weights(texts)
        chances = softmax(self.sharpness * self.cause_lines.heights(weights), axis=1)
        chances[weights.getnnz(axis=1) == 0] = 1 / len(self.causes)
        return chances

    def causes_of(self, texts: Sequence[str], threshold: float) -> np.ndarray:
        """The likeliest cause of each text, (n,) text 'U'; `UNKNOWN` below the threshold."""
        return likeliest(self.probabilities(texts), self.causes, threshold)

    def tones_of(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) from -1, angry, to 1, delighted; NaN where nothing is known of the text or of tones."""
        weights = self.pieces.weights(texts)
        if self.tone_lines is None:
            return np.full(len(texts), np.nan)
        tones = np.clip(self.tone_lines.heights(weights)[:, 0], -1, 1)
        return np.where(weights.getnnz(axis=1) > 0, tones, np.nan)

    def to_artifact(self) -> Artifact:
        """The model as JSON, text and arrays."""
        characters, words, tone = self.pieces.characters, self.pieces.words, self.tone_lines
        arrays = {
            "character_rarity": characters.rarity,
            "word_rarity": words.rarity,
            "cause_slopes": self.cause_lines.slopes,
            "cause_intercepts": self.cause_lines.intercepts,
        }
        if tone is not None:
            arrays |= {"tone_slopes": tone.slopes, "tone_intercepts": tone.intercepts}
        state = {"causes": list(self.causes), "sharpness": self.sharpness}
        texts = {"characters": "\n".join(characters.pieces), "words": "\n".join(words.pieces)}
        return Artifact(NAME, state, arrays, texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that answers as the one it was taken from. Raises BrokenArtifact for another kind of model."""
        if artifact.model != NAME:
            raise BrokenArtifact(f"this is a {artifact.model} model and none of texts; kizuna train texts makes one")
        arrays = artifact.arrays
        tone = Lines(arrays["tone_slopes"], arrays["tone_intercepts"]) if "tone_slopes" in arrays else None
        return cls(
            Pieces(
                Vocabulary(_lines(artifact.texts["characters"]), arrays["character_rarity"], character_pieces),
                Vocabulary(_lines(artifact.texts["words"]), arrays["word_rarity"], phrases),
            ),
            tuple(artifact.state["causes"]),
            Lines(arrays["cause_slopes"], arrays["cause_intercepts"]),
            artifact.state["sharpness"],
            tone,
        )


def likeliest(chances: np.ndarray, causes: Sequence[str], threshold: float) -> np.ndarray:
    """The likeliest cause of each row, (n,) text 'U'; `UNKNOWN` where its probability lies below the threshold."""
    said = np.array([*causes, UNKNOWN])
    best = chances.argmax(axis=1)
    return said[np.where(chances.max(axis=1) >= threshold, best, len(causes))]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
