"""Cumulative incidence is what a hand works out, and all causes with those still there make one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.causes.incidence import Durations, incidence_estimates, incidences


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


def test_intervals_hold_the_figure_and_nobody_is_nothing_known():
    ((figure,), _) = incidence_estimates(durations(*[(5, 0)] * 20, *[(9, -1)] * 20), 2, np.array([7]))

    assert figure.value == pytest.approx(0.5)
    assert figure.low < 0.5 < figure.high
    nobody = durations((1, 0)).take(np.zeros(1, bool))
    assert np.isnan(incidence_estimates(nobody, 1, np.array([7]))[0][0].value)
