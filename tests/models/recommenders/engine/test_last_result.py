"""The last result of a method is kept for the same arguments only."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pytest

from models.recommenders.engine.last_result import forget_results, keep_last, without_results
from tests.baskets import history, interactions

SHOP = interactions("ada 2024-01-01 tea", "bo 2024-01-02 jam")
ADA, OTHER_ADA = history("tea", among=SHOP), history("tea", among=SHOP)


class Counter:
    """Counts its calls."""

    def __init__(self) -> None:
        self.n_calls = 0

    @keep_last
    def call(self, one: Any, *, other: Any = 0) -> int:
        self.n_calls += 1
        return self.n_calls

    @cached_property
    def double(self) -> int:
        return 2 * self.n_calls


@pytest.mark.parametrize(
    ("first", "second", "n_calls"),
    [
        (ADA, ADA, 1), (ADA, OTHER_ADA, 2), (None, np.zeros(2), 2), (np.zeros(2), None, 2), (None, None, 1),
        (np.zeros(2), np.zeros(2), 1), (np.zeros(2), np.ones(2), 2), (np.zeros(2), np.zeros(3), 2), (3, 3, 1),
        (3, 4, 2),
    ],
)  # fmt: skip
def test_a_method_is_called_again_unless_its_arguments_are_the_same(first: Any, second: Any, n_calls: int):
    counter = Counter()

    counter.call(first, other=1)
    counter.call(second, other=1)

    assert counter.n_calls == n_calls


def test_the_argument_before_the_last_is_forgotten():
    counter = Counter()

    results = [counter.call(one) for one in (1, 2, 1)]

    assert results == [1, 2, 3]


def test_what_is_derived_is_forgotten_and_the_rest_stays():
    counter = Counter()
    counter.call(1)
    assert counter.double == 2

    forget_results(counter)

    assert vars(counter) == without_results(counter) == {"n_calls": 1}
