"""Trials: recommender recipes compared by the NDCG@10 of the same customers at the same validation cutoffs.

    sample of customers   newest cutoff   one horizon earlier   two horizons earlier
    [ all models ]------->[ fewer ]------>[ fewer ]------------>[ the rest: one is chosen ]

A model that is far below the best one is stopped before the next step (successive halving, Jamieson & Talwalkar 2016).
The sample is a step of its own for long histories only. A customer who returns at several cutoffs has several rows;
intervals and standard errors are by customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest, mean_with_standard_error
from core.errors import NotEnoughHistory, NotEnoughMemory
from core.intervals import Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from models.shared_fits import share_fits
from training.recommender.rows import CHOSEN_AT, RankingTask
from training.run.recipe import Recipe
from training.run.session import Progress, run_parallel

METRIC = f"ndcg@{CHOSEN_AT}"
SKIPPED_ERRORS = (NotEnoughMemory, NotEnoughHistory)
"Errors that make one recipe impossible to fit and do not concern the others."

SECOND_STAGES = {"reranked": "blend"}
"Second stages and the model that each of them reranks; a requested second stage is tried beside its base model."

STOPPED_AFTER = 3.0
"Standard errors below the best one from which a model cannot win at later cutoffs."
STOPPED_ON_SAMPLE_AFTER = 6.0
"The same on a sample of customers, where models that compare customers have less to learn from."


class AfterStep(Protocol):
    """Called with each task that is done, and with the number of recipes that are still tried."""

    def __call__(self, task: RankingTask, n_left: int, *, is_sample: bool) -> None:
        """Note the progress."""
        ...


@dataclass(frozen=True)
class RankingTrials:
    """The validation NDCG of each recipe that could be fitted."""

    customer_ids: NDArray[np.str_]
    "(rows,) of one task after another."
    ndcg: Mapping[str, NDArray[np.float64]]
    "By model, simplest first: NDCG@10 of each row, (rows,), or of the rows before a model was stopped."
    skipped: Mapping[str, str] = field(default_factory=dict)
    "The recipes that could not be fitted at every task, and why."
    stopped: Mapping[str, str] = field(default_factory=dict)
    "The recipes that were stopped, and how far below the best one they were."

    @property
    def complete_trials(self) -> dict[str, NDArray[np.float64]]:
        """The models that were tried at every task."""
        return {name: ndcg for name, ndcg in self.ndcg.items() if len(ndcg) == len(self.customer_ids)}

    def metrics(self) -> tuple[Metric, ...]:
        """The mean NDCG of each model, at the tasks that it was tried at."""
        return tuple(
            Metric(
                model=name,
                name=METRIC,
                estimate=estimate_means(self.customer_ids[: len(ndcg)], ndcg[:, None])[0],
                split="validation",
            )
            for name, ndcg in self.ndcg.items()
            if len(ndcg)
        )

    def compare(self, model: str, against: str) -> Comparison:
        """The paired difference of two models; positive means that the first is better."""
        difference = estimate_difference(self.customer_ids, ndcg=self.ndcg[model], against=self.ndcg[against])
        return Comparison(model=model, against=against, name=METRIC, difference=difference)

    def choose(self) -> str:
        """Choose the simplest model within one standard error of the best one, by paired differences."""
        return choose_simplest(self.customer_ids, self.complete_trials)

    def explain(self, model: str) -> str:
        """How a model compares with the best one, in one sentence."""
        best = max(self.complete_trials, key=lambda name: self.ndcg[name].mean())
        if best == model:
            return f"{model} has the highest {METRIC}."
        shortfall = mean_with_standard_error(self.customer_ids, self.ndcg[best] - self.ndcg[model])
        return f"{best} has the highest {METRIC}; {model} has {shortfall} less."


def try_recipes(
    recipes: Mapping[str, Recipe],
    tasks: Sequence[RankingTask],
    *,
    progress: Progress,
    required: Sequence[str],
    sample: RankingTask | None = None,
    after_step: AfterStep | None = None,
) -> RankingTrials:
    """Judge the recipes at one task after another, without those that cannot win any more.

    On the `sample`, of which only the ranking counts, models are stopped first. A recipe without enough memory or
    history is skipped, so that the others can be used. A required one is never stopped, and raises.
    """
    steps = _Steps(dict(recipes), required=required, progress=progress)
    if sample is not None:
        steps.stop(
            steps.judge(sample, "recommenders on a sample"),
            sample.truth.customer_ids,
            n_standard_errors=STOPPED_ON_SAMPLE_AFTER,
        )
        steps.report(after_step, sample, is_sample=True)
    ndcg_parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in recipes}
    customer_ids = [task.truth.customer_ids for task in tasks]
    for n, task in enumerate(tasks, start=1):
        for name, ndcg in steps.judge(task, f"recommenders at {task.cutoff}").items():
            ndcg_parts[name].append(ndcg)
        if n < len(tasks):
            so_far = {name: np.concatenate(ndcg_parts[name]) for name in steps.remaining}
            steps.stop(so_far, np.concatenate(customer_ids[:n]), n_standard_errors=STOPPED_AFTER)
        steps.report(after_step, task)
    ndcg = {name: np.concatenate([*parts, []]) for name, parts in ndcg_parts.items() if name not in steps.skipped}
    return RankingTrials(np.concatenate(customer_ids), ndcg, steps.skipped, steps.stopped)


@dataclass
class _Steps:
    """The recipes that are still tried, and what became of the others."""

    remaining: dict[str, Recipe]
    required: Sequence[str]
    progress: Progress
    skipped: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)

    def judge(self, task: RankingTask, label: str) -> dict[str, NDArray[np.float64]]:
        """The NDCG of each remaining recipe at a task; one that cannot be fitted is skipped."""
        names = list(self.remaining)
        with share_fits():
            results = run_parallel(lambda name: self._ndcg(name, task), names, progress=self.progress, label=label)
        for name, result in zip(names, results, strict=True):
            if isinstance(result, str):
                self.skipped[name] = result
                del self.remaining[name]
        return {name: ndcg for name, ndcg in zip(names, results, strict=True) if not isinstance(ndcg, str)}

    def _ndcg(self, name: str, task: RankingTask) -> NDArray[np.float64] | str:
        try:
            return task.ndcg(task.answer(self.remaining[name]))
        except SKIPPED_ERRORS as error:
            if name in self.required:
                raise
            return str(error)

    def report(self, after_step: AfterStep | None, task: RankingTask, *, is_sample: bool = False) -> None:
        """Call `after_step`, if there is one."""
        if after_step is not None:
            after_step(task, len(self.remaining), is_sample=is_sample)

    def stop(
        self, ndcg: Mapping[str, NDArray[np.float64]], customer_ids: NDArray[np.str_], *, n_standard_errors: float
    ) -> None:
        """Stop the models that are this many standard errors below the best one."""
        best = max(ndcg, key=lambda name: ndcg[name].mean())
        for name, values in ndcg.items():
            shortfall = mean_with_standard_error(customer_ids, ndcg[best] - values)
            if name not in self.required and shortfall.value > n_standard_errors * shortfall.standard_error:
                self.stopped[name] = f"{shortfall} below {best}"
                del self.remaining[name]


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
