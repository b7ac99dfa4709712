"""How recommender recipes are compared: by the NDCG@10 of the same customers at the same validation cutoffs.

Customers who come back at several cutoffs are several rows; intervals resample
customers, each with all of their rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.card import Comparison, Metric
from core.errors import BadInput, NotEnoughHistory, NotEnoughMemory
from core.intervals import Estimate, estimates
from core.recommendations import Recommendations
from training.progress import Progress
from training.ranking_rows import CHOSEN_AT, RankingTask
from training.recipe import Recipe

FIGURE = f"ndcg@{CHOSEN_AT}"
REFUSALS = (NotEnoughMemory, NotEnoughHistory)
"What keeps one recipe from being fitted and says nothing of the others."

SECOND_STAGES = {"reranked": "blend"}
"What costs each answer more than the model behind it, and must therefore be really better on validation."


@dataclass(frozen=True)
class RankingTrials:
    """What each recipe reached on validation; only those that could be fitted everywhere."""

    customer_ids: np.ndarray
    "(rows,) of one task after another."
    ndcg: Mapping[str, np.ndarray]
    "By model, simplest first: NDCG@10 of each row, (rows,)."

    def metrics(self) -> tuple[Metric, ...]:
        """The mean of each model over the rows."""
        means = mean_estimates(self.customer_ids, np.column_stack(list(self.ndcg.values())))
        return tuple(Metric(name, FIGURE, mean, "validation") for name, mean in zip(self.ndcg, means, strict=True))

    def compare(self, model: str, against: str) -> Comparison:
        """The paired difference of two models; positive means that the first is better."""
        return Comparison(
            model, against, FIGURE, difference_of(self.customer_ids, self.ndcg[model], self.ndcg[against])
        )

    def choose(self) -> str:
        """The simplest model that is not really worse than the one with the highest mean.

        A model is really worse where the 90 % interval of the paired difference leaves out zero. So what stands behind
        another on the shelf, a second stage say, is taken only where it is really better.
        """
        best = max(self.ndcg, key=lambda name: self.ndcg[name].mean())
        return next(name for name in self.ndcg if name == best or not self.compare(best, name).real)

    def second_stage(self, model: str) -> Comparison | None:
        """What a second stage adds to the model behind it; None for any other model, or where that was not tried."""
        behind = SECOND_STAGES.get(model)
        return self.compare(model, behind) if behind and {behind, model} <= set(self.ndcg) else None


@dataclass(frozen=True)
class Answers:
    """What every recipe answered at each of some tasks."""

    by_model: dict[str, list[Recommendations]] = field(default_factory=dict)
    "Aligned with the tasks."
    left_out: dict[str, str] = field(default_factory=dict)
    "The recipes that could not be fitted at each of them, and why."


def answers_of(
    recipes: Mapping[str, Recipe], tasks: Sequence[RankingTask], progress: Progress, needed: Sequence[str]
) -> Answers:
    """Fit every recipe at every task and let it answer.

    One that has not enough memory or history is left out, so that a shop has the others. Raises that refusal for a
    recipe that is needed.
    """
    found = Answers()
    for name in progress.over(list(recipes), "recommenders"):
        try:
            found.by_model[name] = [task.answer(recipes[name]) for task in tasks]
        except REFUSALS as refusal:
            if name in needed:
                raise
            found.left_out[name] = str(refusal)
    return found


def trials_of(answers: Mapping[str, Sequence[Recommendations]], tasks: Sequence[RankingTask]) -> RankingTrials:
    """What the answers at the validation tasks are worth."""
    ndcg = {
        name: np.concatenate([task.ndcg(answer) for task, answer in zip(tasks, said, strict=True)])
        for name, said in answers.items()
    }
    return RankingTrials(rows_of(tasks), ndcg)


def refuse_second_stage(trials: RankingTrials, model: str) -> None:
    """Raises BadInput for a second stage that was asked for and is not really better than the model behind it."""
    gain = trials.second_stage(model)
    if gain and gain.difference.low <= 0:
        raise BadInput(
            f"{gain.model} does not beat {gain.against} on validation: {FIGURE} differs by {gain.difference.signed}, "
            f"an interval that reaches 0; train {gain.against}"
        )


def rows_of(tasks: Sequence[RankingTask]) -> np.ndarray:
    """The customers of each task's truth, one task after another."""
    return np.concatenate([task.truth.customer_ids for task in tasks])


def difference_of(customer_ids: np.ndarray, ndcg: np.ndarray, against: np.ndarray) -> Estimate:
    """The mean of the paired difference over rows, with its interval over customers."""
    return mean_estimates(customer_ids, (ndcg - against)[:, None])[0]


def mean_estimates(customer_ids: np.ndarray, figures: np.ndarray) -> list[Estimate]:
    """The mean of each column over (rows, columns), with its interval over customers."""
    return estimates(lambda weights: weights @ figures / weights.sum(axis=1, keepdims=True), customer_ids)
