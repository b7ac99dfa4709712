"""What a customer has bought and looked at since the release, beside the purchases on record.

    on record             cutoff   since: events and the request
    | jam   tea   jam     |        tea (bought)   milk (looked at)

What was looked at says what is wanted, as a purchase does, but only what was bought is a repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.events import Purchase, moment_of
from core.interactions import Histories, codes_of_ids
from serving.journal.customer import Interest, LiveCustomer
from serving.recommendations.request import RecommendationsRequest
from serving.release.customer_part import LINE_ARRAYS
from serving.release.recommender_part import RecommenderPart


@dataclass(frozen=True)
class LiveHistory:
    """The history of one customer up to now."""

    bought: Histories
    "On record, in events, and in the request."
    combined: Histories
    "With what was looked at since the release."
    looked_at: frozenset[int]
    "Codes of items that were looked at and never bought."


def find_history(
    part: RecommenderPart,
    request: RecommendationsRequest,
    *,
    row: int,
    live: LiveCustomer | None,
    now: np.datetime64,
    time_zone: str,
) -> LiveHistory:
    """The history of the customer in a row of the part, -1 for one without a record.

    What the request says was bought counts as bought `now`, local time.
    """
    since = Histories.of_items([request.history], part.model.item_ids, now=now)
    if live is None:
        bought = part.customers.history_of(row, since)
        return LiveHistory(bought, bought, frozenset())
    zone = ZoneInfo(time_zone)
    purchases = _drop_recorded(part, _lines_of(live.purchases, since, zone=zone), row=row)
    bought = part.customers.history_of(row, _join(purchases, since))
    interests = _lines_of(live.interests, since, zone=zone)
    looked_at = frozenset(interests.items.tolist()).difference(bought.items.tolist())
    return LiveHistory(bought, _join(bought, interests), looked_at)


def _lines_of(events: Sequence[Purchase | Interest], like: Histories, *, zone: ZoneInfo) -> Histories:
    """One line for each event with an item of the catalogue, at its local time."""
    codes = codes_of_ids([event.item_id for event in events], like.item_ids)
    moments = [moment_of(event).astimezone(zone).replace(tzinfo=None) for event in events]
    quantities = [event.quantity if isinstance(event, Purchase) else 1.0 for event in events]
    is_item = codes >= 0
    return replace(
        like,
        items=codes[is_item],
        times=np.array(moments, dtype="datetime64[s]")[is_item],
        quantities=np.array(quantities, dtype=np.float32)[is_item],
        orders=np.full(int(is_item.sum()), -1, dtype=np.int64),
        indptr=np.array([0, int(is_item.sum())], dtype=np.int64),
    )


def _drop_recorded(part: RecommenderPart, lines: Histories, *, row: int) -> Histories:
    """The lines without those of days before the cutoff that are on record: they were reported late, and loaded too."""
    recorded = set(_list_pairs(*part.customers.items_and_times(row)))
    is_new = [pair not in recorded for pair in _list_pairs(lines.items, lines.times)]
    return lines if all(is_new) else lines.keep(np.array(is_new, dtype=bool))


def _list_pairs(items: NDArray[np.int32], times: NDArray[np.datetime64]) -> list[tuple[int, date]]:
    """Item and day of each line."""
    return list(zip(items.tolist(), times.astype("datetime64[D]").tolist(), strict=True))


def _join(first: Histories, second: Histories) -> Histories:
    """The lines of one customer, followed by further ones."""
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in LINE_ARRAYS}
    return replace(first, indptr=np.array([0, len(columns["items"])], dtype=np.int64), **columns)
