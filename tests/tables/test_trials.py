"""A subscription with the end of its trial is the same as a free row and a paid one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.engines import every_engine
from tests.tables.test_subscription_spans import describe, row, world

JANUARY, FEBRUARY, JUNE = datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 6, 1)
OTHERS = [row(name, JANUARY, None, 10.0) for name in ("rae", "sam", "tia", "uma")]


def spans_of(
    rows: list[dict[str, Any]], cutoff: date | None = None, engine_name: str = "duckdb"
) -> list[tuple[Any, ...]]:
    tables = world(rows, engine_name)
    view = tables.latest() if cutoff is None else tables.at(cutoff)
    spans = view["subscriptions"].filter(lambda t: t.customer_id == "ada").order_by("started_at").to_pyarrow()
    return [(span["started_at"], span["ended_at"], span["mrr"]) for span in spans.to_pylist()]


@every_engine
def test_a_trial_is_free_until_it_ends(engine_name: str):
    rows = [
        row("ada", JANUARY, JUNE, 100.0, trial_ends_at=FEBRUARY),
        row("bo", JANUARY, None, 10.0, trial_ends_at=None),
    ]

    assert spans_of(rows, engine_name=engine_name) == [(JANUARY, FEBRUARY, 0.0), (FEBRUARY, JUNE, 100.0)]


def test_within_the_trial_nobody_knows_that_the_customer_will_pay():
    rows = [row("ada", JANUARY, JUNE, 100.0, trial_ends_at=FEBRUARY)]

    assert spans_of(rows, date(2024, 1, 20)) == [(JANUARY, None, 0.0)]
    assert spans_of(rows, date(2024, 2, 2)) == [(JANUARY, FEBRUARY, 0.0), (FEBRUARY, None, 100.0)]


@pytest.mark.parametrize("trial_end", [FEBRUARY, JUNE])
def test_a_subscription_that_ends_with_its_trial_was_never_paid_for(trial_end: datetime):
    assert spans_of([row("ada", JANUARY, FEBRUARY, 100.0, trial_ends_at=trial_end)]) == [(JANUARY, FEBRUARY, 0.0)]


def test_a_trial_that_ends_before_the_subscription_starts_changes_nothing():
    rows = [row("ada", FEBRUARY, JUNE, 100.0, trial_ends_at=JANUARY)]

    assert spans_of(rows) == [(FEBRUARY, JUNE, 100.0)]


@pytest.mark.parametrize("cutoff", [date(2024, 1, 20), date(2024, 3, 1), date(2024, 7, 1)])
def test_label_features_and_mrr_are_those_of_a_free_row_and_a_paid_one(cutoff: date):
    trial = [
        row("ada", JANUARY, JUNE, 100.0, trial_ends_at=FEBRUARY),
        row("bo", JANUARY, None, 50.0, trial_ends_at=FEBRUARY),
    ]
    two_rows = [
        row("ada", JANUARY, FEBRUARY, 0.0), row("ada", FEBRUARY, JUNE, 100.0),
        row("bo", JANUARY, FEBRUARY, 0.0), row("bo", FEBRUARY, None, 50.0),
    ]  # fmt: skip

    assert describe(world([*OTHERS, *trial]), cutoff) == describe(world([*OTHERS, *two_rows]), cutoff)
