"""What `kizuna tune recommender` does, from top to bottom.

each model's defaults -> trials, fewer models in each third of the budget -> the best settings of each model into
tuned_recommenders.json, from which `kizuna train recommender` takes them. The test cutoff stays untouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from core.config.data_set import Config
from core.errors import BadInput, NotEnoughHistory
from core.intervals import Estimate
from features.interactions import NO_ITEMS, load_interactions
from models.recommenders.catalogue import RECOMMENDERS
from training.recommender.budget_allocation import Budget, next_search
from training.recommender.rows import RankingTask, validation_tasks
from training.recommender.search import TRIAL_REFUSALS, Attempt, Finished, Search, open_studies
from training.recommender.training import KIND, recipes_of
from training.recommender.trials import FIGURE, difference_of, mean_estimates, rows_of
from training.recommender.tuned import TunedModel, TunedRecommenders, read_tuned
from training.run.recipe import Recipe
from training.run.session import Session
from training.run.tracking import TrackedRun, git_state

LOGGED = FIGURE.replace("@", "_at_")


@dataclass(frozen=True)
class Tuning:
    """The searches of some models on one data set, with what earlier runs have found."""

    session: Session
    tasks: tuple[RankingTask, ...]
    "Newest first: the trials that are bad there are not tried at the others."
    searches: Mapping[str, Search]

    @property
    def n_trials(self) -> int:
        """Of all models, in this run and earlier ones."""
        return sum(search.n_trials for search in self.searches.values())

    @property
    def best(self) -> str:
        """The best so far, in words."""
        found = [(best.ndcg, name) for name, search in self.searches.items() if (best := search.best)]
        if not found:
            return "none yet"
        ndcg, name = max(found)
        return f"{name} {FIGURE} {ndcg:.4f}"

    def run(self, budget: Budget) -> TunedRecommenders:
        """Try settings until the budget is spent, and keep the best of each model. Finished trials outlive Ctrl-C."""
        session = self.session
        with session.tracking.run(self._experiment, "tuning", session.continued_run) as run:
            run.log_tags({"data_set": session.config.name, "git": git_state(), "data_digest": session.tables.digest})
            run.log_parameters({"models": list(self.searches), "cutoffs": [task.cutoff for task in self.tasks]})
            run.log_json(session.statement, "config.json")
            searches = list(self.searches.values())
            while (spent := budget.share_spent()) < 1 and (search := next_search(searches, spent)):
                self._try(search, budget, run)
                budget.show(self.n_trials, self.best)
            found = self.found()
            run.log_values({f"{name}.{LOGGED}": tuned.ndcg_at_10.value for name, tuned in found.items()})
            run.log_json(found, "tuned_recommenders.json")
        kept = self._earlier().joined(found)
        kept.write()
        return replace(kept, models=found)

    def found(self) -> dict[str, TunedModel]:
        """The best settings of each model that could be tried."""
        return {name: self._tuned(search, best) for name, search in self.searches.items() if (best := search.best)}

    @property
    def _experiment(self) -> str:
        return f"{self.session.registry.name(KIND)}.tuning"

    def _try(self, search: Search, budget: Budget, run: TrackedRun) -> None:
        with (
            search.trial(self.session.config.seed) as attempt,
            self.session.tracking.run(
                self._experiment, f"{attempt.recipe.model} {attempt.number}", parent=run.run_id
            ) as child,
        ):
            settings = {f"settings.{name}": value for name, value in attempt.recipe.settings.items()}
            child.log_parameters({"model": attempt.recipe.model, **settings})
            by_task: list[np.ndarray] = []
            try:
                told = self._judge(search, attempt, budget, by_task)
            except TRIAL_REFUSALS as refusal:
                child.log_values(self._logged(by_task), {"state": "failed", "reason": str(refusal)})
                raise
            child.log_values(self._logged(by_task), told)

    def _judge(self, search: Search, attempt: Attempt, budget: Budget, by_task: list[np.ndarray]) -> dict[str, str]:
        """Fit the recipe at one cutoff after the other, until it is not worth the next; what is told of its end."""
        for task in self.tasks:
            if by_task and (reason := self._reason_to_stop(attempt, budget, by_task)):
                search.prune(attempt, reason)
                return {"state": "pruned", "reason": reason}
            by_task.append(task.ndcg(task.answer(attempt.recipe)))
        search.finish(attempt, np.concatenate(by_task))
        return {"state": "finished"}

    def _logged(self, by_task: Sequence[np.ndarray]) -> dict[str, float]:
        """The figure at each cutoff, and over all of them where all were tried."""
        values = {f"{LOGGED}.{task.cutoff}": ndcg.mean() for task, ndcg in zip(self.tasks, by_task, strict=False)}
        return values | ({LOGGED: np.concatenate(by_task).mean()} if len(by_task) == len(self.tasks) else {})

    def _reason_to_stop(self, attempt: Attempt, budget: Budget, by_task: Sequence[np.ndarray]) -> str:
        n_cutoffs, mean = len(by_task), float(np.concatenate(by_task).mean())
        if not attempt.is_promising(n_cutoffs, mean):
            return f"not in the better half after {n_cutoffs} of {len(self.tasks)} cutoffs"
        return "the budget was spent" if budget.share_spent() >= 1 and not attempt.is_default else ""

    def _tuned(self, search: Search, best: Finished) -> TunedModel:
        default, customer_ids = search.finished_default, rows_of(self.tasks)
        ndcg = search.by_customer(best)
        before = search.by_customer(default) if default else None
        return TunedModel(
            settings=best.settings,
            tuned_at=self.session.now,
            n_trials=search.n_trials,
            data_digest=self.session.tables.digest,
            cutoffs=tuple(task.cutoff for task in self.tasks),
            horizon_days=self.session.config.recommender.horizon_days,
            ndcg_at_10=mean_estimates(customer_ids, ndcg[:, None])[0],
            default_ndcg_at_10=Estimate() if before is None else mean_estimates(customer_ids, before[:, None])[0],
            difference=Estimate() if before is None else difference_of(customer_ids, ndcg, before),
        )

    def _earlier(self) -> TunedRecommenders:
        path = self.session.config.places.tuned_recommenders
        try:
            return read_tuned(path)
        except BadInput:  # a broken file is mended by tuning anew
            return TunedRecommenders(path, {})


def begin_tuning(session: Session, models: Sequence[str] = ()) -> Tuning:
    """The searches of these models, by default of those that training tries, with their earlier trials.

    Raises UnknownName, NotEnoughHistory where purchases carry no items or the history is too short, and
    SourceUnavailable where the file of earlier trials is broken.
    """
    recipes = recipes_to_tune(session.config, models)
    tables, places = session.tables, session.config.places
    with session.progress.during("histories"):
        everything = load_interactions(tables)
        if not len(everything.items):
            raise NotEnoughHistory(NO_ITEMS)
        tasks = validation_tasks(tables, everything)
    with session.progress.during("opening earlier trials"):
        storage = open_studies(places.tuning / "trials.db")
        protocol = {
            "data": tables.digest,
            "cutoffs": [task.cutoff for task in tasks],
            "horizon_days": session.config.recommender.horizon_days,
            "figure": FIGURE,
        }
        searches = {
            name: Search(storage, places.tuning, recipe, RECOMMENDERS[name].ranges, protocol)
            for name, recipe in recipes.items()
        }
    return Tuning(session, tasks, searches)


def recipes_to_tune(config: Config, models: Sequence[str]) -> dict[str, Recipe]:
    """The defaults of the models, simplest first."""
    wanted = models or config.recommender.models or tuple(RECOMMENDERS)
    for name in wanted:
        RECOMMENDERS[name]
    stated = msgspec.structs.replace(config.recommender, models=tuple(wanted))
    recipes = recipes_of(msgspec.structs.replace(config, recommender=stated))
    return {name: recipe for name, recipe in recipes.items() if name in wanted}
