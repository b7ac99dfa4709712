"""What `kizuna train texts` does: learn from the company's labels, judge on texts held out, keep model and card.

The model lies under `var/<data set>/texts` and is read by `kizuna causes`; it is no part of a release, so it has no
champion, and its run in MLflow keeps the card.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.card import Metric
from core.cause_words import OTHER
from core.intervals import Estimate, estimate
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
from models.texts.text_model import NAME, UNKNOWN, TextModel, likeliest
from training.labelled_texts import LabelledTexts, labelled_texts
from training.session import Session
from training.tracking import git_state

LIMITS = (
    "Figures are of the labelled texts, held out in five folds; texts of another kind may be told worse.",
    "No claim is made for a language beyond the labelled texts of it.",
    "A tone is learnt from scores that stand beside texts: how a text sounds to those who scored alike.",
)


@dataclass(frozen=True)
class TrainedTexts:
    """Where the model lies, and its card."""

    folder: Path
    card: TextCard


def train_texts(session: Session, labels: Path) -> TrainedTexts:
    """Learn from labelled texts. Raises what labels that cannot be used raise, and NotEnoughHistory for too few."""
    settings = session.config.causes
    found = labelled_texts(labels, session.tables, (*settings.names, OTHER))
    recipe = Recipe(seed=session.config.seed)
    with session.tracking.run(session.registry.name(NAME), NAME, session.continued_run) as run:
        with session.progress.during("judging on texts held out"):
            heights = held_out_heights(found.causes, recipe)
            card = judged(session, found, heights, recipe)
        with session.progress.during("learning from every text"):
            model = learn(found.causes, found.all_tones, recipe, heights)
        folder = session.config.places.texts
        keep(model, card, folder)
        run.log_parameters({"looseness": recipe.looseness, "threshold": settings.text_threshold})
        run.log_metrics(metrics_of(card), NAME)
        run.log_json(card, "card.json")
        run.log_json(session.statement, "config.json")
    return TrainedTexts(folder, card)


def keep(model: TextModel, card: TextCard, folder: Path) -> None:
    """Put the model and its card into a folder in place of what was there; they are written whole beside it first."""
    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    model.write(beside)
    card.write(beside)
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def judged(session: Session, found: LabelledTexts, heights: np.ndarray, recipe: Recipe) -> TextCard:
    """The card: figures of texts by models that did not see them."""
    labels, threshold = found.causes, session.config.causes.text_threshold
    chances, causes = held_out_probabilities(labels, heights), labels.names
    said = likeliest(chances, causes, 0.0)
    answered = likeliest(chances, causes, threshold) != UNKNOWN
    same = same_texts(labels.texts)
    japanese = np.array([is_japanese(text) for text in labels.texts])
    figures = figures_of(said, labels.causes, same)
    return TextCard(
        data_set=session.config.name,
        created_at=session.now,
        n_texts={cause: int((labels.causes == cause).sum()) for cause in causes},
        n_japanese=int(japanese.sum()),
        **figures,
        japanese_accuracy=accuracy_of(said, labels, same, japanese),
        other_accuracy=accuracy_of(said, labels, same, ~japanese),
        threshold=threshold,
        answered=float(answered.mean()),
        answered_accuracy=accuracy_of(said, labels, same, answered),
        n_tones={source: len(part.texts) for source, part in found.tones.items()},
        tone_correlation=tone_correlation(found.all_tones, recipe),
        limits=LIMITS,
        git=git_state(),
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
    return estimate(lambda rows: correlation(told[rows], tones.tones[rows]), same)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's; NaN where one of them does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def metrics_of(card: TextCard) -> Sequence[Metric]:
    """The card's figures as the store keeps them."""
    named = ("accuracy", "macro_f1", "japanese_accuracy", "other_accuracy", "answered_accuracy", "tone_correlation")
    return [Metric(NAME, name, getattr(card, name), "validation") for name in named]
