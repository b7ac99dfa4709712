"""Mean amounts of orders, shrunk to those of all customers."""

from __future__ import annotations

import numpy as np
import pytest

from models.value.gamma_gamma import GammaGamma

P, Q, GAMMA = 6.0, 4.0, 15.0


def orders_and_means(n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    rates, orders = random.gamma(Q, 1 / GAMMA, n), random.integers(1, 10, n).astype(np.float64)
    return orders, random.gamma(P * orders, 1 / rates) / orders


def test_finds_the_parameters_that_simulated_amounts_have():
    fitted = GammaGamma.fit(*orders_and_means())

    assert fitted is not None
    assert (fitted.p, fitted.q, fitted.gamma) == pytest.approx((P, Q, GAMMA), rel=0.06)


def test_the_expected_amount_is_between_the_customers_mean_and_that_of_all():
    model = GammaGamma(P, Q, GAMMA)
    of_all = P * GAMMA / (Q - 1)

    few, many, none = model.predict_amount(np.array([1.0, 50.0, 0.0]), np.array([90.0, 90.0, np.nan]))

    assert none == pytest.approx(of_all)
    assert of_all < few < many < 90.0


def test_amounts_in_yen_give_a_hundred_times_those_in_dollars():
    orders, means = orders_and_means(2000)
    dollars, yen = GammaGamma.fit(orders, means), GammaGamma.fit(orders, 100 * means)

    assert dollars is not None
    assert yen is not None
    np.testing.assert_allclose(
        yen.predict_amount(orders, 100 * means), 100 * dollars.predict_amount(orders, means), rtol=1e-3
    )


def test_free_orders_and_returns_are_left_out():
    assert GammaGamma.fit(np.ones(50), np.append(np.full(45, -3.0), np.full(5, 10.0))) is None
