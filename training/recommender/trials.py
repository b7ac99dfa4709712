"""How recommender recipes are compared: by the NDCG@10 of the same customers at the same validation cutoffs.

Customers who come back at several cutoffs are several rows; intervals resample
customers, each with all of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.errors import BadInput, NotEnoughHistory, NotEnoughMemory
from core.intervals import Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from training.recommender.rows import CHOSEN_AT, RankingTask
from training.run.parallel import side_by_side
from training.run.progress import Progress
from training.run.recipe import Recipe

FIGURE = f"ndcg@{CHOSEN_AT}"
REFUSALS = (NotEnoughMemory, NotEnoughHistory)
"What keeps one recipe from being fitted and says nothing of the others."

SECOND_STAGES = {"reranked": "blend"}
"What costs each answer more than the model behind it: taken only where their validation intervals lie apart."


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

        A model is really worse where the 90 % interval of the paired difference leaves out zero. A second stage that
        does not stand apart from the model behind it takes no part.
        """
        taking_part = [name for name in self.ndcg if self.stands_apart(name)]
        best = max(taking_part, key=lambda name: self.ndcg[name].mean())
        return next(name for name in taking_part if name == best or not self.compare(best, name).is_significant)

    def second_stage(self, model: str) -> tuple[Metric, Metric] | None:
        """What it and the model behind it reached; None where it is no second stage, or that was not tried."""
        behind = SECOND_STAGES.get(model)
        if behind is None or not {behind, model} <= set(self.ndcg):
            return None
        reached = {metric.model: metric for metric in self.metrics()}
        return reached[model], reached[behind]

    def stands_apart(self, model: str) -> bool:
        """Whether its interval lies above that of the model behind it; True of what is no second stage."""
        both = self.second_stage(model)
        if both is None:
            return model not in SECOND_STAGES
        return both[0].estimate.low > both[1].estimate.high


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

    def answered(name: str) -> list[Recommendations] | str:
        try:
            return [task.answer(recipes[name]) for task in tasks]
        except REFUSALS as refusal:
            if name in needed:
                raise
            return str(refusal)

    told = dict(zip(recipes, side_by_side(answered, list(recipes), progress, "recommenders"), strict=True))
    return Answers(
        {name: said for name, said in told.items() if not isinstance(said, str)},
        {name: why for name, why in told.items() if isinstance(why, str)},
    )


def trials_of(answers: Mapping[str, Sequence[Recommendations]], tasks: Sequence[RankingTask]) -> RankingTrials:
    """What the answers at the validation tasks are worth."""
    ndcg = {
        name: np.concatenate([task.ndcg(answer) for task, answer in zip(tasks, said, strict=True)])
        for name, said in answers.items()
    }
    return RankingTrials(rows_of(tasks), ndcg)


def refuse_second_stage(trials: RankingTrials, model: str) -> None:
    """Raises BadInput for a second stage that was asked for and does not stand apart from the model behind it."""
    if trials.stands_apart(model):
        return
    both = trials.second_stage(model)
    if both is None:
        raise BadInput(
            f"{model} is registered only where it beats {SECOND_STAGES[model]}, which could not be fitted here; "
            "train another model"
        )
    own, behind = both
    raise BadInput(
        f"{own.model} does not beat {behind.model} on validation: {FIGURE} {own.estimate} and {behind.estimate}, "
        f"intervals that overlap; train {behind.model}"
    )


def with_those_behind(names: Iterable[str]) -> set[str]:
    """These models, and what stands behind the second stages among them: they are taken only where they beat it."""
    wanted = set(names)
    return wanted | {SECOND_STAGES[name] for name in wanted & set(SECOND_STAGES)}


def rows_of(tasks: Sequence[RankingTask]) -> np.ndarray:
    """The customers of each task's truth, one task after another."""
    return np.concatenate([task.truth.customer_ids for task in tasks])


def difference_of(customer_ids: np.ndarray, ndcg: np.ndarray, against: np.ndarray) -> Estimate:
    """The mean of the paired difference over rows, with its interval over customers."""
    return mean_estimates(customer_ids, (ndcg - against)[:, None])[0]


def mean_estimates(customer_ids: np.ndarray, figures: np.ndarray) -> list[Estimate]:
    """The mean of each column over (rows, columns), with its interval over customers."""
    return estimate_intervals(lambda weights: weights @ figures / weights.sum(axis=1, keepdims=True), customer_ids)
