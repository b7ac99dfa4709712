"""The table contract: what a company's data is called here, and when each cell of it becomes known.

A row becomes known when it happens, or when it was recorded where that is
later. Some cells become known later than their row: what a ticket's customer
thought of it when the ticket was closed, the end of a subscription when it ends.

    opened_at        cutoff        closed_at
    |----- ticket ------|--------------|
    known: topic        |              satisfaction, closed_at: not yet

Only `purchases` or `usage` is needed; the rest is used where it is present.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "number", "whole", "time", "date", "flag"]
"An id is text of 1 to 128 characters; a time is naive and local to the business."


@dataclass(frozen=True)
class ColumnContract:
    """One column: what it holds and when a cell of it becomes known."""

    name: str
    kind: Kind
    required: bool = False
    known_at: str | None = None
    "The column that holds the time at which the cell becomes known; None: with its row."


@dataclass(frozen=True)
class TableContract:
    """One table: its columns, and what its rows mean in time."""

    name: str
    columns: tuple[ColumnContract, ...]
    happens_at: str | None = None
    "The column that holds when a row happens; None for tables of things instead of events."
    key: str | None = None
    "Of a table of things: the column that names the thing; the last row known at a cutoff counts."
    lists_attributes: bool = False
    "Whether the TOML may list attributes beside the contract's columns."

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which the table cannot be read."""
        return tuple(column.name for column in self.columns if column.required)

    def __getitem__(self, name: str) -> ColumnContract:
        return next(column for column in self.columns if column.name == name)

    def __contains__(self, name: object) -> bool:
        return name in self.names


def _needs(name: str, kind: Kind) -> ColumnContract:
    return ColumnContract(name, kind, required=True)


def _may(name: str, kind: Kind, known_at: str | None = None) -> ColumnContract:
    return ColumnContract(name, kind, known_at=known_at)


CUSTOMER = _needs("customer_id", "id")
EVENT_TIME = _needs("event_time", "time")
RECORDED_TIME = _may("recorded_time", "time")
DATING = (_may("valid_from", "time"), RECORDED_TIME)

_TABLES = (
    TableContract(
        "customers",
        (
            CUSTOMER,
            _may("joined_at", "time", known_at="joined_at"),
            _may("birth_date", "date"),
            _may("account_id", "id"),
            _may("role", "text"),
            _may("acquisition_source", "text"),
            _may("acquisition_cost", "number"),
            _may("language", "text"),
            *DATING,
        ),
        key="customer_id",
        lists_attributes=True,
    ),
    TableContract(
        "accounts",
        (_needs("account_id", "id"), _may("seats", "whole"), _may("owner", "text"), *DATING),
        key="account_id",
        lists_attributes=True,
    ),
    TableContract(
        "identities",
        (_needs("alias_id", "id"), CUSTOMER, _may("kind", "text"), RECORDED_TIME),
    ),
    TableContract(
        "items",
        (
            _needs("item_id", "id"),
            _may("category", "text"),
            _may("price", "number"),
            _may("cost", "number"),
            _may("available", "flag"),
            _may("title", "text"),
            *DATING,
        ),
        key="item_id",
        lists_attributes=True,
    ),
    TableContract(
        "purchases",
        (
            EVENT_TIME,
            _needs("amount", "number"),
            _may("customer_id", "id"),
            _may("item_id", "id"),
            _may("quantity", "number"),
            _may("line_id", "id"),
            _may("order_id", "id"),
            _may("cost", "number"),
            _may("currency", "text"),
            _may("channel", "text"),
            _may("store_id", "id"),
            RECORDED_TIME,
        ),
        happens_at="event_time",
    ),
    TableContract(
        "usage",
        (
            CUSTOMER,
            EVENT_TIME,
            _needs("event", "text"),
            _may("role", "text"),
            _may("item_id", "id"),
            _may("value", "number"),
            _may("errors", "whole"),
            _may("session_id", "id"),
            _may("channel", "text"),
            RECORDED_TIME,
        ),
        happens_at="event_time",
    ),
    TableContract(
        "subscriptions",
        (
            CUSTOMER,
            _needs("subscription_id", "id"),
            _needs("plan", "text"),
            _needs("mrr", "number"),
            _needs("started_at", "time"),
            _may("ended_at", "time", known_at="ended_at"),
            _may("end_reason", "text", known_at="ended_at"),
            _may("end_kind", "text", known_at="ended_at"),
            _may("cancel_requested_at", "time", known_at="cancel_requested_at"),
            _may("renews_at", "time"),
            _may("refunded", "number", known_at="ended_at"),
            _may("margin_rate", "number"),
            _may("currency", "text"),
            _may("seats", "whole"),
            _may("term_months", "whole"),
            RECORDED_TIME,
        ),
        happens_at="started_at",
    ),
    TableContract(
        "tickets",
        (
            CUSTOMER,
            _needs("opened_at", "time"),
            _may("ticket_id", "id"),
            _may("first_answered_at", "time", known_at="first_answered_at"),
            _may("closed_at", "time", known_at="closed_at"),
            _may("topic", "text"),
            _may("severity", "text"),
            _may("satisfaction", "number", known_at="closed_at"),
            _may("text", "text"),
        ),
        happens_at="opened_at",
    ),
    TableContract(
        "surveys",
        (
            CUSTOMER,
            EVENT_TIME,
            _needs("kind", "text"),
            _may("score", "number"),
            _may("sent_at", "time"),
            _may("comment", "text"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "contacts",
        (
            CUSTOMER,
            EVENT_TIME,
            _needs("campaign_id", "id"),
            _needs("offer_id", "id"),
            _needs("channel", "text"),
            _needs("treated", "flag"),
            _may("propensity", "number"),
            _may("cost", "number"),
            _may("opened_at", "time", known_at="opened_at"),
            _may("clicked_at", "time", known_at="clicked_at"),
            _may("converted_at", "time", known_at="converted_at"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "offers",
        (
            _needs("offer_id", "id"),
            _needs("kind", "text"),
            _may("item_id", "id"),
            _may("category", "text"),
            _may("cost", "number"),
            _may("margin", "number"),
            _may("starts_at", "time"),
            _may("ends_at", "time"),
            _may("capacity", "whole"),
            _may("rule", "text"),
        ),
    ),
    TableContract(
        "preferences",
        (CUSTOMER, EVENT_TIME, _needs("key", "text"), _needs("value", "text")),
        happens_at="event_time",
    ),
    TableContract(
        "consents",
        (CUSTOMER, _needs("purpose", "text"), _needs("granted", "flag"), EVENT_TIME),
        happens_at="event_time",
    ),
    TableContract(
        "spend",
        (
            _needs("month", "date"),
            _needs("channel", "text"),
            _needs("amount", "number"),
            _may("campaign_id", "id"),
        ),
        happens_at="month",
    ),
    TableContract(
        "opportunities",
        (
            _needs("account_id", "id"),
            ColumnContract("stage", "text", required=True, known_at="closed_at"),
            _needs("amount", "number"),
            _needs("opened_at", "time"),
            _may("closed_at", "time", known_at="closed_at"),
            _may("won", "flag", known_at="closed_at"),
        ),
        happens_at="opened_at",
    ),
)

CONTRACT: dict[str, TableContract] = {table.name: table for table in _TABLES}
"Every table by its name."
