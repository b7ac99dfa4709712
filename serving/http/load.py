"""Bounds on the requests that a worker has in progress, so that it refuses some before all become slow.

in progress         worker 256, key 128; beyond, 503 and 429 with Retry-After
threads             handlers that wait for a disk or a database run in threads; one key leaves two of them to others
scoring             what takes milliseconds of CPU runs in one thread, because more of them would only wait for each
                    other; each key has at most two requests in its queue
after a refusal     a client gets its 429 or 503 a little later, so that it cannot send the next one at once
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TypeVar

from serving.http.problems import Problem, ProblemType

R = TypeVar("R")

MAX_IN_PROGRESS = 256
MAX_OF_KEY = 128
RETRY = {"retry-after": "1"}
REFUSAL_SECONDS = 0.1
N_THREADS = min(32, (os.cpu_count() or 1) + 4)
"Of the executor behind `asyncio.to_thread`."
FREE_THREADS = 2
MAX_SCORING_OF_KEY = 2


class Load:
    """The requests of one worker that are in progress."""

    def __init__(self, *, max_in_progress: int = MAX_IN_PROGRESS, max_of_key: int = MAX_OF_KEY) -> None:
        self._max_in_progress = max_in_progress
        self._max_of_key = max_of_key
        self._n_requests = 0
        self._n_waiting = 0
        self._of_key = Counter[str]()
        self._threads: dict[str, asyncio.Semaphore] = {}
        self._scoring: dict[str, asyncio.Semaphore] = {}
        self._scorer = ThreadPoolExecutor(1, thread_name_prefix="scoring")

    def begin(self, key_id: str | None) -> None:
        """Count a request, which `end` follows. Raises Problem where there are too many; None: without a key."""
        if self._n_requests >= self._max_in_progress:
            raise Problem(ProblemType.OVERLOADED, "send the request again in a second", headers=RETRY)
        if key_id is not None:
            if self._of_key[key_id] >= self._max_of_key:
                detail = f"this key may have {self._max_of_key} requests in progress at a time"
                raise Problem(ProblemType.TOO_MANY_REQUESTS, detail, headers=RETRY)
            self._of_key[key_id] += 1
        self._n_requests += 1

    def end(self, key_id: str | None) -> None:
        """The request is answered."""
        self._n_requests -= 1
        if key_id is not None:
            self._of_key[key_id] -= 1

    async def run_waiting(self, key_id: str | None, function: Callable[..., R], *args: object) -> R:
        """Call a function that waits for a disk or a database; it begins once the key has a thread left."""
        async with _turn_of(key_id, self._threads, n=max(1, N_THREADS - FREE_THREADS)):
            return await asyncio.to_thread(function, *args)

    async def run_scoring(self, key_id: str | None, function: Callable[..., R], *args: object) -> R:
        """Call a function that takes milliseconds of CPU, after those before it."""
        async with _turn_of(key_id, self._scoring, n=MAX_SCORING_OF_KEY):
            return await asyncio.get_running_loop().run_in_executor(self._scorer, function, *args)

    async def slow_down(self, problem: Problem) -> None:
        """Hold back the refusal of a client that sends too many requests; not where very many are held back."""
        if problem.kind not in (ProblemType.TOO_MANY_REQUESTS, ProblemType.OVERLOADED):
            return
        if self._n_waiting < self._max_in_progress:
            self._n_waiting += 1
            try:
                await asyncio.sleep(REFUSAL_SECONDS)
            finally:
                self._n_waiting -= 1


def _turn_of(key_id: str | None, turns: dict[str, asyncio.Semaphore], *, n: int) -> AbstractAsyncContextManager[None]:
    """Waits while n requests of the key have their turn; without a key, nothing waits."""
    if key_id is None:
        return nullcontext()
    if key_id not in turns:
        turns[key_id] = asyncio.Semaphore(n)
    return turns[key_id]
