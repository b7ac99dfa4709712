"""Calibration and error by attribute group show where a model is wrong for one group only."""

from __future__ import annotations

import numpy as np
import pytest

from core.scores import Scores
from models.metrics.groups import MIN_ROWS, measure_groups
from tests.models.churn.worlds import CUTOFF, HORIZON_DAYS, outcomes_of


def test_a_group_whose_risk_is_overstated_has_a_gap_that_excludes_zero():
    n = 400
    country = np.array(["jp"] * n + ["uk"] * n)
    churned = np.concatenate([np.arange(n) % 2 == 0, np.arange(n) % 10 == 0])
    scores = Scores(
        customer_ids=outcomes_of(churned).customer_ids,
        cutoffs=np.full(2 * n, CUTOFF),
        value=np.full(2 * n, 0.5),
        horizon_days=HORIZON_DAYS,
    )

    jp, uk = measure_groups(scores, outcomes_of(churned), groups={"country": country})

    assert (jp.group, jp.n_rows, jp.observed_rate) == ("jp", n, 0.5)
    assert jp.calibration_gap.value == pytest.approx(0)
    assert not jp.calibration_gap.excludes(0)
    assert uk.calibration_gap.value == pytest.approx(0.4)
    assert uk.calibration_gap.excludes(0)
    assert uk.log_loss.value == pytest.approx(np.log(2))


def test_small_groups_and_unknown_values_are_left_out():
    values = np.array(["jp"] * MIN_ROWS + ["uk"] * (MIN_ROWS - 1) + [""] * MIN_ROWS)
    churned = np.arange(len(values)) % 2 == 0
    scores = Scores(
        customer_ids=outcomes_of(churned).customer_ids,
        cutoffs=np.full(len(values), CUTOFF),
        value=np.full(len(values), 0.5),
        horizon_days=HORIZON_DAYS,
    )

    measured = measure_groups(scores, outcomes_of(churned), groups={"country": values})

    assert [one.group for one in measured] == ["jp"]
    assert measure_groups(scores, outcomes_of(churned), groups={}) == ()
