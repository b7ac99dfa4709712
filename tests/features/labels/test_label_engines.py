"""Cohorts, labels and interactions are the same on every engine."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pytest
from ibis.backends.sql import SQLBackend

from core.config.training import ChurnDefinition, Definition
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.labels.labelling import LABELS, label_outcomes
from tables.tables import Tables
from tests.engines import engine
from tests.worlds import config, frame, shop

CUTOFFS = [date(2024, 3, 1), date(2024, 3, 31)]
"In Europe/London the second is the day on which clocks go forward."

PURCHASES = (
    "ada 2024-01-15T23:59:59 20 item_id=tea order_id=1 line_id=1",
    "ada 2024-02-10T00:00:00 30 item_id=cup order_id=2 line_id=2",
    "ada 2024-03-31T00:30:00 25 item_id=tea order_id=3 line_id=3",
    "ada 2024-03-31T00:30:00 15 item_id=tea order_id=3 line_id=3 recorded_time=2024-04-20",
    "card 2024-03-30T23:59:59 12 item_id=pot line_id=4",
    "bo 2024-02-20 7 line_id=5 quantity=2",
    "bo 2024-04-02 -7 line_id=6",
    "- 2024-02-20 9 item_id=cup line_id=7",
)


def world(definition: Definition, zone: str, backend: SQLBackend) -> Tables:
    churn = ChurnDefinition(definition=definition, horizon_days=30, overdue_multiple=1.0)
    spans = [("bo", "2023-01-01", "2024-04-10T09:00"), ("dan", "2023-01-01", "2024-03-20"), ("dan", "2024-04-02", None)]
    return shop(
        *PURCHASES,
        settings=config(churn=churn, time_zone=zone, watermark=date(2024, 12, 1)),
        backend=backend,
        identities=frame({"alias_id": "card", "customer_id": "ada", "recorded_time": "2024-04-01"}),
        usage=frame({"customer_id": "cyd", "event_time": "2024-03-31T01:30", "event": "visit"}),
        subscriptions=frame(*(subscription(*span) for span in spans)),
    )


def subscription(who: str, started_at: str, ended_at: str | None) -> dict[str, object]:
    ids = {"customer_id": who, "subscription_id": who, "plan": "basic", "mrr": 10.0, "end_reason": "price"}
    return {**ids, "started_at": started_at, "ended_at": ended_at}


def all_arrays(tables: Tables) -> dict[str, np.ndarray]:
    cohort = select_cohort(tables, CUTOFFS)
    arrays = vars(cohort) | vars(label_outcomes(tables, cohort)) | vars(load_interactions(tables))
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}


@pytest.mark.slow
@pytest.mark.parametrize("definition", sorted(LABELS))
def test_duckdb_and_postgresql_give_the_same_arrays(definition):
    embedded, server = (all_arrays(world(definition, "Europe/London", engine(name))) for name in ("duckdb", "postgres"))

    assert embedded.keys() == server.keys()
    for name in embedded:
        np.testing.assert_array_equal(embedded[name], server[name], name)


def test_the_time_zone_of_naive_times_changes_no_label():
    tokyo, london = (
        all_arrays(world("no_purchase", zone, ibis.duckdb.connect())) for zone in ("Asia/Tokyo", "Europe/London")
    )

    for name in tokyo:
        np.testing.assert_array_equal(tokyo[name], london[name], name)
