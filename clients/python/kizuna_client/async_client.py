"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from kizuna_client import calls
from kizuna_client.answers import CustomerScore
from kizuna_client.call import Call
from kizuna_client.documented import document_method
from kizuna_client.event_totals import EventTotals
from kizuna_client.plan import Pause, Reply, Send, plan_tries
from kizuna_client.reports import EventReport
from kizuna_client.settings import DEFAULT_RETRIES, Retries, Settings

P = ParamSpec("P")
T = TypeVar("T")


def _method(make: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    """The method that sends what `make` returns."""

    async def method(self: AsyncClient, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(make(*args, **kwargs))

    return document_method(method, make)


class AsyncClient:
    """Asks one Kizuna service, with the methods of `Client` to await. Close it, or use it in an `async with` block."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        timeout: float = 10.0,
        retries: Retries = DEFAULT_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Connect with the first request; the arguments are those of `Client`."""
        self._settings = Settings.of(base_url, key=key, timeout=timeout, retries=retries)
        self._http = httpx.AsyncClient(headers=self._settings.headers, transport=transport)

    score_churn = _method(calls.score_churn)
    recommend = _method(calls.recommend)
    next_best_offer = _method(calls.next_best_offer)
    report_events = _method(calls.report_events)
    report_outcomes = _method(calls.report_outcomes)
    change_items = _method(calls.change_items)
    change_stock = _method(calls.change_stock)
    get_customer = _method(calls.get_customer)
    list_tasks = _method(calls.list_tasks)

    async def score_all(
        self, customer_ids: Iterable[str], *, horizon_days: int | None = None, curve: bool = False
    ) -> AsyncIterator[CustomerScore]:
        """The scores of any number of customers in their order, requested 1,000 at a time as they are read."""
        for call in calls.score_blocks(customer_ids, horizon_days=horizon_days, curve=curve):
            for score in (await self.send(call))["scores"]:
                yield score

    async def report_all(self, events: Iterable[EventReport]) -> EventTotals:
        """Report any number of events, 1,000 at a time."""
        totals = EventTotals()
        with totals.noting_progress():
            for call in calls.report_blocks(events):
                totals.add(await self.send(call))
        return totals

    async def send(self, call: Call[T]) -> T:
        """Send a request, again where that is safe, and return the answer. Raises KizunaError."""
        plan = plan_tries(call, self._settings)
        reply: Reply = None
        while True:
            try:
                step = plan.send(reply)
            except StopIteration as end:
                return end.value
            reply = await self._carry_out(call, step)

    async def _carry_out(self, call: Call[T], step: Send | Pause) -> Reply:
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        try:
            return await self._http.request(**self._settings.options_of(call, step.timeout))
        except httpx.RequestError as error:
            return error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
