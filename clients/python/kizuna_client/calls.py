"""The methods of both clients: what each request contains, and whether it may be sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar, Unpack

from kizuna_client.answers import (
    ChurnScoreResponse,
    CustomerResponse,
    EventsResponse,
    ItemsChangeResponse,
    NextBestOfferResponse,
    OutcomesResponse,
    RecommendationsResponse,
    StockResponse,
    TasksResponse,
    TaskState,
)
from kizuna_client.call import Call, encode
from kizuna_client.event_ids import with_event_id, with_outcome_id
from kizuna_client.reports import ChangedItem, EventReport, RecommendationFilters, ReportedOutcome

BLOCK = 1_000
"Customers or events in one request."
T = TypeVar("T")


def score_churn(
    customer_ids: Iterable[str], *, horizon_days: int | None = None, curve: bool = False
) -> Call[ChurnScoreResponse]:
    """Churn probabilities of up to 1,000 customers, with reasons; `score_all` takes any number.

    Args:
        customer_ids: as in the tables; the scores have the same order.
        horizon_days: any number of days up to the end of the survival curves; the churn model's own by default.
        curve: whether to return the survival curves.
    """
    body = encode({"customer_ids": list(customer_ids), "horizon_days": horizon_days, "curve": curve or None})
    return Call(method="POST", route="/v1/churn/score", body=body, is_repeatable=True)


def recommend(
    customer_id: str | None = None,
    history: Sequence[str] = (),
    *,
    k: int = 10,
    **filters: Unpack[RecommendationFilters],
) -> Call[RecommendationsResponse]:
    """Items for a customer on record, a history that the caller knows, both, or neither (recent best sellers)."""
    body = encode({"customer_id": customer_id, "history": list(history) or None, "k": k, **filters})
    return Call(method="POST", route="/v1/recommendations", body=body, is_repeatable=True)


def next_best_offer(
    customer_id: str,
    channel: str | None = None,
    *,
    context: Mapping[str, float | str] | None = None,
    contact_at: datetime | str | None = None,
    record: bool = True,
    k: int = 3,
    excluded: bool = False,
) -> Call[NextBestOfferResponse]:
    """The offer to make to a customer now, or none.

    Args:
        customer_id: as in the tables.
        channel: such as mail; any by default.
        context: variables of the situation that rules use, as `[decisions] context` of the service declares them.
        contact_at: when the contact will be made, with an offset, at most 7 days from now; at once by default.
        record: whether the decision is stored, so that its outcomes can be reported. It is then sent only once.
        k: maximum number of eligible offers to return.
        excluded: whether to list the offers that the customer may not get, with the reasons.
    """
    fields = {"customer_id": customer_id, "channel": channel, "context": context, "contact_at": contact_at}
    body = encode(fields | {"record": record, "k": k, "excluded": excluded})
    return Call(method="POST", route="/v1/next-best-offer", body=body, is_repeatable=not record)


def report_events(events: Iterable[EventReport]) -> Call[EventsResponse]:
    """Report what customers did, up to 1,000 events; `report_all` takes any number. A repeated event counts once."""
    body = encode({"events": [with_event_id(event) for event in events]})
    return Call(method="POST", route="/v1/events", body=body, is_repeatable=True)


def report_outcomes(outcomes: Iterable[ReportedOutcome]) -> Call[OutcomesResponse]:
    """Report what came of decisions, up to 1,000 outcomes. A repeated outcome counts once."""
    body = encode({"outcomes": [with_outcome_id(outcome) for outcome in outcomes]})
    return Call(method="POST", route="/v1/outcomes", body=body, is_repeatable=True)


def change_items(items: Iterable[ChangedItem]) -> Call[ItemsChangeResponse]:
    """Change price, availability, title, category or attributes of up to 1,000 items, or add items."""
    return Call(method="PATCH", route="/v1/items", body=encode({"items": list(items)}), is_repeatable=False)


def change_stock(*, unavailable: Iterable[str] = (), available: Iterable[str] = ()) -> Call[StockResponse]:
    """Mark items as sold out or available again; the others stay as they are."""
    body = encode({"unavailable": list(unavailable), "available": list(available)})
    return Call(method="PUT", route="/v1/stock", body=body, is_repeatable=False)


def get_customer(customer_id: str, *, k: int = 5) -> Call[CustomerResponse]:
    """Everything that is known about one customer, with `k` recommendations."""
    path, query = {"customer_id": customer_id}, {"k": k}
    return Call(method="GET", route="/v1/customers/{customer_id}", path=path, query=query, is_repeatable=True)


def list_tasks(
    *,
    state: TaskState | None = None,
    owner: str | None = None,
    customer_id: str | None = None,
    limit: int = 100,
    cursor: int | None = None,
) -> Call[TasksResponse]:
    """One page of customer success tasks, newest first; `cursor` is the `next_cursor` of the page before."""
    query = {"state": state, "owner": owner, "customer_id": customer_id, "limit": limit, "cursor": cursor}
    return Call(method="GET", route="/v1/tasks", query=query, is_repeatable=True)


def score_blocks(
    customer_ids: Iterable[str], *, horizon_days: int | None, curve: bool
) -> Iterator[Call[ChurnScoreResponse]]:
    """The requests for the scores of any number of customers."""
    return (score_churn(block, horizon_days=horizon_days, curve=curve) for block in split(customer_ids))


def report_blocks(events: Iterable[EventReport]) -> Iterator[Call[EventsResponse]]:
    """The requests that report any number of events."""
    return (report_events(block) for block in split(events))


def split(entries: Iterable[T]) -> Iterator[list[T]]:
    """Blocks of 1,000 entries, the last one of the rest."""
    remaining = iter(entries)
    while block := list(islice(remaining, BLOCK)):
        yield block
