"""The training cutoffs that a history allows where the TOML states none; training and `kizuna check` use the same."""

from __future__ import annotations

from datetime import date, timedelta

from core.config.data_set import Config


def space_cutoffs(config: Config, *, first: date, test: date) -> list[date]:
    """Days `step_days` apart: the newest `max_cutoffs` with labels that end by the test, and those up to the test.

    Where no day of that grid has such a label, the last day that has is used if `active_days` lie before it.
    """
    spacing, earliest = config.cutoffs.step_days, first + timedelta(days=config.active_days)
    grid = [test - timedelta(days=n) for n in range(spacing, (test - earliest).days + 1, spacing)]
    last = test - config.label_duration
    complete = [day for day in grid if day <= last]
    crossing = grid[: len(grid) - len(complete)]
    if not complete and last >= earliest:
        complete = [last]
    return sorted(crossing + complete[: config.cutoffs.max_cutoffs])
