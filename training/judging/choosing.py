"""Which of several models is taken: the lowest validation log loss, and among equals the simplest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.labels import Labels
from core.model_card import Comparison
from core.scores import Scores
from models.metrics.classification import compare, log_losses


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why."""

    model: str
    comparisons: tuple[Comparison, ...]
    "In log loss, of the model with the lowest one against each other, simplest first."


def choose(validation: Mapping[str, Scores], outcomes: Labels, n_resamples: int = 300, seed: int = 0) -> Choice:
    """The simplest model that is not really worse than the one with the lowest log loss.

    `validation` holds each model's scores of the same held-out rows, the simplest model first. A model is really worse
    where the 90 % interval of the paired difference leaves out zero. A calibrated recipe stands behind the same one
    uncalibrated, and so is taken only where calibration really lowers the log loss.
    """
    losses = {name: np.mean(log_losses(scores.value, outcomes.churned)) for name, scores in validation.items()}
    lowest = min(losses, key=lambda name: losses[name])
    comparisons = {
        name: compare(lowest, name, validation[lowest], scores, outcomes, "log_loss", n_resamples, seed)
        for name, scores in validation.items()
        if name != lowest
    }
    equals = [name for name in validation if name == lowest or not comparisons[name].is_significant]
    return Choice(equals[0], tuple(comparisons.values()))
