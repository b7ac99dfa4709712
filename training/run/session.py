"""The context of one training or promotion: the data set, MLflow's store, the ledger, the user and the time.

Also its progress reports, and work that runs in parallel while it is reported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from core.config.data_set import Config
from core.ledger import Ledger
from models.mlflow_store.registry import Registry
from tables.cross_section import CrossSection
from tables.tables import Tables
from training.run.kept_rows import KeptRows
from training.run.tracking import Tracking

Step = TypeVar("Step")
Result = TypeVar("Result")

MAX_WORKERS = 4
"Each piece of work holds a copy of the rows."


class Progress(Protocol):
    """Shows how far a piece of work is, without knowing who watches."""

    def over(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """Yield the steps one by one."""
        ...

    def during(self, label: str) -> AbstractContextManager[object]:
        """Wrap one step of unknown length."""
        ...

    def note(self, text: str) -> None:
        """Show one line that stays: what the work will cost, or how far it is."""
        ...


class NoProgress:
    """Reports nothing."""

    def over(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """Return the steps."""
        del label
        return steps

    def during(self, label: str) -> AbstractContextManager[object]:
        """Do nothing."""
        del label
        return nullcontext()

    def note(self, text: str) -> None:
        """Show nothing."""
        del text


def run_parallel(
    work: Callable[[Step], Result], steps: Sequence[Step], *, progress: Progress, label: str
) -> list[Result]:
    """Run the work on each step, as many at a time as there are cores; results come in the order of the steps.

    Each model is fitted with one thread, so that the same seed gives the same model on any machine. The last step
    starts first, because the last models of a catalogue take longest and would otherwise run alone at the end. The
    first error, or Ctrl-C, cancels the steps that have not started.
    """
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_WORKERS))
    with threadpool_limits(1):
        futures = [pool.submit(work, step) for step in reversed(steps)]
        try:
            return [future.result() for future in progress.over(futures, label)][::-1]
        finally:
            # After an error the fits that run are not waited for: the end of the run is recorded at once.
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One command on one data set."""

    config: Config
    statement: dict[str, Any]
    "The TOML without secrets."
    tables: Tables
    "Empty where the data set is a cross-section."
    tracking: Tracking
    registry: Registry
    ledger: Ledger
    who: str
    now: datetime
    "UTC."
    continued_run: str | None = None
    "The run that `mlflow run` has started."
    progress: Progress = field(default_factory=NoProgress)
    cross_section: CrossSection | None = None
    "The data set where it is one row per customer without dates."
    kept_rows: KeptRows = field(default_factory=KeptRows)

    @property
    def today(self) -> date:
        """The local day on which the command started, which names its runs."""
        return self.config.today(self.now)
