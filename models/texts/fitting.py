"""Fit a text model on labelled texts, predict held-out texts, and measure the predictions.

Equal texts are always on the same side of a fold; intervals resample texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.svm import LinearSVC

from core.errors import NotEnoughHistory
from core.intervals import Estimate, estimate_intervals
from models.metrics.weighted import ratio
from models.texts.text_model import LinearMap, NgramFeatures, TextModel
from models.texts.vocabulary import normalize

N_FOLDS = 5
MIN_TEXTS = N_FOLDS
"Of each cause, and of sentiment: with fewer, some folds have none to hold out."
UNSEEN_SCORE = -1.0
"The score of a cause without a training text in a fold: on the far side of the margin."
INVERSE_TEMPERATURES = (1e-2, 1e2)
"The range of the search."
CLASSIFICATION_METRICS = ("accuracy", "macro_f1")
TEXT_METRICS = (
    "accuracy", "macro_f1", "japanese_accuracy", "other_accuracy", "answered_accuracy", "tone_correlation",
)  # fmt: skip
"On the model card."


@dataclass(frozen=True)
class CauseLabels:
    """Texts with the churn cause that the company has assigned."""

    texts: Sequence[str]
    causes: NDArray[np.str_]
    "(n,)"

    @property
    def names(self) -> tuple[str, ...]:
        """Every cause once, sorted."""
        return tuple(sorted(set(self.causes.tolist())))

    @property
    def codes(self) -> NDArray[np.int64]:
        """The place of each text's cause among the names, (n,)."""
        return np.searchsorted(np.array(self.names), self.causes)

    def refuse_too_few(self) -> None:
        """Raise NotEnoughHistory for fewer than two causes, or for a cause with too few texts."""
        distinct = {(normalize(text), cause) for text, cause in zip(self.texts, self.causes.tolist(), strict=True)}
        counts = Counter(cause for _, cause in distinct)
        if len(counts) < 2:
            raise NotEnoughHistory(f"a text model needs texts of at least 2 causes, found {len(counts)}")
        rare = [f"{cause} ({count})" for cause, count in sorted(counts.items()) if count < MIN_TEXTS]
        if rare:
            raise NotEnoughHistory(
                f"every cause needs at least {MIN_TEXTS} different labelled texts, fewer have: {', '.join(rare)}; "
                "label more of them or assign them to another cause"
            )


@dataclass(frozen=True)
class SentimentLabels:
    """Texts with the score that their writer gave."""

    texts: Sequence[str] = ()
    sentiment: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    "(n,) from -1, worst, to 1, best."


@dataclass(frozen=True)
class TextModelSettings:
    """Hyperparameters of the linear models."""

    svm_c: float = 1.0
    "C of the support vector machine."
    ridge_alpha: float = 1.0
    "Alpha of the ridge regression of sentiment."
    seed: int = 0


def fit_text_model(
    causes: CauseLabels,
    sentiment: SentimentLabels | None = None,
    *,
    settings: TextModelSettings | None = None,
    held_out: NDArray[np.float64] | None = None,
) -> TextModel:
    """Fit the model of these labels, with probabilities calibrated on held-out texts.

    `held_out` is the result of `predict_held_out`, where it was computed before. Raises NotEnoughHistory with too few
    texts of a cause. Sentiment is fitted where there are enough texts with a score.
    """
    sentiment, settings = sentiment or SentimentLabels(), settings or TextModelSettings()
    held_out = predict_held_out(causes, settings) if held_out is None else held_out
    features = NgramFeatures.fit([*causes.texts, *sentiment.texts])
    cause_map = fit_causes(features.transform(causes.texts), causes.causes, settings=settings)
    has_sentiment = len(set(map(normalize, sentiment.texts))) >= MIN_TEXTS
    sentiment_map = None
    if has_sentiment:
        sentiment_map = fit_sentiment(features.transform(sentiment.texts), sentiment.sentiment, settings=settings)
    return TextModel(
        features=features,
        causes=causes.names,
        cause_map=cause_map,
        inverse_temperature=fit_inverse_temperature(held_out, causes.codes),
        sentiment_map=sentiment_map,
    )


