"""Calibration and error by attribute group show where a model is wrong for one group only."""

from __future__ import annotations

import numpy as np
import pytest

from core.scores import Scores
from models.metrics.groups import MIN_ROWS, group_numbers, group_words, measure_groups
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

    jp, uk = measure_groups(scores, outcomes_of(churned), groups={"country": group_words(country)})

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

    measured = measure_groups(scores, outcomes_of(churned), groups={"country": group_words(values)})

    assert [one.group for one in measured] == ["jp"]
    assert measure_groups(scores, outcomes_of(churned), groups={}) == ()


NUMBERS = [
    ([18, 31, 32, 40, 41, 55, 56, 89, np.nan], ["18 to 31", "32 to 40", "41 to 55", "56 to 89"], True),
    ([0, 0, 0, 0, 0, 0, 1, 4], ["0", "1 to 4"], False),
    ([0.125, 0.25, 1500, 2000.4], ["0.125", "0.25", "1,500", "2,000"], True),
    ([7, 7, 7], ["7"], False),
    ([np.nan], [], False),
]


@pytest.mark.parametrize(("numbers", "ranges", "are_quarters"), NUMBERS)
def test_numbers_are_grouped_by_quarters_that_keep_equal_numbers_together(numbers, ranges, are_quarters):
    grouping = group_numbers(np.array(numbers, float))

    quarters = ("1st", "2nd", "3rd", "4th")
    names = [f"{quarters[place]} quarter: {text}" if are_quarters else text for place, text in enumerate(ranges)]
    assert list(grouping.names) == names
    assert [value == "" for value in grouping.values] == [number != number for number in numbers]
    assert set(grouping.values) - {""} == set(names)
