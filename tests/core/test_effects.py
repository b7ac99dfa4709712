"""What treatments change for each customer."""

from __future__ import annotations

import numpy as np
import pytest

from core.effects import Effects

UNKNOWN = np.nan


def effects_of(n: int) -> Effects:
    """The average effects of two offers on n customers."""
    average = np.tile([0.06, 0.02], (n, 1))
    return Effects(
        customer_ids=np.array([f"c{row}" for row in range(n)]),
        treatments=("tea", "cup"),
        effect=average,
        low=average - 0.03,
        high=average + 0.03,
        without=np.full((n, 2), 0.3),
    )


def test_an_average_effect_goes_to_those_who_are_still_active_and_keeps_its_mean():
    shared = effects_of(3).share_by_activity(np.array([0.0, 0.5, 1.0]), treatments=["tea"])

    np.testing.assert_allclose(shared.effect[:, 0], [0.0, 0.06, 0.12])
    np.testing.assert_allclose(shared.low[:, 0], [0.0, 0.03, 0.06])
    np.testing.assert_allclose(shared.effect[:, 1], 0.02)  # learned by customer, or not named
    np.testing.assert_allclose(shared.without, 0.3)
    assert shared.by_activity == ("tea",)
    assert shared.take(np.array([1])).by_activity == ("tea",)


def test_who_is_of_unknown_activity_keeps_the_average():
    shared = effects_of(3).share_by_activity(np.array([0.5, UNKNOWN, 1.0]), treatments=["tea", "cup"])

    np.testing.assert_allclose(shared.effect[:, 0], [0.04, 0.06, 0.08])


@pytest.mark.parametrize("p_alive", [[1.0, 1.0], [UNKNOWN, UNKNOWN], [UNKNOWN, 0.5], [0.0, 0.0]])
def test_where_activity_tells_no_customers_apart_all_keep_the_average(p_alive):
    effects = effects_of(2)

    assert effects.share_by_activity(np.array(p_alive), treatments=["tea"]) is effects
