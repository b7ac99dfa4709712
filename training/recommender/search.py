"""The search for one model's settings: what was tried, what came of it, and what to try next.

A study of Optuna's (Akiba et al. 2019) in a SQLite file, so that a later run goes on where an earlier one ended.
Trials are suggested by TPE (Bergstra et al. 2011); one that is not in the better half at the first cutoff, or at the
second, is not tried at the next (successive halving, Li et al. 2020).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from core.digest import digest_of
from core.errors import SourceUnavailable
from core.interruption import defer_interruption
from models.protocols import Settings
from models.recommenders.engine.search_ranges import Between, OneOf, Ranges
from training.recommender.trials import REFUSALS
from training.run.recipe import Recipe

TRIAL_REFUSALS = (*REFUSALS, MemoryError, np.linalg.LinAlgError)
"What says something of one trial's settings alone: the search goes on."
HALVED_BY = 2
REASON = "reason"
"The attribute that says why a trial failed, or was not tried at every cutoff; one that was interrupted has none."


def open_studies(path: Path) -> RDBStorage:
    """The database of all studies of a data set. Raises SourceUnavailable where the file is something else."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return RDBStorage(f"sqlite:///{path}", engine_kwargs={"creator": _connection_to(path)})
    except (SQLAlchemyError, sqlite3.Error, RuntimeError) as fault:
        raise SourceUnavailable(
            f"{path} cannot be read as a store of trials ({str(fault).splitlines()[0]}); remove it and tune anew"
        ) from fault


def _connection_to(path: Path) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
        # Optuna commits ten times a trial: waiting for the disk each time took .3 s, and all that a power cut can
        # take away so is the last trials.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return connect


@dataclass(frozen=True)
class Finished:
    """A trial that was tried at every cutoff."""

    number: int
    settings: Settings
    "Those that are searched."
    ndcg: float
    "Mean NDCG@10 over the rows of all cutoffs."


@dataclass(frozen=True)
class Attempt:
    """One trial while it goes on."""

    trial: optuna.Trial
    recipe: Recipe
    is_default: bool

    @property
    def number(self) -> int:
        """Counted from 0 within the study."""
        return self.trial.number

    @defer_interruption()
    def is_promising(self, n_cutoffs: int, ndcg: float) -> bool:
        """Whether the mean over so many cutoffs is worth another one; the defaults are tried at all of them."""
        self.trial.report(ndcg, n_cutoffs)
        return not self.trial.should_prune() or self.is_default


