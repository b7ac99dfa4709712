"""Work done side by side gives what work done in turn gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.run.parallel import side_by_side
from training.run.progress import Silence


@given(st.lists(st.integers()))
def test_results_come_in_the_order_of_the_steps(steps: list[int]):
    assert side_by_side(lambda step: step * 2, steps, Silence(), "doubling") == [step * 2 for step in steps]


def test_a_fault_in_one_step_is_the_fault_of_all():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda step: 1 // step, [1, 0, 2], Silence(), "dividing")
