"""Average effects of many treatments."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiments import RandomisedRows
from core.feature_table import FeatureTable
from models.uplift.learner import LEARNERS
from models.uplift.shrinkage import estimate_posterior
from models.uplift.uplift_model import TreatmentData, UpliftModel

N_OF_EACH = 800


def experiment(seed: int, *, effect: float) -> TreatmentData:
    """Half of the customers treated by chance; 30 % of the others have the outcome."""
    random = np.random.default_rng(seed)
    treated = np.arange(N_OF_EACH) % 2 == 0
    outcomes = random.random(N_OF_EACH) < 0.3 + effect * treated
    ids = np.array([f"c{seed}-{row}" for row in range(N_OF_EACH)])
    rows = RandomisedRows(
        customer_ids=ids, treated=treated, outcomes=outcomes.astype(np.float64), propensities=np.full(N_OF_EACH, 0.5)
    )
    days = np.full(N_OF_EACH, "2026-01-01", "datetime64[D]")
    return TreatmentData(FeatureTable(ids, days, np.empty((N_OF_EACH, 0)), ()), rows)


def average_effects(effects: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effect, low and high of each treatment for the first customer."""
    data = {f"offer {place:02d}": experiment(place, effect=effect) for place, effect in enumerate(effects)}
    model = UpliftModel.fit({name: LEARNERS["average_effect"]() for name in data}, data)
    predicted = model.effects(data["offer 00"].features)
    return predicted.effect[0], predicted.low[0], predicted.high[0]


def test_of_a_dozen_offers_that_change_nothing_the_best_does_not_look_as_if_it_did():
    effect, low, high = average_effects([0.0] * 12)

    assert np.abs(effect).max() < 0.025  # one standard error of a single offer is 0.032
    assert ((low < 0) & (high > 0)).all()


def test_offers_that_differ_beyond_chance_keep_their_effects():
    effect, low, high = average_effects([0.0, 0.0, 0.3, -0.2])

    assert effect[2] == pytest.approx(0.3, abs=0.1)
    assert low[2] > 0
    assert high[3] < 0


def test_two_offers_are_not_compared():
    effect, _, _ = average_effects([0.0, 0.4])
    own = [experiment(0, effect=0.0).rows.average_effect, experiment(1, effect=0.4).rows.average_effect]

    np.testing.assert_allclose(effect, own)


def test_the_posterior_is_that_of_the_formula():
    # Equal errors of 1: Q = 2 * 3^2 = 18, tau^2 = (18 - 2) / (3 - 1) = 8, b = 8 / 9.
    means, spreads = estimate_posterior(np.array([-3.0, 0.0, 3.0]), np.ones(3))

    np.testing.assert_allclose(means, np.array([-3, 0, 3]) * 8 / 9)
    np.testing.assert_allclose(spreads, np.sqrt(8 / 9 + (1 / 9) ** 2 * 9 / 3))
