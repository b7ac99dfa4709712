"""The tasks that recommenders are chosen and tested by: at cutoffs, or on held-out items where time decides nothing.

times vary           validation cutoffs, one horizon apart, then the test cutoff
they do not, or no   a fifth of each customer's different items is the test; of the rest, a fifth is the validation
customer came back   [ fitted on ............ | validation | test ]
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import NotEnoughHistory
from core.interactions import Interactions
from models.metrics.ranking.protocols.held_out_share import HeldOutShare
from models.metrics.ranking.splits import Split
from models.recommenders.engine.holdout import times_vary
from tables.tables import Tables
from training.recommender.rows import RankingTask, categories_of, ranking_cutoffs, ranking_task, validation_tasks

NO_TIMES = "rows have no time"
SAME_TIME = "all purchases have the same time"


@dataclass(frozen=True)
class EvaluationTasks:
    """The tasks of one data set."""

    validation: tuple[RankingTask, ...]
    "Newest first."
    test: RankingTask
    no_cutoffs_because: str = ""
    "Why items are held out instead of a period of time; '' where the tasks are at cutoffs."
    seed: int = 0
    "Of the draw of held-out items."

    @property
    def description(self) -> str:
        """How the validation tasks are made, in words."""
        if self.no_cutoffs_because:
            return (
                f"Judged by a held-out share, because {self.no_cutoffs_because}: {HeldOutShare().share:.0%} of each "
                f"customer's items, drawn by a hash of customer and item with seed {self.seed} (validation) and "
                f"{self.seed + 1} (test), are found again; the figures say nothing about change over time"
            )
        return f"Validation: walk-forward at {', '.join(task.cutoff.isoformat() for task in reversed(self.validation))}"

    def question(self, horizon_days: int) -> tuple[str, str]:
        """The customers who are asked about, and what is predicted of them, in words."""
        if self.no_cutoffs_because:
            return "customers of whose items a share is held out", "the held-out items of a customer"
        return (
            f"customers with a purchase before the cutoff and another one in the {horizon_days} days after it",
            f"the items that a customer buys within {horizon_days} days",
        )


def evaluation_tasks(tables: Tables, everything: Interactions) -> EvaluationTasks:
    """The tasks at cutoffs, or on held-out items where times do not vary or no customer came back.

    `everything` is `load_interactions(tables)`. Raises NotEnoughHistory where neither is possible.
    """
    if not times_vary(everything):
        return hold_out_items(tables, everything, because=NO_TIMES if tables.is_undated("purchases") else SAME_TIME)
    test = ranking_cutoffs(tables)[-1]
    try:
        return EvaluationTasks(validation_tasks(tables, everything), ranking_task(tables, everything, cutoff=test))
    except NotEnoughHistory as reason:
        return hold_out_items(tables, everything, because=str(reason))


def hold_out_items(tables: Tables, everything: Interactions, *, because: str) -> EvaluationTasks:
    """Tasks to find a random share of each customer's items again."""
    seed = tables.config.seed
    try:
        test = HeldOutShare(seed=seed + 1).split(everything)
        validation = HeldOutShare(seed=seed).split(test.training)
    except NotEnoughHistory as fault:
        n_items = round(1 / HeldOutShare().share)
        raise NotEnoughHistory(
            f"recommenders cannot be tested: {because}, and too few customers have {n_items} different items to hold "
            f"out one of them ({len(everything):,} customers, {len(everything.items):,} purchases of "
            f"{len(everything.item_ids):,} items); more history is needed"
        ) from fault
    tasks = [_task(tables, split) for split in (validation, test)]
    return EvaluationTasks((tasks[0],), tasks[1], because, seed)


def _task(tables: Tables, split: Split) -> RankingTask:
    return RankingTask(split.cutoff, split.training, split.truth, categories_of(tables), masks_seen=True)
