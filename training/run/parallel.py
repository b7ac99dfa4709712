"""Independent pieces of work, as many at a time as there are cores.

Models are fitted with one thread each, so that the same seed gives the same
model on any machine; the cores are used by fitting several.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from training.run.progress import Progress

Step = TypeVar("Step")
Result = TypeVar("Result")

MOST_AT_ONCE = 4
"Each piece holds a copy of the rows."


def side_by_side(work: Callable[[Step], Result], steps: Sequence[Step], progress: Progress, what: str) -> list[Result]:
    """The result of each step, in the order of the steps; the first fault, or Ctrl-C, leaves the rest undone.

    The last step is begun first: what stands last on a shelf takes longest, and would otherwise run alone at the end.
    """
    with threadpool_limits(1), ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_AT_ONCE)) as pool:
        running = [pool.submit(work, step) for step in reversed(steps)]
        try:
            return [piece.result() for piece in progress.over(running, what)][::-1]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
