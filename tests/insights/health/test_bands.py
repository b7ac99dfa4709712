"""Nobody flaps: laws of the bands, for any run of scores."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.config.relations import HealthSettings
from core.health import BANDS, Band
from insights.health.bands import Standing, limits_of, standing_after

DAY = date(2026, 4, 1)
USUAL = HealthSettings()
scores = st.floats(0, 100)


def bands_of(*run: float, settings: HealthSettings = USUAL, step_days: int = 1) -> list[Band]:
    """The bands of one customer whose score is this, day after day."""
    standing, bands = Standing.unknown(1), []
    for place, score in enumerate(run):
        day = DAY + timedelta(days=step_days * place)
        standing = standing_after(standing, np.array([score]), day, settings)
        bands.append(BANDS[standing.band[0]])
    return bands


def stayed(bands: list[Band]) -> list[int]:
    """For how many days each band but the last was kept."""
    starts = [0, *(place for place in range(1, len(bands)) if bands[place] != bands[place - 1])]
    return np.diff(starts).tolist()


@given(limit=st.sampled_from(limits_of(USUAL).tolist()), offsets=st.lists(st.floats(-4.999, 4.999), min_size=1))
def test_a_score_that_swings_around_a_limit_never_changes_band(limit, offsets):
    bands = bands_of(*(limit + offset for offset in offsets), step_days=30)

    assert len(set(bands)) == 1


@given(run=st.lists(scores, min_size=1, max_size=80))
def test_a_band_is_kept_for_at_least_the_minimum_stay(run):
    assert all(days >= USUAL.min_days_in_band for days in stayed(bands_of(*run)))


@given(start=scores, one=scores, other=scores, days=st.integers(0, 40))
def test_a_higher_score_never_gives_a_worse_band(start, one, other, days):
    before = standing_after(Standing.unknown(1), np.array([start]), DAY, USUAL)
    later = DAY + timedelta(days=days)
    higher, lower = (standing_after(before, np.array([s]), later, USUAL) for s in (max(one, other), min(one, other)))

    assert higher.band[0] >= lower.band[0]


@given(run=st.lists(scores, min_size=1, max_size=20), last=scores)
def test_who_stays_long_enough_at_a_score_ends_in_its_band_or_within_the_hysteresis_of_it(run, last):
    band = bands_of(*run, last, step_days=USUAL.min_days_in_band)[-1]
    floors = [0.0, *limits_of(USUAL)]
    ceilings = [*limits_of(USUAL), 100.0]

    place = BANDS.index(band)
    assert floors[place] - USUAL.hysteresis <= last <= ceilings[place] + USUAL.hysteresis


def test_a_fall_goes_straight_to_where_the_score_is():
    assert bands_of(90, 10, step_days=14) == [Band.HEALTHY, Band.CRITICAL]


def test_a_limit_belongs_to_the_band_above_it():
    assert bands_of(70) == [Band.HEALTHY]
    assert bands_of(69.9) == [Band.WATCH]


def test_since_tells_when_the_band_began():
    first = standing_after(Standing.unknown(1), np.array([90.0]), DAY, USUAL)
    second = standing_after(first, np.array([80.0]), DAY + timedelta(days=20), USUAL)
    third = standing_after(second, np.array([30.0]), DAY + timedelta(days=40), USUAL)

    assert [str(each.since[0]) for each in (first, second, third)] == ["2026-04-01", "2026-04-01", "2026-05-11"]


def test_who_was_never_seen_is_taken_as_such():
    before = standing_after(Standing.unknown(1), np.array([90.0]), DAY, USUAL)

    taken = before.take(np.array([-1, 0]))

    assert taken.band.tolist() == [-1, BANDS.index(Band.HEALTHY)]
    assert np.isnat(taken.since).tolist() == [True, False]
