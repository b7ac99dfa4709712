"""The noise model recognises statements that do not depend on the true cause."""

from __future__ import annotations

import numpy as np

from insights.causes.stated_cause_model import NOT_STATED, StatedCauseModel


def test_constant_statements_raise_the_noise_rate():
    responsibilities = np.repeat(np.eye(2), 200, axis=0)
    model = StatedCauseModel.prior(2)
    for _ in range(50):
        model = model.update(responsibilities, np.zeros(400, np.int64))

    assert model.noise_rate > 0.8
    assert model.noise_distribution[0] > 0.9
    np.testing.assert_allclose(model.confusion_matrix.sum(axis=1), 1)


def test_a_statement_makes_its_cause_likelier_and_none_changes_nothing():
    shares = np.array([[0.5, 0.5], [0.5, 0.5]])

    posterior = StatedCauseModel.prior(2).weigh(shares, np.array([1, NOT_STATED]))

    np.testing.assert_allclose(posterior, [[0.1, 0.9], [0.5, 0.5]])


def test_without_statements_the_prior_stays():
    prior = StatedCauseModel.prior(3)

    updated = prior.update(np.full((5, 3), 1 / 3), np.full(5, NOT_STATED))

    assert updated.noise_rate == prior.noise_rate
    np.testing.assert_allclose(updated.noise_distribution, prior.noise_distribution)
