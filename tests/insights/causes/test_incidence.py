"""Cumulative incidence is what a hand works out, and all causes with those still there make one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.causes.incidence import Durations, incidence_estimates, incidences
from insights.causes.person_months import PersonMonths


def durations(*stays: tuple[int, int], seen_from: int = 0) -> Durations:
    """Stays as (days, cause)."""
    lasted, causes = (np.array(part) for part in zip(*stays, strict=True))
    return Durations(np.arange(len(stays)).astype(str), lasted, causes, np.full(len(stays), seen_from))


def test_two_causes_share_those_who_left_as_a_hand_works_it_out():
    found = incidences(durations((1, 0), (2, 1), (3, -1), (4, 0)), 2, np.array([0, 1, 2, 4]))

    # 1/4 leave for the first at 1; of the 3/4 left 1/3 for the second at 2; of the 1/2 left all for the first at 4.
    np.testing.assert_allclose(found, [[0, 0.25, 0.25, 0.75], [0, 0, 0.25, 0.25]])


def test_who_came_before_the_days_looked_at_counts_from_then_on_only():
    early = Durations(np.array(["a", "b"]), np.array([10, 30]), np.array([0, -1]), np.array([0, 20]))

    assert incidences(early, 1, np.array([10])).item() == 1.0


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(-1, 2)), min_size=1, max_size=30))
def test_incidences_only_rise_and_together_are_those_who_are_gone(stays):
    at = np.arange(21)
    found = incidences(durations(*stays), 3, at)
    lasted, causes = (np.array(part) for part in zip(*stays, strict=True))
    left = np.array([((lasted == t) & (causes >= 0)).sum() for t in at])
    staying = np.cumprod(1 - left / np.maximum([(lasted >= t).sum() for t in at], 1))

    assert (np.diff(found, axis=1) >= -1e-12).all()
    np.testing.assert_allclose(found.sum(axis=0), 1 - staying, atol=1e-9)


def person_months(began: np.ndarray, ended: np.ndarray, months: np.ndarray) -> PersonMonths:
    """Of each month who was there as it began, and whether they left in it."""
    parts = []
    for month in months:
        day, after = month.astype("M8[D]"), (month + 1).astype("M8[D]")
        there = np.flatnonzero((began < day) & (ended >= day))
        n, tenure = len(there), (day - began[there]).astype(int)
        parts.append((there.astype(str), np.full(n, month), there, ended[there] < after, tenure, np.ones(n, int)))
    return PersonMonths(*(np.concatenate(part) for part in zip(*parts, strict=True)))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 150), st.integers(0, 2)), min_size=1, max_size=30))
def test_person_months_together_tell_what_whole_stays_do(lives):
    """Of everybody who came before the first month: each day of a stay is in exactly one month."""
    before, lasts, causes = (np.array(part) for part in zip(*lives, strict=True))
    months = np.arange(np.datetime64("2024-01"), np.datetime64("2024-05"))
    start, end = months[0].astype("M8[D]"), (months[-1] + 1).astype("M8[D]")
    began, ended, at = start - before, start + lasts, np.arange(0, 250, 10)
    rows = person_months(began, ended, months)
    over = ended < end
    lasted = np.where(over, ended - began, end - began - 1).astype(int)

    of_months = Durations.of_months(rows, ended[rows.stays], causes[rows.stays])

    stays = Durations(np.arange(len(lives)).astype(str), lasted, np.where(over, causes, -1), before - 1)
    np.testing.assert_allclose(incidences(of_months, 3, at), incidences(stays, 3, at))


def test_days_outside_a_group_are_not_told_of_it():
    began, ended = np.array(["2024-01-01"] * 2, "M8[D]"), np.array(["2024-03-11", "2024-04-20"], "M8[D]")
    rows = person_months(began, ended, np.arange(np.datetime64("2024-02"), np.datetime64("2024-04")))
    of_group = rows.take(rows.months == np.datetime64("2024-02"))

    assert incidences(Durations.of_months(rows, ended[rows.stays], rows.stays * 0), 1, np.array([365])) == 0.5
    assert incidences(Durations.of_months(of_group, ended[of_group.stays], of_group.stays * 0), 1, np.array([365])) == 0


def test_intervals_hold_the_figure_and_nobody_is_nothing_known():
    ((figure,), _) = incidence_estimates(durations(*[(5, 0)] * 20, *[(9, -1)] * 20), 2, np.array([7]))

    assert figure.value == pytest.approx(0.5)
    assert figure.low < 0.5 < figure.high
    nobody = durations((1, 0)).take(np.zeros(1, bool))
    assert np.isnan(incidence_estimates(nobody, 1, np.array([7]))[0][0].value)