def predict_held_out(labels: CauseLabels, settings: TextModelSettings) -> NDArray[np.float64]:
    """Scores of each text by a model that was fitted without it, (n, causes).

    Raises NotEnoughHistory with too few texts.
    """
    labels.refuse_too_few()
    names = labels.names
    scores = np.full((len(labels.causes), len(names)), UNSEEN_SCORE)
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=settings.seed)
    for train, test in folds.split(scores, labels.causes, groups=group_equal_texts(labels.texts)):
        train_texts, test_texts = take_texts(labels.texts, train), take_texts(labels.texts, test)
        features = NgramFeatures.fit(train_texts)
        cause_map = fit_causes(features.transform(train_texts), labels.causes[train], settings=settings)
        seen = np.flatnonzero(np.isin(names, labels.causes[train]))
        scores[np.ix_(test, seen)] = cause_map.predict(features.transform(test_texts))
    return scores


def calibrate_held_out(labels: CauseLabels, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Calibrated probabilities, (n, causes in their order), from the result of `predict_held_out`."""
    return softmax(fit_inverse_temperature(scores, labels.codes) * scores, axis=1)


def predict_held_out_sentiment(
    labels: SentimentLabels, settings: TextModelSettings | None = None
) -> NDArray[np.float64]:
    """The sentiment of each text by a model that was fitted without it, (n,)."""
    sentiment = np.empty(len(labels.sentiment))
    for train, test in GroupKFold(N_FOLDS).split(sentiment, groups=group_equal_texts(labels.texts)):
        train_texts, test_texts = take_texts(labels.texts, train), take_texts(labels.texts, test)
        features = NgramFeatures.fit(train_texts)
        sentiment_map = fit_sentiment(
            features.transform(train_texts), labels.sentiment[train], settings=settings or TextModelSettings()
        )
        sentiment[test] = np.clip(sentiment_map.predict(features.transform(test_texts))[:, 0], -1, 1)
    return sentiment


def fit_causes(features: sparse.csr_matrix, causes: NDArray[np.str_], *, settings: TextModelSettings) -> LinearMap:
    """Fit a one-vs-rest linear support vector machine; causes are sorted."""
    svm = LinearSVC(C=settings.svm_c, random_state=settings.seed).fit(features, causes)
    if len(svm.classes_) > 2:
        return LinearMap(svm.coef_, np.asarray(svm.intercept_))
    coefficients, intercept = svm.coef_[0], np.ravel(svm.intercept_)
    return LinearMap(np.stack([-coefficients, coefficients]), np.concatenate([-intercept, intercept]))


def fit_sentiment(
    features: sparse.csr_matrix, sentiment: NDArray[np.float64], *, settings: TextModelSettings
) -> LinearMap:
    """Fit a ridge regression of sentiment."""
    ridge = Ridge(settings.ridge_alpha, solver="sparse_cg").fit(features, sentiment)
    return LinearMap(np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.intercept_))


def take_texts(texts: Sequence[str], rows: NDArray[np.int64]) -> list[str]:
    """The texts of these rows."""
    return [texts[int(row)] for row in rows]


def fit_inverse_temperature(scores: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """The factor that makes the softmax of held-out scores calibrated (temperature scaling; Guo et al. 2017)."""

    def loss(log_factor: float) -> float:
        return -float(log_softmax(np.exp(log_factor) * scores, axis=1)[np.arange(len(codes)), codes].mean())

    return float(np.exp(minimize_scalar(loss, bounds=tuple(np.log(INVERSE_TEMPERATURES)), method="bounded").x))


def group_equal_texts(texts: Sequence[str]) -> NDArray[np.int64]:
    """A number for each text, (n,), the same for equal texts."""
    return np.unique([normalize(text) for text in texts], return_inverse=True)[1]


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
