"""Answers to what was reported and changed."""

from __future__ import annotations

from typing import TypedDict

from kizuna_client.answers.common import Answer


class RefusedEntry(TypedDict):
    """An entry of a batch that was not stored."""

    position: int
    reason: str


class EventsResponse(Answer):
    """What became of the batch; `stored`, `already_stored` and the refused ones add up to all."""

    stored: int
    already_stored: int
    refused: list[RefusedEntry]


class OutcomesResponse(Answer):
    """What became of the batch; `stored`, `already_stored` and the refused ones add up to all."""

    stored: int
    already_stored: int
    refused: list[RefusedEntry]


class ItemsChangeResponse(Answer):
    """What became of the changes. They are on the disk, and count from the next answer on."""

    changed: int
    new: list[str]
    refused: list[RefusedEntry]


class StockResponse(Answer):
    """The items that no response contains, unless the request says `in_stock` false."""

    unavailable: list[str]
    unavailable_as_released: list[str]
    changed_at: str | None
