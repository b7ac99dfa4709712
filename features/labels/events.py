"""Events that customers may have within the horizon, as `[predict.<name>]` declares them.

cutoff   gap       horizon
[-------)[------------------)
         a row of the table that fits the rule: the event happened

A row of the label that says `churned` is a customer with the event. Rules are compiled as those of segments are.
"""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir
import msgspec
import numpy as np

from core.config.data_set import Config
from core.config.training import ChurnDefinition, Cutoffs, PredictedEvent
from core.errors import DataError, RuleError
from core.rules.rule import parse_rule
from features.compiler.compiler import rule_expression
from features.labels.protocol import NO_DAY, LabelQuery, LabelResult
from tables.contract import CONTRACT
from tables.engines.arrays import days, within
from tables.orders import IS_PURCHASE
from tables.plan_changes import mark_changes
from tables.tables import Tables


class EventLabel:
    """Whether a customer has the event in the window; it happened on the day of the first row."""

    waits_for_renewal = False
    is_daily = False

    def __init__(self, event: PredictedEvent) -> None:
        self._event = event
        self.table = event.table

    def describe(self, churn: ChurnDefinition) -> str:
        """The event in words."""
        condition = f" with {self._event.where}" if self._event.where else ""
        return f"a row of {self.table}{condition} within {churn.horizon_days} days"

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label customers with the event in the window."""
        rows = event_rows(tables, self._event)
        first = rows.filter(within(rows.happened_at, query.window)).group_by("customer_id")
        first_days = first.aggregate(happened_at=rows.happened_at.min()).to_pyarrow()
        happened_on = query.align(first_days, days(first_days["happened_at"]), missing=NO_DAY)
        return LabelResult(
            churned=~np.isnat(happened_on),
            churned_at=happened_on,
            cause=np.full(len(happened_on), ""),
            applies=np.ones(len(happened_on), bool),
        )

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label the first event while customers are followed."""
        return self.label(tables, query.over(follow_days))


def ask_for_event(tables: Tables, name: str) -> Tables:
    """The same tables, whose labels and cohort are those of `[predict.<name>]`.

    Cutoffs follow from the history, because those that the TOML states are spaced for churn. Raises DataError for an
    event that the TOML does not declare or whose table has no dates, and RuleError where its rule cannot be answered.
    """
    config = tables.config
    if name not in config.predict:
        there_are = ", ".join(config.predict) or "none"
        raise DataError(f"the TOML has no [predict.{name}]; there are: {there_are}")
    event = config.predict[name]
    event_tables = replace(tables, config=config_of_event(config, event), event=event)
    try:
        event_rows(event_tables.latest(), event)
    except (DataError, RuleError) as error:
        raise type(error)(f"[predict.{name}] {error}") from error
    return event_tables


def config_of_event(config: Config, event: PredictedEvent) -> Config:
    """The configuration with the horizon of an event."""
    churn = msgspec.structs.replace(config.churn, horizon_days=event.horizon_days, gap_days=event.gap_days)
    cutoffs = Cutoffs(step_days=config.cutoffs.step_days, max_cutoffs=config.cutoffs.max_cutoffs)
    return msgspec.structs.replace(config, churn=churn, cutoffs=cutoffs)


def event_rows(tables: Tables, event: PredictedEvent, *, items: Tables | None = None) -> ir.Table:
    """The rows that are events: `customer_id` and `happened_at`. Raises RuleError for a name that no column has.

    The items of the rows are described by `items`, otherwise by `tables`.
    """
    rows, time = tables[event.table], CONTRACT[event.table].happens_at
    if time is None or time not in rows.columns or "customer_id" not in rows.columns:
        raise DataError(f"table {event.table} has no customer or no time; name a table of dated rows")
    if event.table == "purchases":
        rows = rows.filter(IS_PURCHASE)
    if event.table == "subscriptions":
        rows = mark_changes(rows, grace_days=tables.config.churn.grace_days)
    item_tables = tables if items is None else items
    if "item_id" in rows.columns and "items" in item_tables:
        item_rows = item_tables["items"]
        described = [name for name in item_rows.columns if name not in rows.columns]
        rows = rows.left_join(item_rows.select("item_id", *described), "item_id").drop("item_id_right")
    if event.where:
        rows = rows.filter(rule_expression(parse_rule(event.where), rows))
    return rows.filter(rows.customer_id.notnull()).select("customer_id", happened_at=rows[time])
