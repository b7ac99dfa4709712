"""Windows around a cutoff: a fact on the cutoff belongs to the future."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.window import Window

CUTOFF = date(2024, 3, 8)
DAYS = st.integers(1, 400)
GAPS = st.integers(0, 60)


def test_a_fact_on_the_cutoff_belongs_to_the_horizon_only():
    assert CUTOFF not in Window.lookback(CUTOFF, 7)
    assert CUTOFF - timedelta(days=7) in Window.lookback(CUTOFF, 7)
    assert CUTOFF in Window.horizon(CUTOFF, 7)
    assert CUTOFF + timedelta(days=7) not in Window.horizon(CUTOFF, 7)


@given(lookback=DAYS, horizon=DAYS, gap=GAPS)
def test_features_and_labels_never_share_a_day(lookback, horizon, gap):
    past, future = Window.lookback(CUTOFF, lookback), Window.horizon(CUTOFF, horizon, gap_days=gap)

    assert past.end <= future.start
    assert (past.days, future.days) == (lookback, horizon)
    assert (future.start - past.end).days == gap
