"""The training cutoffs that a history allows where the TOML states none; training and `kizuna check` use the same."""

from __future__ import annotations

from datetime import date, timedelta

from core.config.data_set import Config
from features.cohort import select_cohort
from tables.tables import Tables

MIN_CUTOFFS, MAX_CUTOFFS, ENOUGH_ROWS = 12, 24, 24_000
"Few customers need a longer history: there are too few who leave in a year to learn from and to judge by."
MIN_STEP_DAYS, MAX_STEP_DAYS = 14, 30
"Closer cutoffs repeat each other; with wider ones, a year has too few windows to judge a model by."


def count_cutoffs(tables: Tables, test: date) -> int:
    """How many training cutoffs are chosen at most; see `Cutoffs.max_cutoffs`."""
    limit = tables.config.cutoffs.max_cutoffs
    if limit is not None:
        return limit
    n_customers = len(select_cohort(tables, [test]))
    return min(max(ENOUGH_ROWS // max(n_customers, 1), MIN_CUTOFFS), MAX_CUTOFFS)


def space_cutoffs(config: Config, *, first: date, test: date, max_cutoffs: int) -> list[date]:
    """Days `step_days` apart: the newest `max_cutoffs` with labels that end by the test, and those up to the test.

    Where no day of that grid has such a label, the last day that has is used if `active_days` lie before it.
    """
    earliest, last = first + timedelta(days=config.active_days), test - config.label_duration
    spacing = config.cutoffs.step_days or _step_days((last - earliest).days, min(max_cutoffs, MIN_CUTOFFS))
    grid = [test - timedelta(days=n) for n in range(spacing, (test - earliest).days + 1, spacing)]
    complete = [day for day in grid if day <= last]
    crossing = grid[: len(grid) - len(complete)]
    if not complete and last >= earliest:
        complete = [last]
    return sorted(crossing + complete[:max_cutoffs])


def _step_days(n_days: int, max_cutoffs: int) -> int:
    """The days between cutoffs with which `max_cutoffs` reach back over `n_days`, within bounds."""
    return min(max(n_days // max(max_cutoffs, 1), MIN_STEP_DAYS), MAX_STEP_DAYS)
