"""A cutoff belongs to the future, whichever side looks at it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.window import Window

CUTOFF = date(2024, 3, 8)
DAYS = st.integers(1, 400)
GAPS = st.integers(0, 60)


def test_a_fact_on_the_cutoff_belongs_to_the_horizon_alone():
    assert CUTOFF not in Window.lookback(CUTOFF, 7)
    assert CUTOFF - timedelta(days=7) in Window.lookback(CUTOFF, 7)
    assert CUTOFF in Window.horizon(CUTOFF, 7)
    assert CUTOFF + timedelta(days=7) not in Window.horizon(CUTOFF, 7)


@given(lookback=DAYS, horizon=DAYS, gap=GAPS)
def test_features_and_labels_never_share_a_day(lookback, horizon, gap):
    past, future = Window.lookback(CUTOFF, lookback), Window.horizon(CUTOFF, horizon, gap)

    assert not past.overlaps(future)
    assert (past.days, future.days) == (lookback, horizon)
    assert (future.start - past.end).days == gap


@given(st.tuples(DAYS, DAYS), st.tuples(DAYS, DAYS))
def test_spans_overlap_where_they_share_a_day(one, other):
    first, second = (Window.horizon(CUTOFF, days, gap) for gap, days in (one, other))
    shared = [day for day in range(first.days) if first.start + timedelta(days=day) in second]

    assert first.overlaps(second) == second.overlaps(first) == bool(shared)
