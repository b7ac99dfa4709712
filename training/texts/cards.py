"""The card of a registered text model, and how two of them are compared before one becomes champion.

Labels stay with the company, so a challenger is not asked again: both cards carry what their model told right of texts
that were held out, and without a champion the words of `[causes]` are what there is to beat.
"""

from __future__ import annotations

from dataclasses import asdict
from math import isnan

import numpy as np

from core.digest import digest_of
from core.intervals import Estimate
from core.model_card import CROSS_VALIDATION, Comparison, Metric, ModelCard
from models.texts.card import FIGURES, TextCard
from models.texts.learning import CauseLabels, Recipe
from models.texts.text_model import NAME
from training.run.cards import beats_all, verdict
from training.run.session import Session
from training.run.tracking import git_state

WORDS = "words"
"What texts are read by without a model."
ACCURACY = "accuracy"
LIMITS = (
    "Figures are of the labelled texts, held out in five folds; texts of another kind may be told worse.",
    "No claim is made for a language beyond the labelled texts of it.",
    "A tone is learnt from scores that stand beside texts: how a text sounds to those who scored alike.",
)


def text_model_card(session: Session, found: TextCard, labels: CauseLabels, recipe: Recipe) -> ModelCard:
    """What the registered version carries."""
    comparisons = (Comparison(NAME, WORDS, ACCURACY, found.over_words),)
    counted = ", ".join(f"{cause} {count:,}" for cause, count in found.n_texts.items())
    return ModelCard(
        kind=NAME,
        data_set=session.config.name,
        model=NAME,
        created_at=session.now,
        cutoff=session.now.date(),
        training_cutoffs=(),
        test_cutoff=None,
        cohort=f"texts that the company has labelled: {counted}; {found.n_japanese:,} of them Japanese",
        label="the cause of leaving that a text speaks of",
        n_rows=sum(found.n_texts.values()),
        n_customers=0,
        settings={**asdict(recipe), "threshold": found.threshold},
        metrics=metrics_of(found),
        comparisons=comparisons,
        verdict=verdict(NAME, comparisons, (WORDS,), where="on texts held out"),
        beats_baselines=beats_all(comparisons),
        limits=(*LIMITS, tones_of(found)),
        data_digest=digest_of([list(labels.texts), labels.causes.tolist()]),
        git=git_state(),
    )


def metrics_of(found: TextCard) -> tuple[Metric, ...]:
    """The figures that there are, and beside them what the words alone tell."""
    own = {name: getattr(found, name) for name in FIGURES}
    told = (Metric(NAME, name, figure, CROSS_VALIDATION) for name, figure in own.items() if not isnan(figure.value))
    return (*told, Metric(WORDS, ACCURACY, found.words_accuracy, CROSS_VALIDATION))


def tones_of(found: TextCard) -> str:
    """What the tone was learnt from, in one sentence."""
    scored = ", ".join(f"{source} {count:,}" for source, count in found.n_tones.items())
    return f"The tone was learnt from {scored}." if scored else "No text has a score beside it, so no tone is told."


def compare_text_cards(session: Session, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """The challenger's accuracy against the champion's, each on its own held-out texts; see training/judging/gate.py.

    Without a champion, it is the card's own comparison with the words. `session` is what every gate is given.
    """
    if champion is None:
        return challenger.comparisons[0]
    told = [card.metric(ACCURACY, split=CROSS_VALIDATION) or Estimate() for card in (challenger, champion)]
    return Comparison(challenger.model, f"the champion {champion.model}", ACCURACY, apart(*told))


def apart(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two figures of different texts: their distances to the bounds add up as squares."""
    value = one.value - other.value
    below = np.hypot(one.value - one.low, other.high - other.value)
    above = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, value - float(below), value + float(above))
