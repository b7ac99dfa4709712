"""Tune recommenders: the steps of `kizuna tune recommender`, in order.

    the defaults of each model -> trials, with fewer models in each third of the budget
    -> the best settings of each model in tuned_recommenders.json, which `kizuna train recommender` reads

The trials do not use the test cutoff. What the best settings gain there is measured once, at the end: the best of many
trials looks better on the cutoffs that it was chosen by than later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import BadInput
from core.intervals import Estimate
from core.model_kinds import RECOMMENDER
from features.interactions import load_choices
from models.protocols import Settings
from models.recommenders.catalogue import RECOMMENDERS
from training.recommender.costs import MAX_TESTED
from training.recommender.evaluation_tasks import evaluation_tasks
from training.recommender.pipeline import default_recipes
from training.recommender.rows import RankingTask
from training.recommender.search import TRIAL_ERRORS, FinishedTrial, RunningTrial, Search, open_studies
from training.recommender.trials import METRIC, customers_of, estimate_difference, estimate_means
from training.recommender.tuned import TunedModel, TunedRecommenders, read_tuned
from training.run.recipe import Recipe
from training.run.session import Session
from training.run.tracking import TrackedRun, describe_source, git_state

METRIC_KEY = METRIC.replace("@", "_at_")
N_STAGES = 3
"Of the budget; each stage tunes the better half of the models of the previous one."


class Budget(Protocol):
    """The time limit of a tuning, and its progress display."""

    def share_spent(self) -> float:
        """0 at the start; from 1 on, no new trial starts."""
        ...

    def show(self, n_trials: int, best: str) -> None:
        """Show the progress."""
        ...


def next_search(searches: Sequence[Search], spent: float) -> Search | None:
    """The model to try next; None where there is nothing more to try.

    First the defaults of each model, simplest first. Then successive halving over the models: all are tuned in the
    first third of the budget, the better half of them in the second, the best quarter in the third. The model with the
    fewest trials is next.
    """
    untried = [search for search in searches if not search.default_was_tried]
    if untried:
        return untried[0]
    tunable = [search for search in searches if search.distributions]
    ranked = sorted(tunable, key=lambda search: -search.best.ndcg if search.best else 0.0)
    remaining = ranked[: ceil(len(ranked) / 2 ** int(spent * N_STAGES))]
    return min(remaining, key=lambda search: search.n_trials, default=None)


@dataclass(frozen=True)
class Tuning:
    """The searches of some models on one data set, including the trials of earlier runs."""

    session: Session
    tasks: tuple[RankingTask, ...]
    "Newest first: trials that are bad there are not evaluated at the others."
    searches: Mapping[str, Search]
    later: RankingTask
    "The test task, later than those of the search: the best settings are measured there once, at the end."

    @property
    def n_trials(self) -> int:
        """Trials of all models, in this run and earlier ones."""
        return sum(search.n_trials for search in self.searches.values())

    @property
    def best(self) -> str:
        """The best result so far, in words."""
        results = [(best.ndcg, name) for name, search in self.searches.items() if (best := search.best)]
        if not results:
            return "none yet"
        ndcg, name = max(results)
        return f"{name} {METRIC} {ndcg:.4f}"

    def run(self, budget: Budget) -> TunedRecommenders:
        """Try settings until the budget is spent, and store the best of each model. Finished trials survive Ctrl-C."""
        session = self.session
        source = describe_source("kizuna tune recommender", user=session.who)
        with session.tracking.run(
            self._experiment, f"tuning {session.today}", continued=session.continued_run, tags=source
        ) as run:
            run.log_tags({"data_set": session.config.name, "git": git_state(), "data_digest": session.tables.digest})
            run.log_parameters({"models": list(self.searches), "cutoffs": [task.cutoff for task in self.tasks]})
            run.log_json(session.statement, "config.json")
            searches = list(self.searches.values())
            while (spent := budget.share_spent()) < 1 and (search := next_search(searches, spent)):
                self._try(search, budget, run=run)
                budget.show(self.n_trials, self.best)
            tuned = self._measure_later(self.best_settings())
            run.log_values({f"{name}.{METRIC_KEY}": one.ndcg_at_10.value for name, one in tuned.items()})
            run.log_json(tuned, "tuned_recommenders.json")
        updated = self._read_earlier().update(tuned)
        updated.write()
        return replace(updated, models=tuned)

    def best_settings(self) -> dict[str, TunedModel]:
        """The best settings of each model that could be evaluated."""
        return {
            name: self._to_tuned_model(search, best) for name, search in self.searches.items() if (best := search.best)
        }

    def _measure_later(self, tuned: dict[str, TunedModel]) -> dict[str, TunedModel]:
        """Compare the best settings of each model with its defaults at the test cutoff, where they differ."""
        names = [name for name, one in tuned.items() if one.settings != self._defaults(name)]
        for name in self.session.progress.over(names, "gains on a later window"):
            recipe = self.searches[name].default
            try:
                own, default = (
                    self.later.ndcg(self.later.answer(each))
                    for each in (recipe.with_settings(tuned[name].settings), recipe)
                )
            except TRIAL_ERRORS:
                continue
            difference = estimate_difference(self.later.truth.customer_ids, ndcg=own, against=default)
            tuned[name] = msgspec.structs.replace(
                tuned[name], later_cutoff=self.later.cutoff, later_difference=difference
            )
        return tuned

    def _defaults(self, name: str) -> Settings:
        """The default settings of the searched parameters of a model."""
        search = self.searches[name]
        return {setting: search.default.settings[setting] for setting in search.distributions}

    @property
    def _experiment(self) -> str:
        return f"{self.session.registry.name(RECOMMENDER.name)}.tuning"

    def _try(self, search: Search, budget: Budget, *, run: TrackedRun) -> None:
        with (
            search.trial(self.session.config.seed) as running,
            self.session.tracking.run(
                self._experiment, f"{running.recipe.model} {running.number}", parent=run.run_id
            ) as child,
        ):
            settings = {f"settings.{name}": value for name, value in running.recipe.settings.items()}
            child.log_parameters({"model": running.recipe.model, **settings})
            by_task: list[NDArray[np.float64]] = []
            try:
                tags = self._evaluate(search, running, budget=budget, by_task=by_task)
            except TRIAL_ERRORS as error:
                child.log_values(self._values(by_task), {"state": "failed", "reason": str(error)})
                raise
            child.log_values(self._values(by_task), tags)

    def _evaluate(
        self, search: Search, running: RunningTrial, *, budget: Budget, by_task: list[NDArray[np.float64]]
    ) -> dict[str, str]:
        """Fit the recipe at one cutoff after another, until it is pruned; returns tags that say how it ended."""
        for task in self.tasks:
            if by_task and (reason := self._reason_to_stop(running, budget=budget, by_task=by_task)):
                search.prune(running, reason)
                return {"state": "pruned", "reason": reason}
            by_task.append(task.ndcg(task.answer(running.recipe)))
        search.finish(running, np.concatenate(by_task))
        return {"state": "finished"}

    def _values(self, by_task: Sequence[NDArray[np.float64]]) -> dict[str, float]:
        """The NDCG at each cutoff, and over all of them where all were evaluated."""
        values = {f"{METRIC_KEY}.{task.cutoff}": ndcg.mean() for task, ndcg in zip(self.tasks, by_task, strict=False)}
        return values | ({METRIC_KEY: np.concatenate(by_task).mean()} if len(by_task) == len(self.tasks) else {})

    def _reason_to_stop(self, running: RunningTrial, *, budget: Budget, by_task: Sequence[NDArray[np.float64]]) -> str:
        n_cutoffs, mean = len(by_task), float(np.concatenate(by_task).mean())
        if not running.is_promising(n_cutoffs, mean):
            return f"not in the better half after {n_cutoffs} of {len(self.tasks)} cutoffs"
        return "the budget was spent" if budget.share_spent() >= 1 and not running.is_default else ""

    def _to_tuned_model(self, search: Search, best: FinishedTrial) -> TunedModel:
        default, customer_ids = search.default_result, customers_of(self.tasks)
        ndcg = search.ndcg_by_customer(best)
        default_ndcg = search.ndcg_by_customer(default) if default else None
        return TunedModel(
            settings=best.settings,
            tuned_at=self.session.now,
            n_trials=search.n_trials,
            data_digest=self.session.tables.digest,
            cutoffs=tuple(task.cutoff for task in self.tasks),
            horizon_days=self.session.config.recommender.horizon_days,
            ndcg_at_10=estimate_means(customer_ids, ndcg[:, None])[0],
            default_ndcg_at_10=(
                Estimate() if default_ndcg is None else estimate_means(customer_ids, default_ndcg[:, None])[0]
            ),
            difference=(
                Estimate()
                if default_ndcg is None
                else estimate_difference(customer_ids, ndcg=ndcg, against=default_ndcg)
            ),
        )

    def _read_earlier(self) -> TunedRecommenders:
        path = self.session.config.places.recommender_settings
        try:
            return read_tuned(path)
        except BadInput:  # tuning replaces a damaged file
            return TunedRecommenders(path, {})


def begin_tuning(session: Session, models: Sequence[str] = ()) -> Tuning:
    """Open the searches of these models, or of those that training tries, with their earlier trials.

    Raises UnknownName, NotEnoughHistory where purchases have no items or the history is too short, and
    SourceUnavailable where the file of earlier trials is damaged.
    """
    recipes = recipes_to_tune(session.config, models)
    tables, places = session.tables, session.config.places
    with session.progress.during("histories"):
        everything = load_choices(tables)
        tasks = evaluation_tasks(tables, everything)
    with session.progress.during("opening earlier trials"):
        storage = open_studies(places.tuning / "trials.db")
        protocol = {
            "data": tables.digest,
            "cutoffs": [task.cutoff for task in tasks.validation],
            "horizon_days": session.config.recommender.horizon_days,
            "figure": METRIC,
        }
        searches = {
            name: Search(storage, places.tuning, default=recipe, ranges=RECOMMENDERS[name].ranges, protocol=protocol)
            for name, recipe in recipes.items()
        }
    return Tuning(session, tasks.validation, searches, tasks.test.sample(MAX_TESTED, seed=session.config.seed))


def recipes_to_tune(config: Config, models: Sequence[str]) -> dict[str, Recipe]:
    """The defaults of the models, simplest first."""
    names = models or config.recommender.models or tuple(RECOMMENDERS)
    for name in names:
        RECOMMENDERS[name]
    settings = msgspec.structs.replace(config.recommender, models=tuple(names))
    recipes = default_recipes(msgspec.structs.replace(config, recommender=settings))
    return {name: recipe for name, recipe in recipes.items() if name in names}
