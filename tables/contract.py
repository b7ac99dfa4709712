"""The table contract: which tables and columns a data set can have, and when each cell becomes known.

A row becomes known when it happens, or when it was recorded if that is later. Some cells become known later than
their row: the satisfaction of a ticket when it is closed, the end of a subscription when it ends.

    opened_at        cutoff        closed_at
    |----- ticket ------|--------------|
    known: topic        |              satisfaction, closed_at: not yet

This file is the only place that declares tables. Reading, cleaning, `Tables.at(cutoff)` and `kizuna check` follow it,
so a new table is one more entry. A data set needs `purchases`, `usage` or `subscriptions`; every other table is
optional.
"""

from __future__ import annotations

from functools import partial

from tables.contract_types import ColumnContract, TableContract

_optional = ColumnContract
_require = partial(ColumnContract, required=True)

CUSTOMER = _require("customer_id", "id")
EVENT_TIME = _require("event_time", "time")
RECORDED_TIME = _optional("recorded_time", "time")
TAX_RATE = _optional("tax_rate", "number", minimum=0)
"""The rate within the row's amounts where the TOML says `tax_included`, as a share or in percent: 0.08 or 8."""
DATES = (_optional("valid_from", "time"), RECORDED_TIME)

_TABLES = (
    TableContract(
        "customers",
        (
            CUSTOMER,
            _optional("joined_at", "time", known_at="joined_at"),
            _optional("birth_date", "date"),
            _optional("account_id", "id"),
            _optional("role", "text"),
            _optional("acquisition_source", "text"),
            _optional("acquisition_cost", "number"),
            _optional("referred_by", "id", known_at="joined_at"),
            _optional("language", "text"),
            *DATES,
        ),
        key="customer_id",
        lists_attributes=True,
    ),
    TableContract(
        "accounts",
        (_require("account_id", "id"), _optional("seats", "integer"), _optional("owner", "text"), *DATES),
        key="account_id",
        lists_attributes=True,
    ),
    TableContract("identities", (_require("alias_id", "id"), CUSTOMER, _optional("kind", "text"), RECORDED_TIME)),
    TableContract(
        "items",
        (
            _require("item_id", "id"),
            _optional("category", "text"),
            _optional("price", "number", is_taxed=True),
            _optional("cost", "number"),
            _optional("available", "boolean"),
            _optional("available_from", "time"),
            _optional("title", "text"),
            TAX_RATE,
            *DATES,
        ),
        key="item_id",
        lists_attributes=True,
    ),
    TableContract(
        "purchases",
        (
            EVENT_TIME,
            _optional("amount", "number", is_taxed=True, is_complete=True),
            _optional("customer_id", "id"),
            _optional("item_id", "id"),
            _optional("quantity", "number"),
            _optional("line_id", "id"),
            _optional("order_id", "id"),
            _optional("cost", "number"),
            _optional("currency", "text"),
            _optional("channel", "text"),
            _optional("store_id", "id"),
            _optional("recommendation_id", "text"),
            TAX_RATE,
            RECORDED_TIME,
        ),
        happens_at="event_time",
        proves_activity=True,
        suffices=("customer_id", "item_id"),
    ),
    TableContract(
        "usage",
        (
            CUSTOMER,
            EVENT_TIME,
            _require("event", "text"),
            _optional("role", "text"),
            _optional("item_id", "id"),
            _optional("value", "number"),
            _optional("errors", "integer", minimum=0),
            _optional("session_id", "id"),
            _optional("channel", "text"),
            RECORDED_TIME,
        ),
        happens_at="event_time",
        proves_activity=True,
    ),
    TableContract(
        "subscriptions",
        (
            CUSTOMER,
            _require("subscription_id", "id"),
            _require("plan", "text"),
            _require("mrr", "number", is_taxed=True),
            _require("started_at", "time"),
            _optional("ended_at", "time", known_at="ended_at", not_before="started_at"),
            _optional("end_reason", "text", known_at="ended_at"),
            _optional("end_kind", "text", known_at="ended_at"),
            _optional("cancel_requested_at", "time", known_at="cancel_requested_at"),
            _optional("renews_at", "time"),
            _optional("trial_ends_at", "time"),
            _optional("refunded", "number", known_at="ended_at", is_taxed=True),
            _optional("margin_rate", "number"),
            _optional("currency", "text"),
            _optional("seats", "integer"),
            _optional("term_months", "integer"),
            _optional("item", "text"),
            TAX_RATE,
            RECORDED_TIME,
        ),
        happens_at="started_at",
        proves_activity=True,
    ),
    TableContract(
        "tickets",
        (
            CUSTOMER,
            _require("opened_at", "time"),
            _optional("ticket_id", "id"),
            _optional("is_complaint", "boolean"),
            _optional("first_answered_at", "time", known_at="first_answered_at", not_before="opened_at"),
            _optional("closed_at", "time", known_at="closed_at", not_before="opened_at"),
            _optional("topic", "text"),
            _optional("severity", "text"),
            _optional("satisfaction", "number", known_at="closed_at"),
            _optional("text", "text"),
        ),
        happens_at="opened_at",
    ),
    TableContract(
        "surveys",
        (
            CUSTOMER,
            EVENT_TIME,
            _require("kind", "text"),
            _optional("score", "number"),
            _optional("sent_at", "time"),
            _optional("comment", "text"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "contacts",
        (
            CUSTOMER,
            EVENT_TIME,
            _optional("campaign_id", "id"),
            _optional("offer_id", "id"),
            _optional("channel", "text"),
            _optional("decision_id", "id"),
            _optional("stage_percent", "integer"),
            _optional("treated", "boolean"),
            _optional("purpose", "text"),
            _optional("propensity", "number"),
            _optional("cost", "number"),
            _optional("opened_at", "time", known_at="opened_at"),
            _optional("clicked_at", "time", known_at="clicked_at"),
            _optional("converted_at", "time", known_at="converted_at"),
            _optional("unsubscribed_at", "time", known_at="unsubscribed_at"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "exposures",
        (
            CUSTOMER,
            EVENT_TIME,
            _require("item_id", "id"),
            _optional("position", "integer", minimum=1),
            _optional("recommendation_id", "text"),
            _optional("channel", "text"),
            _optional("clicked_at", "time", known_at="clicked_at"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "offers",
        (
            _require("offer_id", "id"),
            _require("kind", "text"),
            _optional("item_id", "id"),
            _optional("category", "text"),
            _optional("cost", "number"),
            _optional("margin", "number"),
            _optional("starts_at", "time"),
            _optional("ends_at", "time"),
            _optional("capacity", "integer"),
            _optional("channel", "text"),
            _optional("rule", "text"),
        ),
    ),
    TableContract(
        "preferences",
        (CUSTOMER, EVENT_TIME, _require("key", "text"), _require("value", "text")),
        happens_at="event_time",
    ),
    TableContract(
        "consents",
        (CUSTOMER, _require("purpose", "text"), _require("granted", "boolean"), EVENT_TIME),
        happens_at="event_time",
    ),
    TableContract(
        "points",
        (
            CUSTOMER,
            EVENT_TIME,
            _require("points", "number"),
            _optional("kind", "text"),
            _optional("balance_after", "number"),
            _optional("expires_at", "time"),
        ),
        happens_at="event_time",
    ),
    TableContract(
        "spend",
        (
            _require("month", "date"),
            _require("channel", "text"),
            _require("amount", "number"),
            _optional("campaign_id", "id"),
        ),
        happens_at="month",
    ),
    TableContract(
        "opportunities",
        (
            _require("account_id", "id"),
            _require("stage", "text", known_at="closed_at"),
            _require("amount", "number"),
            _require("opened_at", "time"),
            _optional("closed_at", "time", known_at="closed_at"),
            _optional("won", "boolean", known_at="closed_at"),
            _optional("closed", "boolean", known_at="closed_at"),
        ),
        happens_at="opened_at",
    ),
)

CONTRACT: dict[str, TableContract] = {table.name: table for table in _TABLES}
"The contract of each table, by name."
