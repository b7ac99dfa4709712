"""What is known of a text model: what it learnt from, and how well it tells texts that it did not see."""

from __future__ import annotations

import msgspec

from core.intervals import Estimate

FIGURES = (
    "accuracy", "macro_f1", "japanese_accuracy", "other_accuracy", "answered_accuracy", "tone_correlation",
)  # fmt: skip
"Those that the registered version carries."


class TextCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the labels showed; every figure is of texts that were held out, in five folds."""

    n_texts: dict[str, int]
    "Labelled texts by cause."
    n_japanese: int
    "Of these, texts with Japanese letters; the others are taken for English or alike."
    accuracy: Estimate
    "Share of the texts whose likeliest cause is the labelled one."
    macro_f1: Estimate
    words_accuracy: Estimate
    "The same share where texts are read by the words of `[causes]`, as they are without a model."
    over_words: Estimate
    "How much more is told right than by words, on the same texts."
    japanese_accuracy: Estimate
    other_accuracy: Estimate
    threshold: float
    "Below this probability the cause of a text is unknown."
    answered: float
    "Share of the texts from the threshold on."
    answered_accuracy: Estimate
    n_tones: dict[str, int]
    "Scored texts that the tone was learnt from, by where the score stood; none: no tone is told."
    tone_correlation: Estimate
    "Between told and given tones."
