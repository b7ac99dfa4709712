"""Work that runs in parallel gives the same results as work that runs in sequence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.run.session import NoProgress, run_parallel


@given(st.lists(st.integers()))
def test_results_come_in_the_order_of_the_steps(steps: list[int]):
    doubled = run_parallel(lambda step: step * 2, steps, progress=NoProgress(), label="doubling")

    assert doubled == [step * 2 for step in steps]


def test_an_error_in_one_step_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_parallel(lambda step: 1 // step, [1, 0, 2], progress=NoProgress(), label="dividing")
