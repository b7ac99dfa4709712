"""True risks are interpolated to any day, and distances to them are averaged over tenths of the customers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from benchmarks.software_hazard import MONTHS, SETTINGS, WATERMARK, TrueRisks, distance, true_errors
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH
from simulation.software.simulate import SoftwareWorld

MARCH = TrueRisks(np.array([[0.1, 0.4]]), date(2025, 3, 1))
"A tenth churns in March (31 days), three tenths in April (30 days)."


@pytest.mark.parametrize(("days", "churned"), [(1, 0.0), (16, 0.05), (31, 0.1), (32, 0.1), (31 + 1 + 29, 0.4)], ids=str)
def test_churn_is_spread_evenly_over_the_days_of_a_month_except_the_first(days: int, churned: float):
    assert MARCH.within(days)[0] == pytest.approx(churned)


def test_the_watermark_makes_the_test_cutoff_the_first_of_a_month():
    test = np.datetime64(WATERMARK) - SETTINGS.horizon_months * DAYS_PER_HORIZON_MONTH - 30

    assert test == test.astype("datetime64[M]")
    assert SoftwareWorld().end >= WATERMARK


def test_opposite_errors_in_two_groups_do_not_cancel_out():
    risk = np.repeat([0.1, 0.3], 50)

    assert distance(risk, np.repeat([0.15, 0.25], 50)) == pytest.approx(5.0)
    assert distance(risk, risk) == 0.0


def test_the_last_error_is_the_largest_over_the_horizons():
    n, months = 40, np.arange(1, 13, dtype=np.float64)
    risk = np.tile(0.02 * months, (n, 1))
    curves = RiskCurves(period_days=30, risk=risk, by_cause=np.zeros((n, 12, 0)))

    *errors, largest = true_errors(
        "m", curves, truth=TrueRisks(risk, date(2025, 3, 1)), customer_ids=np.arange(n).astype(str)
    )

    assert len(errors) == len(MONTHS)
    assert largest.estimate.value == max(one.estimate.value for one in errors)
