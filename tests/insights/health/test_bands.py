"""Laws of the health bands, for any sequence of scores."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import HealthSettings
from core.health import BANDS, Band
from insights.health.bands import BandStates, band_limits, update_bands

DAY = date(2026, 4, 1)
USUAL = HealthSettings()
scores = st.floats(0, 100)


def bands_of(*run: float, settings: HealthSettings = USUAL, step_days: int = 1) -> list[Band]:
    """The bands of one customer whose score is this, day after day."""
    states, bands = BandStates.unknown(1), []
    for place, score in enumerate(run):
        day = DAY + timedelta(days=step_days * place)
        states = update_bands(states, np.array([score]), day=day, settings=settings)
        bands.append(BANDS[states.band[0]])
    return bands


def durations(bands: list[Band]) -> list[int]:
    """For how many days each band but the last was kept."""
    starts = [0, *(place for place in range(1, len(bands)) if bands[place] != bands[place - 1])]
    return np.diff(starts).tolist()


@given(limit=st.sampled_from(band_limits(USUAL).tolist()), offsets=st.lists(st.floats(-4.999, 4.999), min_size=1))
def test_a_score_that_swings_around_a_limit_never_changes_band(limit, offsets):
    bands = bands_of(*(limit + offset for offset in offsets), step_days=30)

    assert len(set(bands)) == 1


@given(run=st.lists(scores, min_size=1, max_size=80))
def test_a_band_lasts_at_least_min_days_in_band(run):
    assert all(days >= USUAL.min_days_in_band for days in durations(bands_of(*run)))


@given(start=scores, one=scores, other=scores, days=st.integers(0, 40))
def test_a_higher_score_never_gives_a_worse_band(start, one, other, days):
    before = update_bands(BandStates.unknown(1), np.array([start]), day=DAY, settings=USUAL)
    later = DAY + timedelta(days=days)
    higher, lower = (
        update_bands(before, np.array([s]), day=later, settings=USUAL) for s in (max(one, other), min(one, other))
    )

    assert higher.band[0] >= lower.band[0]


@given(run=st.lists(scores, min_size=1, max_size=20), last=scores)
def test_a_constant_score_ends_in_its_band_or_within_the_hysteresis(run, last):
    band = bands_of(*run, last, step_days=USUAL.min_days_in_band)[-1]
    floors = [0.0, *band_limits(USUAL)]
    ceilings = [*band_limits(USUAL), 100.0]

    place = BANDS.index(band)
    assert floors[place] - USUAL.hysteresis <= last <= ceilings[place] + USUAL.hysteresis


def test_a_drop_goes_straight_to_the_band_of_the_score():
    assert bands_of(90, 10, step_days=14) == [Band.HEALTHY, Band.CRITICAL]


def test_a_limit_belongs_to_the_band_above_it():
    assert bands_of(70) == [Band.HEALTHY]
    assert bands_of(69.9) == [Band.WATCH]


def test_since_is_the_day_the_band_started():
    first = update_bands(BandStates.unknown(1), np.array([90.0]), day=DAY, settings=USUAL)
    second = update_bands(first, np.array([80.0]), day=DAY + timedelta(days=20), settings=USUAL)
    third = update_bands(second, np.array([30.0]), day=DAY + timedelta(days=40), settings=USUAL)

    assert [str(each.since[0]) for each in (first, second, third)] == ["2026-04-01", "2026-04-01", "2026-05-11"]


def test_row_minus_one_is_a_customer_never_seen():
    before = update_bands(BandStates.unknown(1), np.array([90.0]), day=DAY, settings=USUAL)

    taken = before.take(np.array([-1, 0]))

    assert taken.band.tolist() == [-1, BANDS.index(Band.HEALTHY)]
    assert np.isnat(taken.since).tolist() == [True, False]
