"""The weights of logistic regressions have the lowest penalised log loss, wherever the search for them started."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.churn.ridge import RidgeLogistic

RNG = np.random.default_rng(3)
DESIGN = RNG.normal(size=(600, 4))
CHURNED = (RNG.random(600) < 1 / (1 + np.exp(0.5 - DESIGN @ [1.5, -0.5, 0.0, 0.2]))).astype(float)
ONES = np.ones(600)


def weights_of_scikit_learn(penalty: float, row_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    model = LogisticRegression(C=1 / penalty, tol=1e-9, max_iter=1000).fit(DESIGN, CHURNED, sample_weight=row_weights)
    return np.append(model.coef_, model.intercept_)


@pytest.mark.parametrize("penalty", [100.0, 1.0, 0.01])
@pytest.mark.parametrize("row_weights", [ONES, np.arange(600) / 300], ids=["equal rows", "later rows count more"])
def test_the_weights_are_those_of_scikit_learn(penalty: float, row_weights: NDArray[np.float64]):
    weights = RidgeLogistic(DESIGN, CHURNED).fit(np.full(4, penalty), row_weights=row_weights)

    assert weights == pytest.approx(weights_of_scikit_learn(penalty, row_weights), abs=0.01)


def test_a_fit_after_one_with_another_penalty_has_the_weights_of_a_first_fit():
    regression = RidgeLogistic(DESIGN, CHURNED)
    regression.fit(np.full(4, 1000.0), row_weights=ONES)

    after = regression.fit(np.full(4, 1.0), row_weights=ONES)

    assert after == pytest.approx(weights_of_scikit_learn(1.0, ONES), abs=0.01)


def test_a_fit_on_some_rows_has_the_weights_of_those_rows():
    regression = RidgeLogistic(DESIGN, CHURNED)
    regression.fit(np.ones(4), row_weights=ONES)

    weights = regression.take(np.arange(300)).fit(np.ones(4), row_weights=ONES[:300])

    assert weights == pytest.approx(weights_of_scikit_learn(1.0, (np.arange(600) < 300).astype(float)), abs=0.02)


def test_a_column_with_a_hundred_times_the_penalty_has_less_weight():
    alike = np.column_stack([DESIGN[:, 0], DESIGN[:, 0] + RNG.normal(size=600) / 100])

    key, other, _ = RidgeLogistic(alike, CHURNED).fit(np.array([1.0, 100.0]), row_weights=ONES)

    assert other < key / 20


def test_two_equal_columns_share_the_weight():
    first, second, _ = RidgeLogistic(DESIGN[:, [0, 0]], CHURNED).fit(np.full(2, 1e-6), row_weights=ONES)

    assert first == pytest.approx(second, abs=1e-3)


def test_a_column_that_tells_who_churned_has_a_large_finite_weight():
    weight, intercept = RidgeLogistic(2 * CHURNED[:, None] - 1, CHURNED).fit(np.array([0.1]), row_weights=ONES)

    assert 3 < weight < 30
    assert abs(intercept) < 1


def test_the_log_odds_of_rows_are_their_columns_times_the_weights():
    log_odds = RidgeLogistic(DESIGN, CHURNED).log_odds(np.array([1.0, 0.0, 0.0, 0.0, 0.5]), np.array([2, 0]))

    assert log_odds == pytest.approx(DESIGN[[2, 0], 0] + 0.5, abs=1e-6)
