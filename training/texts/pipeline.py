"""Train a text model: the steps of `kizuna train texts`, in order.

    the company's labels -> metrics on held-out texts -> final fit on every text -> challenger in the registry

`kizuna promote texts` makes it champion, with which `kizuna causes` reads texts. It is not part of a release.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER, CauseWords
from core.config.customers import CauseSettings
from core.errors import BadInput
from core.ids import digest_of
from core.intervals import Estimate, estimate_interval
from core.model_card import CROSS_VALIDATION, Comparison, Metric, ModelCard
from core.model_kinds import TEXTS
from models.mlflow_store.package import ModelPackage
from models.texts.fitting import (
    MIN_TEXTS,
    TEXT_METRICS,
    CauseLabels,
    SentimentLabels,
    TextEvaluation,
    TextModelSettings,
    calibrate_held_out,
    classification_metrics,
    fit_text_model,
    group_equal_texts,
    predict_held_out,
    predict_held_out_sentiment,
)
from models.texts.text_model import NAME, UNKNOWN, likeliest_cause
from models.texts.vocabulary import is_japanese
from training.run.cards import Evaluation, build_card
from training.run.pipeline import TrainingOptions, TrainingPipeline, TrainingResult, register, track_training
from training.run.recipe import Recipe
from training.run.session import Session
from training.texts.labelled_texts import LabelledTexts, load_labelled_texts

WORDS = "words"
"The baseline: the word lists in `[causes]`, by which texts are read without a model."
ACCURACY = TEXTS.gate_metric
LIMITS = (
    "The metrics are of the labelled texts, held out in five folds; they may be lower on other texts.",
    "They hold only for the languages of the labelled texts.",
    "Sentiment is learned from the scores next to texts: how texts with similar scores are written.",
)


@dataclass(frozen=True)
class TextTrainingResult(TrainingResult):
    """The registered version with its evaluation."""

    evaluation: TextEvaluation | None = None


def train_texts(session: Session, labels: Path) -> TextTrainingResult:
    """Train, evaluate and register a text model on labelled texts.

    Raises the errors of unusable labels, and NotEnoughHistory for too few texts of a cause.
    """
    cause_settings = session.config.causes
    texts = load_labelled_texts(labels, session.tables, known_causes=(*cause_settings.names, OTHER))
    settings = TextModelSettings(seed=session.config.seed)
    with track_training(session, TEXTS, continued=session.continued_run) as run:
        with session.progress.during("evaluating on held-out texts"):
            scores = predict_held_out(texts.causes, settings)
            evaluation = evaluate(cause_settings, texts, scores=scores, settings=settings)
        with session.progress.during("fitting on every text"):
            model = fit_text_model(texts.causes, texts.all_sentiment, settings=settings, held_out=scores)
        card = text_card(session, evaluation, labels=texts.causes, settings=settings)
        run.log_json(evaluation, "texts.json")
        result = register(session, run, challenger=ModelPackage(card, model.to_artifact()), notes=notes(evaluation))
        return TextTrainingResult(**vars(result), evaluation=evaluation)


def evaluate(
    cause_settings: CauseSettings,
    texts: LabelledTexts,
    *,
    scores: NDArray[np.float64],
    settings: TextModelSettings,
) -> TextEvaluation:
    """Evaluate predictions of texts by models that were fitted without them."""
    labels, threshold = texts.causes, cause_settings.text_threshold
    probabilities, causes = calibrate_held_out(labels, scores), labels.names
    predicted = likeliest_cause(probabilities, causes, threshold=0.0)
    by_words = CauseWords(cause_settings).causes_of(labels.texts)
    is_answered = likeliest_cause(probabilities, causes, threshold=threshold) != UNKNOWN
    groups = group_equal_texts(labels.texts)
    in_japanese = np.array([is_japanese(text) for text in labels.texts])
    gain = (predicted == labels.causes).astype(np.float64) - (by_words == labels.causes)

    def accuracy(mask: NDArray[np.bool_]) -> Estimate:
        """The accuracy of some texts; NaN where there are none."""
        if not mask.any():
            return Estimate()
        return classification_metrics(predicted[mask], labels.causes[mask], text_ids=groups[mask])["accuracy"]

    return TextEvaluation(
        n_texts={cause: int((labels.causes == cause).sum()) for cause in causes},
        n_japanese=int(in_japanese.sum()),
        **classification_metrics(predicted, labels.causes, text_ids=groups),
        words_accuracy=classification_metrics(by_words, labels.causes, text_ids=groups)["accuracy"],
        over_words=estimate_interval(lambda rows: float(gain[rows].mean()), groups),
        japanese_accuracy=accuracy(in_japanese),
        other_accuracy=accuracy(~in_japanese),
        threshold=threshold,
        answered=float(is_answered.mean()),
        answered_accuracy=accuracy(is_answered),
        n_sentiment={source: len(part.texts) for source, part in texts.sentiment.items()},
        tone_correlation=sentiment_correlation(texts.all_sentiment, settings),
    )


def sentiment_correlation(labels: SentimentLabels, settings: TextModelSettings) -> Estimate:
    """The correlation of held-out and given sentiment; NaN with too few texts or a single value."""
    groups = group_equal_texts(labels.texts) if len(labels.texts) else np.empty(0, np.int64)
    if len(np.unique(groups)) < MIN_TEXTS or np.ptp(labels.sentiment) == 0:
        return Estimate()
    predicted = predict_held_out_sentiment(labels, settings)
    return estimate_interval(lambda rows: correlation(predicted[rows], labels.sentiment[rows]), groups)


def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's correlation; NaN where one of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def text_card(
    session: Session, evaluation: TextEvaluation, *, labels: CauseLabels, settings: TextModelSettings
) -> ModelCard:
    """The card of the registered version."""
    by_cause = ", ".join(f"{cause} {count:,}" for cause, count in evaluation.n_texts.items())
    recipe = Recipe(NAME, {**asdict(settings), "threshold": evaluation.threshold})
    return build_card(
        session,
        TEXTS,
        evaluation=Evaluation(
            recipe=recipe,
            baselines=(WORDS,),
            metrics=metrics_of(evaluation),
            comparisons=(Comparison(model=NAME, against=WORDS, name=ACCURACY, difference=evaluation.over_words),),
            measured="on held-out texts",
        ),
        cutoff=session.now.date(),
        training_cutoffs=(),
        test_cutoff=None,
        cohort=f"texts that the company has labelled: {by_cause}; {evaluation.n_japanese:,} of them Japanese",
        label="the churn cause that a text mentions",
        n_rows=sum(evaluation.n_texts.values()),
        n_customers=0,
        limits=(*LIMITS, sentiment_sources(evaluation)),
        data_digest=digest_of([list(labels.texts), labels.causes.tolist()]),
    )


def metrics_of(evaluation: TextEvaluation) -> tuple[Metric, ...]:
    """The metrics of the model that have a value, and the accuracy of the baseline."""
    values = {name: getattr(evaluation, name) for name in TEXT_METRICS}
    own = (
        Metric(model=NAME, name=name, estimate=value, split=CROSS_VALIDATION)
        for name, value in values.items()
        if not isnan(value.value)
    )
    return (*own, Metric(model=WORDS, name=ACCURACY, estimate=evaluation.words_accuracy, split=CROSS_VALIDATION))


def sentiment_sources(evaluation: TextEvaluation) -> str:
    """What sentiment was trained on, in one sentence."""
    by_source = ", ".join(f"{source} {count:,}" for source, count in evaluation.n_sentiment.items())
    return f"Sentiment was trained on {by_source}." if by_source else "No sentiment: no text has a score next to it."


def notes(evaluation: TextEvaluation) -> tuple[str, ...]:
    """The training data and the metrics in words."""
    by_cause = ", ".join(f"{cause} {count:,}" for cause, count in evaluation.n_texts.items())
    by_source = ", ".join(f"{source} {count:,}" for source, count in evaluation.n_sentiment.items())
    return (
        f"trained on {sum(evaluation.n_texts.values()):,} texts ({by_cause}), {evaluation.n_japanese:,} in Japanese",
        f"on held-out texts: accuracy {evaluation.accuracy}, macro F1 {evaluation.macro_f1}",
        f"with a threshold of {evaluation.threshold:g} it answers for {evaluation.answered:.0%} of them, with accuracy "
        f"{evaluation.answered_accuracy}",
        f"sentiment trained on {by_source}; correlation with the scores {evaluation.tone_correlation}"
        if by_source
        else "no sentiment: no text has a satisfaction score to learn from",
    )


def compare_text_cards(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare the held-out accuracy of both, each on its own texts; see training/judging/promotion.py.

    The labels stay with the company, so a model cannot be evaluated again, and both cards carry their accuracy.
    Without a champion, it is the card's own comparison with the word lists in `[causes]`.
    """
    del session
    if champion is None:
        return challenger.comparisons[0]
    accuracies = [card.metric(ACCURACY, split=CROSS_VALIDATION) or Estimate() for card in (challenger, champion)]
    difference = subtract_independent(*accuracies)
    return Comparison(
        model=challenger.model, against=f"the champion {champion.model}", name=ACCURACY, difference=difference
    )


def subtract_independent(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two estimates of different texts: the squares of their distances to the bounds add up."""
    value = one.value - other.value
    below = np.hypot(one.value - one.low, other.high - other.value)
    above = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, value - float(below), value + float(above))


def train(session: Session, options: TrainingOptions) -> TrainingResult:
    """Train on the file of labels. Raises BadInput where none is named."""
    if options.labels is None:
        raise BadInput("a text model needs a file of labels; name it with --labels")
    return train_texts(session, options.labels)


PIPELINE = TrainingPipeline(kind=TEXTS, train=train, compare=compare_text_cards)
