"""Features of a predicted event: when the customer had it last, and how often in a year.

Customers with a purchase from a category are the likeliest to buy from it again; features of all purchases do not show
that.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.config.training import PredictedEvent
from core.errors import RuleError
from core.feature_names import DAYS_SINCE_EVENT, EVENTS_365D, FeatureFamily
from core.feature_table import SEMANTICS, FeatureColumn, FeatureTable
from core.i18n.translation import JAPANESE, translate
from core.ids import digest_of
from core.window import Window
from features.compiler.declaration import NEVER_MISSING
from features.labels.events import event_rows
from features.labels.protocol import LabelQuery
from tables.engines.arrays import days, numbers, within
from tables.tables import Tables

YEAR_DAYS = 365


def add_event_history(features: FeatureTable, tables: Tables) -> FeatureTable:
    """The features with the history of the event that the tables ask for, as known at each row's cutoff.

    Unchanged where the tables ask for churn, and where the rule reads a column that is not known before the row's end,
    such as an undated answer.
    """
    event = tables.event
    if event is None or not len(features) or not _is_known_before(tables, event):
        return features
    values = np.empty((len(features), 2))
    for cutoff in np.unique(features.cutoffs):
        rows = np.flatnonzero(features.cutoffs == cutoff)
        values[rows] = _history_at(tables, event, cutoff=cutoff, customer_ids=features.customer_ids[rows])
    columns = (*features.columns, *history_columns(event))
    return replace(features, values=np.column_stack([features.values, values]), columns=columns)


def _is_known_before(tables: Tables, event: PredictedEvent) -> bool:
    try:
        _rows_at(tables, event, cutoff=tables.default_cutoff())
    except RuleError:
        return False
    return True


def _rows_at(tables: Tables, event: PredictedEvent, *, cutoff: date) -> ir.Table:
    """The events that were known before midnight of the cutoff. What an item is does not change."""
    return event_rows(tables.at(cutoff), event, items=tables.latest())


def _history_at(
    tables: Tables, event: PredictedEvent, *, cutoff: np.datetime64, customer_ids: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Days since the last event (NaN without one) and events of the last year, (n, 2)."""
    day = cutoff.astype(date)
    unique_ids, owners = np.unique(customer_ids, return_inverse=True)
    query = LabelQuery(unique_ids, day, tables.config.churn)
    rows = _rows_at(tables, event, cutoff=day)
    is_recent = within(rows.happened_at, Window.lookback(day, YEAR_DAYS))
    by_customer = (
        rows.mutate(is_recent=is_recent)
        .group_by("customer_id")
        .aggregate(last=_.happened_at.max(), n_recent=_.is_recent.sum())
        .to_pyarrow()
    )
    last = query.align(by_customer, days(by_customer["last"]), missing=np.datetime64("NaT", "D"))
    n_recent = query.align(by_customer, numbers(by_customer["n_recent"]), missing=0.0)
    since = np.where(np.isnat(last), np.nan, (cutoff - last).astype(np.float64))
    return np.column_stack([since, n_recent])[owners]


def history_columns(event: PredictedEvent) -> tuple[FeatureColumn, FeatureColumn]:
    """What the two columns mean; their digest changes with the rule."""
    digest = digest_of({"event": event, "semantics": SEMANTICS})
    since, count = "days since the event last happened", "times that the event happened in the last 365 days"
    never = "The event has not happened before"
    return (
        FeatureColumn(
            name=DAYS_SINCE_EVENT,
            family=FeatureFamily.EVENT_HISTORY,
            unit="days",
            en=since,
            ja=translate(since, JAPANESE),
            missing="it never happened",
            digest=digest,
            says_missing_en=never,
            says_missing_ja=translate(never, JAPANESE),
        ),
        FeatureColumn(
            name=EVENTS_365D,
            family=FeatureFamily.EVENT_HISTORY,
            unit="",
            en=count,
            ja=translate(count, JAPANESE),
            missing=NEVER_MISSING,
            digest=digest,
        ),
    )
