"""Counts the leaks that leak detection misses, and the honest columns that it doubts: `python -m benchmarks.leaks`.

300 generated cross-sections with 0 to 3 leaks. Limits were chosen on the worlds of other seeds.
"""

from __future__ import annotations

import numpy as np

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.leak_worlds import LeakWorld, generate_leak_world
from benchmarks.pages import figure_table, write_section
from core.intervals import Estimate, estimate_intervals
from training.cross_section.rows import stratify_folds
from training.judging.leaks import find_leaks

SEEDS = range(1000, 1300)


def find_alarms(world: LeakWorld, seed: int) -> frozenset[str]:
    """The columns that raise an alarm; each half of the customers is measured by the other half."""
    is_first = stratify_folds(world.rows.outcomes.churned, n_folds=2, seed=seed) == 0
    first, second = world.rows.take(is_first), world.rows.take(~is_first)
    return frozenset(leak.feature for leak in find_leaks([(first, second), (second, first)], seed=seed).alarms)


def share(name: str, hits: list[int], of: list[int]) -> BenchmarkFigure:
    """A share of columns, with an interval that resamples worlds."""
    counts = np.column_stack([hits, of]).astype(np.float64)
    ids = np.array([str(place) for place in range(len(counts))])
    estimate: Estimate = estimate_intervals(lambda w: (w @ counts)[:, :1] / (w @ counts)[:, 1:], ids)[0]
    return BenchmarkFigure(figure=name, value=estimate.value, low=estimate.low, high=estimate.high, unit="share")


def main() -> None:
    """Measure all worlds and publish both shares."""
    missed, n_leaks, doubted, n_honest = [], [], [], []
    for seed in SEEDS:
        world = generate_leak_world(seed)
        alarms = find_alarms(world, seed)
        missed.append(len(world.leaks - alarms))
        n_leaks.append(len(world.leaks))
        doubted.append(len(world.honest & alarms))
        n_honest.append(len(world.honest))
    figures = [share("leaks.missed", missed, n_leaks), share("leaks.false_alarms", doubted, n_honest)]
    publish("leaks", figures)
    write_section(
        "leaks",
        "Leak detection",
        command="python -m benchmarks.leaks",
        facts={
            "Data": f"{len(SEEDS)} generated cross-sections, seeds {SEEDS.start} to {SEEDS.stop - 1}: "
            f"{sum(n_leaks):,} leaks and {sum(n_honest):,} honest columns",
            "Settings": "the limits were chosen on worlds of other seeds; intervals resample worlds",
        },
        parts=[figure_table(figures)],
    )


if __name__ == "__main__":
    main()
