"""Kaplan-Meier and Aalen-Johansen agree with a calculation by hand and with lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from numpy.typing import NDArray

from core.survival import CENSORED, TimeToEvent

N_CAUSES = 3
ROWS = st.lists(st.tuples(st.integers(1, 20), st.integers(CENSORED, N_CAUSES - 1)), min_size=1, max_size=40)


def time_to_event(*rows: tuple[float, int]) -> TimeToEvent:
    """Rows as (duration, cause)."""
    durations, causes = (np.array(column) for column in zip(*rows, strict=True))
    return TimeToEvent(durations.astype(np.float64), causes.astype(np.int64))


def random_rows(n: int, seed: int) -> tuple[TimeToEvent, NDArray[np.float64]]:
    """Rows with many ties and their weights (n,)."""
    random = np.random.default_rng(seed)
    causes = random.integers(CENSORED, N_CAUSES, n)
    return TimeToEvent(random.integers(1, 60, n).astype(np.float64), causes), random.integers(1, 5, n).astype(
        np.float64
    )


def test_survival_is_the_product_of_the_shares_without_an_event():
    curve = time_to_event((10, 0), (20, CENSORED), (20, 0), (30, 0), (40, CENSORED)).kaplan_meier()

    assert curve.at(np.array([9, 10, 20, 29, 30, 50]))[0] == pytest.approx([1, 4 / 5, 3 / 5, 3 / 5, 3 / 10, 3 / 10])
    assert curve.before(np.array([10, 20, 21]))[0] == pytest.approx([1, 4 / 5, 3 / 5])


def test_two_causes_share_the_events():
    curves = time_to_event((1, 0), (2, 1), (3, CENSORED), (4, 0)).aalen_johansen(2)

    # 1/4 leaves for the first cause at 1; a third of the other 3/4 for the second at 2; all of the last 1/2 at 4.
    np.testing.assert_allclose(curves.at(np.array([0, 1, 2, 4]))[0], [[0, 0.25, 0.25, 0.75], [0, 0, 0.25, 0.25]])


def test_a_row_is_not_at_risk_before_it_came_under_observation():
    late = TimeToEvent(np.array([10.0, 30.0]), np.array([0, CENSORED]), entry=np.array([0.0, 20.0]))
    at_ten = TimeToEvent(np.array([10.0, 30.0]), np.array([0, CENSORED]), entry=np.array([0.0, 10.0]))

    assert late.kaplan_meier().at(10).item() == 0.0
    assert at_ten.kaplan_meier().at(10).item() == 0.0


def test_events_come_before_censoring_at_the_same_time():
    rows = time_to_event((1, 0), (1, CENSORED), (2, CENSORED))

    assert rows.kaplan_meier().at(1).item() == pytest.approx(2 / 3)
    assert rows.censoring().at(1).item() == pytest.approx(1 / 2)


@pytest.mark.parametrize("seed", range(5))
def test_weighted_kaplan_meier_agrees_with_lifelines(seed: int):
    rows, weights = random_rows(300, seed)
    reference = KaplanMeierFitter().fit(rows.durations, rows.causes != CENSORED, weights=weights)
    days = np.arange(0, 70)

    np.testing.assert_allclose(
        rows.kaplan_meier(weights[None]).at(days)[0], reference.survival_function_at_times(days).to_numpy()
    )


def test_kaplan_meier_with_late_entry_agrees_with_lifelines():
    rows, weights = random_rows(300, 1)
    entry = np.floor(rows.durations * np.random.default_rng(2).random(300))
    # lifelines takes a row as at risk at its own time of entry; a little later is after it for both.
    reference = KaplanMeierFitter().fit(rows.durations, rows.causes != CENSORED, entry=entry + 0.5, weights=weights)
    late = TimeToEvent(rows.durations, rows.causes, entry + 0.5)
    days = np.arange(1, 60)

    np.testing.assert_allclose(
        late.kaplan_meier(weights[None]).at(days)[0], reference.survival_function_at_times(days).to_numpy(), atol=1e-12
    )


@pytest.mark.parametrize("cause", range(N_CAUSES))
def test_weighted_aalen_johansen_agrees_with_lifelines(cause: int):
    rows, weights = random_rows(200, 3)
    # lifelines moves ties apart at random, so ours are apart: events first, then censored rows, in steps of 0.001.
    order = np.lexsort((rows.causes == CENSORED, rows.durations))
    durations = rows.durations.copy()
    durations[order] += 0.001 * np.arange(200)
    events = np.where(rows.causes == CENSORED, 0, np.where(rows.causes == cause, 1, 2))
    fitter = AalenJohansenFitter(calculate_variance=False)
    reference = fitter.fit(durations, events, event_of_interest=1, weights=weights).cumulative_density_.iloc[:, 0]

    curves = TimeToEvent(durations, rows.causes).aalen_johansen(N_CAUSES, weights[None])

    np.testing.assert_allclose(curves.at(reference.index.to_numpy())[0, cause], reference.to_numpy())


@settings(max_examples=50)
@given(ROWS)
def test_incidences_rise_and_add_up_with_survival_to_one(rows: list[tuple[int, int]]):
    days, drawn = np.arange(21), np.random.default_rng(0).integers(0, 3, (4, len(rows))).astype(np.float64)
    incidence = time_to_event(*rows).aalen_johansen(N_CAUSES, drawn).at(days)
    survival = time_to_event(*rows).kaplan_meier(drawn).at(days)

    assert (np.diff(incidence, axis=2) >= -1e-12).all()
    np.testing.assert_allclose(incidence.sum(axis=1) + survival, 1.0, atol=1e-9)


@settings(max_examples=50)
@given(ROWS)
def test_a_weight_of_two_is_the_row_twice(rows: list[tuple[int, int]]):
    days, double = np.arange(21), np.full((1, len(rows)), 2.0)
    double[0, 0] = 1.0

    weighted = time_to_event(*rows)
    repeated = time_to_event(rows[0], *rows[1:], *rows[1:])

    np.testing.assert_allclose(weighted.kaplan_meier(double).at(days), repeated.kaplan_meier().at(days))
    np.testing.assert_allclose(weighted.censoring(double).at(days), repeated.censoring().at(days))
