"""Evaluation of a text model on labelled texts that it was not fitted on; intervals resample texts."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from models.metrics.weighted import ratio

CLASSIFICATION_METRICS = ("accuracy", "macro_f1")
TEXT_METRICS = (
    "accuracy", "macro_f1", "japanese_accuracy", "other_accuracy", "answered_accuracy", "tone_correlation",
)  # fmt: skip
"On the model card."


class TextEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The labelled data and the metrics of a text model; every metric is of texts held out in five folds."""

    n_texts: dict[str, int]
    "Labelled texts by cause."
    n_japanese: int
    "Labelled texts with Japanese characters; the others are treated as English."
    accuracy: Estimate
    "Share of the texts whose likeliest cause is the labelled one."
    macro_f1: Estimate
    words_accuracy: Estimate
    "The accuracy of the word lists in `[causes]`, by which texts are read without a model."
    over_words: Estimate
    "How much higher the model's accuracy is on the same texts."
    japanese_accuracy: Estimate
    other_accuracy: Estimate
    threshold: float
    "Below this probability the cause of a text is unknown."
    answered: float
    "Share of the texts at or above the threshold."
    answered_accuracy: Estimate
    n_sentiment: dict[str, int]
    "Texts with a score, by the source of the score; empty where there is no sentiment."
    tone_correlation: Estimate
    "Between predicted and given sentiment."


def classification_metrics(
    predicted: NDArray[np.str_], causes: NDArray[np.str_], *, text_ids: NDArray[np.int64] | None = None
) -> dict[str, Estimate]:
    """Accuracy, and F1 averaged over causes; `predicted` and `causes` are (n,).

    Texts with the same id are resampled together; by default every text has its own. A cause that is neither predicted
    nor labelled does not count.
    """
    names = np.union1d(predicted, causes)
    is_labelled, is_predicted = (np.array(words)[:, None] == names for words in (causes, predicted))
    parts = np.concatenate([is_labelled & is_predicted, is_labelled, is_predicted], axis=1).astype(np.float64)

    def statistics(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        n_right, n_labelled, n_predicted = np.split(weights @ parts, 3, axis=1)
        f1 = ratio(2 * n_right, n_labelled + n_predicted)
        return np.column_stack([n_right.sum(axis=1) / weights.sum(axis=1), np.nanmean(f1, axis=1)])

    ids = np.arange(len(causes)) if text_ids is None else text_ids
    return dict(zip(CLASSIFICATION_METRICS, estimate_intervals(statistics, ids), strict=True))
