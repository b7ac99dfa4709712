"""What `kizuna train texts` does: learn from the company's labels, judge on texts held out, register as challenger.

`kizuna promote texts` makes it champion, by which `kizuna causes` reads texts; it is no part of a release.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.churn_causes import OTHER, CauseWords
from core.config.customers import CauseSettings
from core.intervals import Estimate, estimate_interval
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import RegisteredVersion
from models.texts.card import TextCard
from models.texts.judging import figures_of
from models.texts.learning import (
    LEAST_TEXTS,
    CauseLabels,
    Recipe,
    ToneLabels,
    held_out_heights,
    held_out_probabilities,
    held_out_tones,
    learn,
    same_texts,
)
from models.texts.ngrams import is_japanese
from models.texts.text_model import NAME, UNKNOWN, likeliest
from training.run.registering import log_card, register_challenger
from training.run.session import Session
from training.texts.cards import text_model_card
from training.texts.labelled_texts import LabelledTexts, labelled_texts


@dataclass(frozen=True)
class TrainedTexts:
    """What was registered, and what the labels showed."""

    challenger: RegisteredVersion
    card: TextCard


def train_texts(session: Session, labels: Path) -> TrainedTexts:
    """Learn from labelled texts. Raises what labels that cannot be used raise, and NotEnoughHistory for too few."""
    settings = session.config.causes
    found = labelled_texts(labels, session.tables, (*settings.names, OTHER))
    recipe = Recipe(seed=session.config.seed)
    with session.tracking.run(session.registry.name(NAME), NAME, session.continued_run) as run:
        with session.progress.during("judging on texts held out"):
            heights = held_out_heights(found.causes, recipe)
            card = judged(settings, found, heights, recipe)
        with session.progress.during("learning from every text"):
            model = learn(found.causes, found.all_tones, recipe, heights)
        package = ModelPackage(text_model_card(session, card, found.causes, recipe), model.to_artifact())
        run.log_json(card, "texts.json")
        log_card(session, run, package.card)
        return TrainedTexts(register_challenger(session, package, run.run_id), card)


def judged(settings: CauseSettings, found: LabelledTexts, heights: np.ndarray, recipe: Recipe) -> TextCard:
    """The figures of texts by models that did not see them."""
    labels, threshold = found.causes, settings.text_threshold
    chances, causes = held_out_probabilities(labels, heights), labels.names
    said, by_words = likeliest(chances, causes, 0.0), CauseWords(settings).of_words(labels.texts)
    answered = likeliest(chances, causes, threshold) != UNKNOWN
    same = same_texts(labels.texts)
    japanese = np.array([is_japanese(text) for text in labels.texts])
    gain = (said == labels.causes).astype(np.float64) - (by_words == labels.causes)
    return TextCard(
        n_texts={cause: int((labels.causes == cause).sum()) for cause in causes},
        n_japanese=int(japanese.sum()),
        **figures_of(said, labels.causes, same),
        words_accuracy=figures_of(by_words, labels.causes, same)["accuracy"],
        over_words=estimate_interval(lambda rows: float(gain[rows].mean()), same),
        japanese_accuracy=accuracy_of(said, labels, same, japanese),
        other_accuracy=accuracy_of(said, labels, same, ~japanese),
        threshold=threshold,
        answered=float(answered.mean()),
        answered_accuracy=accuracy_of(said, labels, same, answered),
        n_tones={source: len(part.texts) for source, part in found.tones.items()},
        tone_correlation=tone_correlation(found.all_tones, recipe),
    )


def accuracy_of(said: np.ndarray, labels: CauseLabels, same: np.ndarray, chosen: np.ndarray) -> Estimate:
    """The share told right among the chosen texts; nothing where none is chosen."""
    if not chosen.any():
        return Estimate()
    return figures_of(said[chosen], labels.causes[chosen], same[chosen])["accuracy"]


def tone_correlation(tones: ToneLabels, recipe: Recipe) -> Estimate:
    """Between tones of texts that were held out and those given; nothing with too few texts or one tone."""
    same = same_texts(tones.texts) if len(tones.texts) else np.empty(0, np.int64)
    if len(np.unique(same)) < LEAST_TEXTS or np.ptp(tones.tones) == 0:
        return Estimate()
    told = held_out_tones(tones, recipe)
    return estimate_interval(lambda rows: correlation(told[rows], tones.tones[rows]), same)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's; NaN where one of them does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
