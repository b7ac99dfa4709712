"""Days to a birthday or a renewal on a later day: a birthday comes again, a renewal that has passed is unknown."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.rules.day_counts import count_days_from

CUTOFF = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "day", "left"),
    [
        (10, "2026-03-01", 10),
        (10, "2026-03-11", 0),
        (10, "2026-03-12", 364),  # 2027-03-11
        (365, "2026-03-03", 363),  # a birthday on 1 March was a year ago
        (0, "2028-03-01", 0),
        (10, "2026-02-01", 10),  # a clock before the cutoff moves nothing
        (np.nan, "2026-03-12", np.nan),
    ],
)
def test_a_birthday_comes_nearer_and_then_again_in_a_year(days, day, left):
    columns = {"days_to_birthday": np.array([float(days)]), "age": np.array([40.0])}

    counted = count_days_from(date.fromisoformat(day), columns, cutoff=CUTOFF)

    assert counted["days_to_birthday"] == pytest.approx([left], nan_ok=True)
    assert counted["age"] is columns["age"]


def test_whether_a_renewal_that_has_passed_was_made_is_not_known():
    columns = {"days_to_renewal": np.array([1.0, 5.0])}

    counted = count_days_from(date(2026, 3, 4), columns, cutoff=CUTOFF)["days_to_renewal"]

    assert counted == pytest.approx([np.nan, 2.0], nan_ok=True)
    assert columns["days_to_renewal"].tolist() == [1, 5]
