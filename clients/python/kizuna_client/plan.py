"""The tries of one call, as a generator that neither sends nor sleeps: both clients carry out what it yields."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import random
from typing import TypeVar, cast

import httpx

from kizuna_client.call import Call
from kizuna_client.errors import KizunaError, Unreachable, error_of, read_answer
from kizuna_client.settings import Retries, Settings

TRANSIENT = frozenset({None, 429, 503})
"Statuses after which a request may be sent again; None is a connection without an answer."

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send the request, and wait no longer than this for each part of the answer."""

    timeout: float


@dataclass(frozen=True)
class Pause:
    """Wait before the next try."""

    seconds: float


Reply = httpx.Response | httpx.RequestError | None
"What a `Send` led to; None after a `Pause`."
Plan = Generator[Send | Pause, Reply, T]


def plan_tries(
    call: Call[T],
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    draw: Callable[[], float] = random,
) -> Plan[T]:
    """Yield what to do next, take what came of it, and return the answer. Raises KizunaError."""
    retries = settings.retries
    deadline = clock() + retries.total_seconds
    n_tries = 0
    while True:
        limit = settings.timeout if n_tries == 0 else min(settings.timeout, max(deadline - clock(), 0.001))
        reply = yield Send(limit)
        n_tries += 1
        if isinstance(reply, httpx.Response) and reply.is_success:
            return cast(T, read_answer(call.name, reply))
        error = _find_error(call, reply)
        wait = choose_wait(retries, error, n_tries=n_tries, draw=draw)
        if not (call.is_repeatable and n_tries < retries.tries and _is_transient(error) and clock() + wait < deadline):
            raise error from (reply if isinstance(reply, Exception) else None)
        yield Pause(wait)


def choose_wait(retries: Retries, error: KizunaError, *, n_tries: int, draw: Callable[[], float]) -> float:
    """Seconds until the next try: what the service asks for, and a part of a wait that doubles with each try."""
    doubled = min(retries.longest_wait, retries.first_wait * 2.0 ** min(n_tries - 1, 60))
    return (error.retry_after or 0.0) + draw() * doubled


def _find_error(call: Call[T], reply: Reply) -> KizunaError:
    if isinstance(reply, httpx.Response):
        return error_of(call.name, reply)
    return Unreachable(call.name, f"there was no answer ({type(reply).__name__})")


def _is_transient(error: KizunaError) -> bool:
    return error.status in TRANSIENT
