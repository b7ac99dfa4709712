"""What is found out about recommenders before anything is shipped: one is chosen on validation, and tested once."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import NotEnoughHistory
from core.interactions import Interactions
from core.model_card import Comparison, Metric
from features.interactions import NO_ITEMS, load_interactions
from training.recommender.rows import RankingTask, ranking_cutoffs, ranking_task, validation_tasks
from training.recommender.trials import RankingTrials, answers_of, refuse_second_stage, trials_of
from training.recommender.tuned import TunedRecommenders
from training.run.recipe import Recipe
from training.run.session import Session

BASELINE = "popularity"
JUDGED_AT = (10, 20)
DRAWN_AT = (1, 3, 5)
"Lengths of the list that only the plot shows."


@dataclass(frozen=True)
class RankingStudy:
    """What was found out before anything is shipped."""

    everything: Interactions
    validated_at: tuple[RankingTask, ...]
    test: RankingTask
    recipes: dict[str, Recipe]
    tuned: TunedRecommenders
    trials: RankingTrials
    left_out: dict[str, str]
    "Why, by model."
    metrics: tuple[Metric, ...]
    drawn: tuple[Metric, ...]
    comparisons: tuple[Comparison, ...]
    "In NDCG@10 at the test cutoff, of the chosen model and popularity; none where that was chosen."
    chosen: str


def study(session: Session, recipes: dict[str, Recipe], only: str | None, tuned: TunedRecommenders) -> RankingStudy:
    """Choose at the validation cutoffs, test once at the next."""
    tables = session.tables
    with session.progress.during("histories"):
        everything = load_interactions(tables)
        if not len(everything.items):
            raise NotEnoughHistory(NO_ITEMS)
        validation = validation_tasks(tables, everything)
        test = ranking_task(tables, everything, ranking_cutoffs(tables)[-1])
    tuned.refuse_seen(test.cutoff)
    needed = (BASELINE, only) if only else (BASELINE,)
    found = answers_of(recipes, (*validation, test), session.progress, needed)
    trials = trials_of({name: said[:-1] for name, said in found.by_model.items()}, validation)
    if only:
        refuse_second_stage(trials, only)
    chosen = only or trials.choose()
    answers = {name: said[-1] for name, said in found.by_model.items()}
    metrics = list(trials.metrics())
    drawn: list[Metric] = []
    for name, answer in answers.items():
        metrics += test.metrics(name, answer, "test", JUDGED_AT)
        drawn += test.metrics(name, answer, "test", DRAWN_AT)
    comparisons = () if chosen == BASELINE else (test.compare(chosen, BASELINE, answers[chosen], answers[BASELINE]),)
    return RankingStudy(
        everything, validation, test, recipes, tuned, trials, found.left_out, tuple(metrics), tuple(drawn),
        comparisons, chosen,
    )  # fmt: skip
