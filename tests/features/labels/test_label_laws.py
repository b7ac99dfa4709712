"""Laws that every label in `features/labels/` obeys, found by its file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.training import ChurnDefinition, Definition
from core.labels import Labels
from core.window import Cohort
from features.labels.labelling import LABELS, label_outcomes
from tables.tables import Tables
from tests.worlds import config, frame, shop

CUTOFF, GAP, HORIZON, GRACE = date(2024, 3, 1), 7, 30, 10
MIDNIGHT = datetime(2024, 3, 1)
COHORT = Cohort(np.array(["ada", "bo"]), np.full(2, CUTOFF, "datetime64[D]"))

few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_label = pytest.mark.parametrize("name", sorted(LABELS))


def world(name: Definition, *, past: list[datetime], later: list[datetime]) -> Tables:
    """Ada's facts in the table that the label reads, and bo's one fact long ago.

    In a table of events each moment is one. In subscriptions, each moment of the past is a span of a month that ended
    before the cutoff, and each later one is the end of a span that ran at the cutoff.
    """
    churn = ChurnDefinition(definition=name, horizon_days=HORIZON, gap_days=GAP, grace_days=GRACE)
    settings_ = config(churn=churn, watermark=date(2025, 1, 1))
    match LABELS[name].table:
        case "purchases":
            lines = [f"ada {moment.isoformat()} 5" for moment in past + later]
            return shop("bo 2023-01-01", *lines, settings=settings_)
        case "usage":
            moments = [("bo", datetime(2023, 1, 1)), *(("ada", moment) for moment in past + later)]
            rows = [{"customer_id": who, "event_time": moment, "event": "visit"} for who, moment in moments]
            return shop(settings=settings_, usage=frame(*rows))
        case "subscriptions":
            spans = [("bo", datetime(2022, 1, 1), datetime(2023, 1, 1))]
            spans += [("ada", moment - timedelta(days=30), moment) for moment in past]
            spans += [("ada", datetime(2023, 6, 1), moment) for moment in later or [datetime(2026, 1, 1)]]
            rows = [span(who, start, end) for who, start, end in spans]
            return shop(settings=settings_, subscriptions=frame(*rows))
        case table:
            raise AssertionError(f"{name} reads {table}: add facts of that table to this world")


def span(who: str, start: datetime, end: datetime) -> dict[str, Any]:
    ids = {"customer_id": who, "subscription_id": f"{who}-{start}", "plan": "basic", "mrr": 10.0}
    return {**ids, "started_at": start, "ended_at": end, "end_reason": "price"}


def labels_of(name: Definition, *, past: list[datetime], later: list[datetime]) -> Labels:
    return label_outcomes(world(name, past=past, later=later), COHORT)


def assert_same(first: Labels, second: Labels) -> None:
    for array in ("churned", "churned_at", "cause", "is_mature"):
        np.testing.assert_array_equal(getattr(first, array), getattr(second, array), array)


def test_the_configuration_knows_every_label():
    assert set(LABELS) == set(get_args(Definition))


@every_label
def test_a_label_describes_its_definition_with_its_days(name: Definition):
    words = LABELS[name].describe(ChurnDefinition(definition=name, horizon_days=45))

    assert "45 days" in words


@every_label
@given(days=st.lists(st.integers(40, 400), max_size=4), shift=st.integers(1, 200))
@few
def test_moving_the_whole_past_further_back_changes_no_label(name: Definition, days: list[int], shift: int):
    past = [MIDNIGHT - timedelta(days=day) for day in days]
    later = [MIDNIGHT + timedelta(days=GAP + 3)]

    moved = [moment - timedelta(days=shift) for moment in past]

    assert_same(labels_of(name, past=past, later=later), labels_of(name, past=moved, later=later))


@every_label
@pytest.mark.parametrize(
    ("moment", "decides"),
    [
        ("2024-03-01T00:00:00", False),
        ("2024-03-07T23:58:59", False),  # a subscription that ends a minute later is paid for to the end of the day
        ("2024-03-08T00:00:00", True),
        ("2024-04-06T23:58:59", True),
        ("2024-04-07T00:00:00", False),
    ],
)
def test_a_fact_decides_from_the_end_of_the_gap_to_the_end_of_the_horizon(name: Definition, moment: str, decides: bool):
    without = labels_of(name, past=[], later=[])

    labels = labels_of(name, past=[], later=[datetime.fromisoformat(moment)])

    assert (labels.churned[0] != without.churned[0]) == decides
    assert labels.churned[1] == without.churned[1]


@every_label
def test_a_customer_who_churned_has_a_day_of_churn_within_the_horizon_and_others_have_none(name: Definition):
    for later in ([], [datetime(2024, 3, 20)]):
        labels = labels_of(name, past=[], later=later)
        day = labels.churned_at[0]

        assert np.isnat(day) != labels.churned[0]
        if labels.churned[0]:
            assert np.datetime64("2024-03-08") <= day <= np.datetime64("2024-04-07")
