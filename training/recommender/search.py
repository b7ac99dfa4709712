"""The search for one model's settings: trials, their results and the next suggestion.

It is an Optuna study (Akiba et al. 2019) in a SQLite file, so that a later run continues where an earlier one ended.
TPE suggests the trials (Bergstra et al. 2011). A trial that is not in the better half at a cutoff is pruned before the
next one (successive halving, Li et al. 2020).
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
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from core.errors import SourceUnavailable
from core.files import describe_disk_fault
from core.ids import digest_of
from core.interruption import defer_interruption
from models.protocols import Settings
from models.recommenders.engine.search_ranges import Between, OneOf, Ranges
from training.recommender.trials import SKIPPED_ERRORS
from training.run.recipe import Recipe

TRIAL_ERRORS = (*SKIPPED_ERRORS, MemoryError, np.linalg.LinAlgError)
"Errors that concern the settings of one trial only; the search continues."
REDUCTION_FACTOR = 2
REASON = "reason"
"The attribute that says why a trial failed or was pruned; an interrupted trial has none."


def open_studies(path: Path) -> RDBStorage:
    """Open the database of all studies of a data set. Raises SourceUnavailable for a file that is not one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return RDBStorage(f"sqlite:///{path}", engine_kwargs={"creator": _connection_to(path)})
    except (SQLAlchemyError, sqlite3.Error, RuntimeError) as fault:
        if full := describe_disk_fault(fault):
            raise SourceUnavailable(f"{path}: {full}") from fault
        raise SourceUnavailable(
            f"{path} is not a database of trials ({str(fault).splitlines()[0]}); delete it and tune again"
        ) from fault


def _connection_to(path: Path) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
        # Optuna commits ten times per trial, and waiting for the disk each time took .3 s. Without waiting, a power
        # cut loses at most the last trials.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    return connect


@dataclass(frozen=True)
class FinishedTrial:
    """A trial that was evaluated at every cutoff."""

    number: int
    settings: Settings
    "Of the searched parameters."
    ndcg: float
    "Mean NDCG@10 over the rows of all cutoffs."


@dataclass(frozen=True)
class RunningTrial:
    """A trial while it runs."""

    trial: optuna.Trial
    recipe: Recipe
    is_default: bool

    @property
    def number(self) -> int:
        """The number of the trial within the study, from 0."""
        return self.trial.number

    @defer_interruption()
    def is_promising(self, n_cutoffs: int, ndcg: float) -> bool:
        """Whether the mean over these cutoffs justifies the next one. The defaults are evaluated at all of them."""
        self.trial.report(ndcg, n_cutoffs)
        return not self.trial.should_prune() or self.is_default


