"""How churn recipes are compared: on validation rows first, and once on the test cutoff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.config.data_set import Config
from core.labels import Labels
from core.model_card import Comparison, Metric
from core.scores import Scores
from models.churn.catalogue import CHURN_MODELS
from models.metrics.classification import churn_metrics, compare
from training.churn.rows import ChurnRows
from training.judging.choosing import choose
from training.run.parallel import side_by_side
from training.run.progress import Progress
from training.run.recipe import Recipe

BASELINES = ("base_rate", "recency")


@dataclass(frozen=True)
class Trials:
    """What several recipes said of the same rows, and what happened."""

    scores: dict[str, Scores]
    "By model."
    outcomes: Labels
    split: str
    together: np.ndarray | None = None
    "(n,) which rows are ranked together, where everybody is told of several times over; None: all are."

    def metrics(self) -> tuple[Metric, ...]:
        """Every figure of every model."""
        return tuple(
            metric
            for model, scores in self.scores.items()
            for metric in churn_metrics(model, scores, self.outcomes, self.split, together=self.together)
        )

    def against(self, model: str, others: Sequence[str]) -> tuple[Comparison, ...]:
        """How much lower a model's log loss is than that of each other one."""
        return tuple(
            compare(model, other, self.scores[model], self.scores[other], self.outcomes, "log_loss")
            for other in others
            if other != model
        )


def recipes_of(config: Config) -> dict[str, Recipe]:
    """Every model of the shelf with its own settings and the data set's seed, simplest first."""
    return {name: Recipe(name, kind().settings).changed({"seed": config.seed}) for name, kind in CHURN_MODELS.items()}


def validated(recipes: Mapping[str, Recipe], rows: ChurnRows, progress: Progress, what: str = "validation") -> Trials:
    """Each recipe on every validation fold; the folds' rows one after another."""
    folds = rows.validation()
    steps = [(recipe, fold) for recipe in recipes.values() for fold in folds]
    said = side_by_side(
        lambda step: rows.fit_and_score(step[0], step[1].train, step[1].validation), steps, progress, what
    )
    judged = np.concatenate([np.flatnonzero(fold.validation) for fold in folds])
    parts = (said[start : start + len(folds)] for start in range(0, len(said), len(folds)))
    together = {model: joined(of_model) for model, of_model in zip(recipes, parts, strict=True)}
    return Trials(together, rows.outcomes.take(judged), "validation")


def tested(recipes: Mapping[str, Recipe], rows: ChurnRows, progress: Progress) -> Trials:
    """Each recipe, fitted on the training cutoffs, at the test cutoff."""
    said = side_by_side(
        lambda recipe: rows.fit_and_score(recipe, rows.train, rows.test), list(recipes.values()), progress, "test"
    )
    return Trials(dict(zip(recipes, said, strict=True)), rows.outcomes.take(rows.test), "test")


def calibrated_where_it_helps(recipe: Recipe, rows: ChurnRows, trials: Trials, progress: Progress) -> Recipe:
    """The recipe with calibration where that really lowers the validation log loss, otherwise as it is."""
    if "calibrated" not in recipe.settings:
        return recipe
    calibrated = recipe.changed({"calibrated": True})
    found = validated({recipe.model: calibrated}, rows, progress, "calibration")
    both = {"as it is": trials.scores[recipe.model], "calibrated": found.scores[recipe.model]}
    return calibrated if choose(both, trials.outcomes).model == "calibrated" else recipe


def joined(parts: Sequence[Scores]) -> Scores:
    """Scores one after another."""
    return replace(
        parts[0],
        customer_ids=np.concatenate([part.customer_ids for part in parts]),
        cutoffs=np.concatenate([part.cutoffs for part in parts]),
        value=np.concatenate([part.value for part in parts]),
    )
