"""The cost of a training: samples that bound it, and estimates of it before it starts and between its steps."""

from __future__ import annotations

import time
from collections.abc import Mapping

from core.interactions import Interactions
from training.recommender.evaluation_tasks import EvaluationTasks
from training.recommender.rows import RankingTask
from training.run.recipe import Recipe
from training.run.session import Progress

MAX_CUSTOMERS = 2000
"Customers who are asked at each validation cutoff; standard errors are small with these, and all of them cost hours."
MAX_TESTED = 5000
"Customers who are asked at the test cutoff."
MIN_SAMPLED = 200
"A sample with fewer customers who returned says too little."
SAMPLE_LINES = 100_000
"Longer histories are first tried on customers with about this many purchases together."
N_OTHER_FITS = 2
"Fits after validation: the test and the registered model."


def describe_work(
    recipes: Mapping[str, Recipe], everything: Interactions, *, tasks: EvaluationTasks, sample: RankingTask | None
) -> str:
    """What training will fit, in one line, before it starts."""
    first = f"tried on a sample of {len(sample.past):,} customers first; " if sample else ""
    where = "on held-out items" if tasks.no_cutoffs_because else f"at {len(tasks.validation)} cutoffs"
    n_customers = ", ".join(f"{len(task.truth):,}" for task in tasks.validation)
    return (
        f"recommenders to fit: {len(recipes)}, purchases: {len(everything.items):,}, customers: {len(everything):,}; "
        f"{first}validation {where}, customers to recommend to: {n_customers}; models that are far behind are stopped"
    )


def small_sample(task: RankingTask, *, seed: int) -> RankingTask | None:
    """A sample of customers to try models on first; None where the histories are short enough without."""
    if len(task.past.items) < 2 * SAMPLE_LINES:
        return None
    sample = task.shorten(SAMPLE_LINES, seed=seed).sample(MAX_CUSTOMERS, seed=seed)
    return sample if len(sample.truth) >= MIN_SAMPLED else None


class CostEstimate:
    """Notes after each step what the rest will cost: CPU time so far, by the number of purchases and of models."""

    def __init__(self, progress: Progress, everything: Interactions, *, n_models: int, n_cutoffs: int) -> None:
        self._progress = progress
        self._n_lines, self._n_models, self._n_cutoffs_left = len(everything.items), n_models, n_cutoffs
        self._last = time.process_time()

    def note(self, task: RankingTask, n_left: int, *, is_sample: bool) -> None:
        """Note the cost of a task that is done, and of the rest with the models that are left."""
        now = time.process_time()
        spent, self._last = now - self._last, now
        self._n_cutoffs_left -= 0 if is_sample else 1
        per_fit = spent / self._n_models * self._n_lines / max(1, len(task.past.items))
        self._n_models = n_left
        rest = per_fit * (n_left * self._n_cutoffs_left + N_OTHER_FITS)
        self._progress.note(
            f"{spent:.0f} CPU seconds for {len(task.past.items):,} purchases; the rest takes about "
            f"{max(rest, 6) / 60:.1f} CPU minutes; recommenders left: {n_left}"
        )