class Search:
    """The study of one model on one data set under one protocol."""

    def __init__(
        self, storage: RDBStorage, folder: Path, *, default: Recipe, ranges: Ranges, protocol: Mapping[str, Any]
    ) -> None:
        """`protocol` is everything but the recipe that results depend on; another protocol makes another study."""
        self.default = default
        self.distributions = {name: distribution_of(span, default.settings[name]) for name, span in ranges.items()}
        identity = [default.model, default.settings, {name: repr(span) for name, span in ranges.items()}, protocol]
        self.name = f"{default.model}-{digest_of(identity)}"
        self._folder = folder / self.name
        self._study = optuna.create_study(
            storage=storage,
            study_name=self.name,
            direction="maximize",
            load_if_exists=True,
            pruner=SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION_FACTOR),
        )
        self._ended = [trial for trial in self._study.get_trials(deepcopy=False) if _has_result(trial)]

    @contextmanager
    def trial(self, seed: int) -> Iterator[RunningTrial]:
        """Run the next trial: the defaults first, then what TPE suggests. An error of its recipe makes it fail."""
        running = self._ask(seed)
        try:
            yield running
        except TRIAL_ERRORS as error:
            self._end(running, TrialState.FAIL, reason=str(error))
        except BaseException:
            self._abandon(running)
            raise

    @defer_interruption()
    def _ask(self, seed: int) -> RunningTrial:
        # With the same seed in every run, a continued study would suggest the same trials again.
        self._study.sampler = TPESampler(seed=seed + len(self._ended), multivariate=True)
        is_default = not self.default_was_tried
        if is_default:
            self._study.enqueue_trial(self._default_parameters)
        trial = self._study.ask(self.distributions)
        return RunningTrial(trial, self.default.with_settings(trial.params), is_default)

    def finish(self, running: RunningTrial, ndcg: NDArray[np.float64]) -> None:
        """Store a trial that was evaluated at every cutoff; `ndcg` is that of each customer, (rows,)."""
        self._folder.mkdir(parents=True, exist_ok=True)
        np.save(self._file_of(running.number), ndcg.astype(np.float32))
        self._end(running, TrialState.COMPLETE, ndcg=float(ndcg.mean()))
        needed = {self._file_of(trial.number) for trial in (self.best, self.default_result) if trial}
        for path in set(self._folder.glob("*.npy")) - needed:
            path.unlink()

    def prune(self, running: RunningTrial, reason: str) -> None:
        """Store a trial that was not evaluated at every cutoff."""
        self._end(running, TrialState.PRUNED, reason=reason)

    @defer_interruption()
    def _abandon(self, running: RunningTrial) -> None:
        """End a trial without a reason, because its settings were not at fault."""
        self._study.tell(running.trial, state=TrialState.FAIL, skip_if_finished=True)

    @defer_interruption()
    def _end(self, running: RunningTrial, state: TrialState, *, ndcg: float | None = None, reason: str = "") -> None:
        if reason:
            running.trial.set_user_attr(REASON, reason)
        self._ended.append(self._study.tell(running.trial, ndcg, state))

    @property
    def n_trials(self) -> int:
        """Trials with a result, in this run and earlier ones."""
        return len(self._ended)

    @property
    def default_was_tried(self) -> bool:
        """Whether the defaults were evaluated at every cutoff, or cannot be."""
        failed = [trial.params for trial in self._ended if trial.state == TrialState.FAIL]
        return self.default_result is not None or self._default_parameters in failed

    @property
    def default_result(self) -> FinishedTrial | None:
        """The trial of the defaults; None where they could not be evaluated."""
        return next((trial for trial in self._list_finished() if trial.settings == self._default_parameters), None)

    @property
    def best(self) -> FinishedTrial | None:
        """The trial with the highest mean, the earliest of equals."""
        return max(self._list_finished(), key=lambda trial: trial.ndcg, default=None)

    @property
    def failure(self) -> str:
        """Why the last failed trial failed; '' where none did."""
        failed = [trial for trial in self._ended if trial.state == TrialState.FAIL]
        return str(failed[-1].user_attrs[REASON]) if failed else ""

    def ndcg_by_customer(self, trial: FinishedTrial) -> NDArray[np.float64]:
        """The NDCG of each customer, of the best trial or the defaults. Raises SourceUnavailable for a lost file."""
        path = self._file_of(trial.number)
        try:
            return np.load(path).astype(np.float64)
        except (OSError, ValueError) as fault:
            raise SourceUnavailable(
                f"{path} is missing or damaged; delete {self._folder.parent} and tune again"
            ) from fault

    @property
    def _default_parameters(self) -> Settings:
        return {name: self.default.settings[name] for name in self.distributions}

    def _list_finished(self) -> list[FinishedTrial]:
        ended = [trial for trial in self._ended if trial.state == TrialState.COMPLETE]
        return [FinishedTrial(trial.number, dict(trial.params), trial.value or 0.0) for trial in ended]

    def _file_of(self, number: int) -> Path:
        return self._folder / f"{number}.npy"


def _has_result(trial: FrozenTrial) -> bool:
    """Whether a trial ended with a result, not by an interruption."""
    return trial.state == TrialState.COMPLETE or (trial.state.is_finished() and REASON in trial.user_attrs)


def distribution_of(span: Between | OneOf, default: str | int | float | bool | None) -> BaseDistribution:
    """The range as an Optuna distribution, widened to include the default, which the TOML may set outside of it."""
    if isinstance(span, OneOf):
        return CategoricalDistribution(span.values if default in span.values else (*span.values, default))
    defaults = (default,) if isinstance(default, int | float) else ()
    low, high = min(span.low, *defaults), max(span.high, *defaults)
    if span.whole:
        return IntDistribution(int(low), int(high), log=span.log)
    return FloatDistribution(low, high, log=span.log)
