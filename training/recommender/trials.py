"""Trials: recommender recipes compared by the NDCG@10 of the same customers at the same validation cutoffs.

A customer who returns at several cutoffs has several rows; intervals resample customers, each with all of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory, NotEnoughMemory
from core.intervals import Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from training.recommender.choosing import choose_simplest, mean_with_standard_error
from training.recommender.rows import CHOSEN_AT, RankingTask
from training.run.recipe import Recipe
from training.run.session import Progress, run_parallel

METRIC = f"ndcg@{CHOSEN_AT}"
SKIPPED_ERRORS = (NotEnoughMemory, NotEnoughHistory)
"Errors that make one recipe impossible to fit and do not concern the others."

SECOND_STAGES = {"reranked": "blend"}
"Second stages and the model that each of them reranks; a requested second stage is tried beside its base model."


@dataclass(frozen=True)
class RankingTrials:
    """The validation NDCG of each recipe that could be fitted at every cutoff."""

    customer_ids: NDArray[np.str_]
    "(rows,) of one task after another."
    ndcg: Mapping[str, NDArray[np.float64]]
    "By model, simplest first: NDCG@10 of each row, (rows,)."

    def metrics(self) -> tuple[Metric, ...]:
        """The mean NDCG of each model."""
        means = estimate_means(self.customer_ids, np.column_stack(list(self.ndcg.values())))
        return tuple(
            Metric(model=name, name=METRIC, estimate=mean, split="validation")
            for name, mean in zip(self.ndcg, means, strict=True)
        )

    def compare(self, model: str, against: str) -> Comparison:
        """The paired difference of two models; positive means that the first is better."""
        difference = estimate_difference(self.customer_ids, ndcg=self.ndcg[model], against=self.ndcg[against])
        return Comparison(model=model, against=against, name=METRIC, difference=difference)

    def choose(self) -> str:
        """Choose the simplest model within one standard error of the best one, by paired differences."""
        return choose_simplest(self.customer_ids, self.ndcg)

    def explain(self, model: str) -> str:
        """How a model compares with the best one, in one sentence."""
        best = max(self.ndcg, key=lambda name: self.ndcg[name].mean())
        if best == model:
            return f"{model} has the highest {METRIC}."
        shortfall = mean_with_standard_error(self.customer_ids, self.ndcg[best] - self.ndcg[model])
        return f"{best} has the highest {METRIC}; {model} has {shortfall} less."


@dataclass(frozen=True)
class TaskRecommendations:
    """The recommendations of every recipe at each of some tasks."""

    by_model: dict[str, list[Recommendations]] = field(default_factory=dict)
    "Aligned with the tasks."
    skipped: dict[str, str] = field(default_factory=dict)
    "The recipes that could not be fitted at every task, and why."


def recommend_all(
    recipes: Mapping[str, Recipe], tasks: Sequence[RankingTask], *, progress: Progress, required: Sequence[str]
) -> TaskRecommendations:
    """Fit every recipe at every task and recommend to its customers.

    A recipe without enough memory or history is skipped, so that the others can be used. A required one raises.
    """

    def recommend(name: str) -> list[Recommendations] | str:
        try:
            return [task.answer(recipes[name]) for task in tasks]
        except SKIPPED_ERRORS as error:
            if name in required:
                raise
            return str(error)

    results = run_parallel(recommend, list(recipes), progress=progress, label="recommenders")
    by_name = dict(zip(recipes, results, strict=True))
    return TaskRecommendations(
        {name: answers for name, answers in by_name.items() if not isinstance(answers, str)},
        {name: why for name, why in by_name.items() if isinstance(why, str)},
    )


def evaluate_answers(answers: Mapping[str, Sequence[Recommendations]], tasks: Sequence[RankingTask]) -> RankingTrials:
    """Compute the NDCG of the recommendations at the validation tasks."""
    ndcg = {
        name: np.concatenate([task.ndcg(answer) for task, answer in zip(tasks, of_model, strict=True)])
        for name, of_model in answers.items()
    }
    return RankingTrials(customers_of(tasks), ndcg)


def add_base_models(names: Iterable[str]) -> set[str]:
    """These models, with the base models of the second stages among them."""
    models = set(names)
    return models | {SECOND_STAGES[name] for name in models & set(SECOND_STAGES)}


def customers_of(tasks: Sequence[RankingTask]) -> NDArray[np.str_]:
    """The customers of each task's truth, one task after another."""
    return np.concatenate([task.truth.customer_ids for task in tasks])


def estimate_difference(
    customer_ids: NDArray[np.str_], *, ndcg: NDArray[np.float64], against: NDArray[np.float64]
) -> Estimate:
    """The mean of the paired difference over rows, with its interval over customers."""
    return estimate_means(customer_ids, (ndcg - against)[:, None])[0]


def estimate_means(customer_ids: NDArray[np.str_], values: NDArray[np.float64]) -> list[Estimate]:
    """The mean of each column of (rows, columns), with its interval over customers."""
    return estimate_intervals(lambda weights: weights @ values / weights.sum(axis=1, keepdims=True), customer_ids)