class Search:
    """The study of one model on one data set under one protocol."""

    def __init__(
        self, storage: RDBStorage, folder: Path, default: Recipe, ranges: Ranges, protocol: Mapping[str, Any]
    ) -> None:
        """`protocol` is what figures depend on beside the recipe; under another one this is another study."""
        self.default = default
        self.distributions = {name: distribution_of(span, default.settings[name]) for name, span in ranges.items()}
        told = [default.model, default.settings, {name: repr(span) for name, span in ranges.items()}, protocol]
        self.name = f"{default.model}-{digest_of(told)}"
        self._folder = folder / self.name
        self._study = optuna.create_study(
            storage=storage,
            study_name=self.name,
            direction="maximize",
            load_if_exists=True,
            pruner=SuccessiveHalvingPruner(min_resource=1, reduction_factor=HALVED_BY),
        )
        self._ended = [trial for trial in self._study.get_trials(deepcopy=False) if _has_ended(trial)]

    @contextmanager
    def trial(self, seed: int) -> Iterator[Attempt]:
        """The next trial, the defaults first of all, then what TPE suggests; a refusal of its recipe ends it failed."""
        attempt = self._asked(seed)
        try:
            yield attempt
        except TRIAL_REFUSALS as refusal:
            self._end(attempt, TrialState.FAIL, reason=str(refusal))
        except BaseException:
            self._give_up(attempt)
            raise

    @defer_interruption()
    def _asked(self, seed: int) -> Attempt:
        # One seed for every run would make a continued study suggest again what it has tried.
        self._study.sampler = TPESampler(seed=seed + len(self._ended), multivariate=True)
        is_default = not self.default_was_tried
        if is_default:
            self._study.enqueue_trial(self._default_parameters)
        trial = self._study.ask(self.distributions)
        return Attempt(trial, self.default.changed(trial.params), is_default)

    def finish(self, attempt: Attempt, ndcg: np.ndarray) -> None:
        """Keep a trial that was tried at every cutoff; `ndcg` is what each customer got, (rows,)."""
        self._folder.mkdir(parents=True, exist_ok=True)
        np.save(self._file_of(attempt.number), ndcg.astype(np.float32))
        self._end(attempt, TrialState.COMPLETE, float(ndcg.mean()))
        kept = {self._file_of(trial.number) for trial in (self.best, self.finished_default) if trial}
        for path in set(self._folder.glob("*.npy")) - kept:
            path.unlink()

    def prune(self, attempt: Attempt, reason: str) -> None:
        """Keep what is known of a trial that was not tried at every cutoff."""
        self._end(attempt, TrialState.PRUNED, reason=reason)

    @defer_interruption()
    def _give_up(self, attempt: Attempt) -> None:
        """Without a reason: whatever was wrong was not the trial's settings."""
        self._study.tell(attempt.trial, state=TrialState.FAIL, skip_if_finished=True)

    @defer_interruption()
    def _end(self, attempt: Attempt, state: TrialState, ndcg: float | None = None, reason: str = "") -> None:
        if reason:
            attempt.trial.set_user_attr(REASON, reason)
        self._ended.append(self._study.tell(attempt.trial, ndcg, state))

    @property
    def n_trials(self) -> int:
        """How many came to an end of their own, in this run and earlier ones."""
        return len(self._ended)

    @property
    def default_was_tried(self) -> bool:
        """Whether the defaults were tried at every cutoff, or cannot be."""
        failed = [trial.params for trial in self._ended if trial.state == TrialState.FAIL]
        return self.finished_default is not None or self._default_parameters in failed

    @property
    def finished_default(self) -> Finished | None:
        """The trial of the defaults, where they could be tried."""
        return next((trial for trial in self._finished() if trial.settings == self._default_parameters), None)

    @property
    def best(self) -> Finished | None:
        """The one with the highest mean, the earliest of equals."""
        return max(self._finished(), key=lambda trial: trial.ndcg, default=None)

    @property
    def failure(self) -> str:
        """Why the last trial that failed did; nothing where none did."""
        failed = [trial for trial in self._ended if trial.state == TrialState.FAIL]
        return str(failed[-1].user_attrs[REASON]) if failed else ""

    def by_customer(self, trial: Finished) -> np.ndarray:
        """What each customer got, of the best trial or the defaults. Raises SourceUnavailable where that is gone."""
        path = self._file_of(trial.number)
        try:
            return np.load(path).astype(np.float64)
        except (OSError, ValueError) as fault:
            raise SourceUnavailable(f"{path} is gone or broken; remove {self._folder.parent} and tune anew") from fault

    @property
    def _default_parameters(self) -> Settings:
        return {name: self.default.settings[name] for name in self.distributions}

    def _finished(self) -> list[Finished]:
        ended = [trial for trial in self._ended if trial.state == TrialState.COMPLETE]
        return [Finished(trial.number, dict(trial.params), trial.value or 0.0) for trial in ended]

    def _file_of(self, number: int) -> Path:
        return self._folder / f"{number}.npy"


def _has_ended(trial: FrozenTrial) -> bool:
    """Whether a trial came to an end of its own."""
    return trial.state == TrialState.COMPLETE or (trial.state.is_finished() and REASON in trial.user_attrs)


def distribution_of(span: Between | OneOf, default: str | int | float | bool | None) -> BaseDistribution:
    """The range in Optuna's words, as much wider as the default asks for: a TOML may state one outside of it."""
    if isinstance(span, OneOf):
        return CategoricalDistribution(span.values if default in span.values else (*span.values, default))
    stated = (default,) if isinstance(default, int | float) else ()
    low, high = min(span.low, *stated), max(span.high, *stated)
    if span.whole:
        return IntDistribution(int(low), int(high), log=span.log)
    return FloatDistribution(low, high, log=span.log)
