"""Models between which few customers cannot decide share an average."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.choosing import weigh_models

IDS = np.array([f"c{number}" for number in range(50)])


@given(st.lists(st.floats(-3, 0), min_size=2, max_size=5))
def test_shares_sum_to_one_and_rise_with_the_likelihood(likelihoods: list[float]):
    shares = weigh_models(IDS, {str(place): np.full(50, one) for place, one in enumerate(likelihoods)})

    assert sum(shares.values()) == pytest.approx(1)
    assert shares[str(np.argmax(likelihoods))] == max(shares.values())


def test_a_gain_of_one_nat_in_total_is_worth_a_factor_of_e():
    shares = weigh_models(IDS, {"simple": np.full(50, -0.5), "better": np.full(50, -0.48)})

    assert shares["better"] / shares["simple"] == pytest.approx(np.e)


def test_more_rows_of_the_same_customers_do_not_make_the_shares_surer():
    likelihoods = np.random.default_rng(0).normal(-0.5, 0.1, (2, 50))
    once = weigh_models(IDS, dict(zip("ab", likelihoods, strict=True)))
    thrice = weigh_models(np.tile(IDS, 3), dict(zip("ab", np.tile(likelihoods, 3), strict=True)))

    assert thrice == pytest.approx(once)
