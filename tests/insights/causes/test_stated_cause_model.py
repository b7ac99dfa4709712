"""Who says the same whatever is true is not believed."""

from __future__ import annotations

import numpy as np

from insights.causes.stated_cause_model import NOT_STATED, StatedCauseModel


def test_a_witness_who_says_the_same_whatever_is_true_is_found_careless():
    blamed = np.repeat(np.eye(2), 200, axis=0)
    witness = StatedCauseModel.usual(2)
    for _ in range(50):
        witness = witness.heard(blamed, np.zeros(400, np.int64))

    assert witness.noise_rate > 0.8
    assert witness.careless_words[0] > 0.9
    np.testing.assert_allclose(witness.statements.sum(axis=1), 1)


def test_a_statement_makes_its_cause_likelier_and_silence_changes_nothing():
    shares = np.array([[0.5, 0.5], [0.5, 0.5]])

    weighed = StatedCauseModel.usual(2).weighed(shares, np.array([1, NOT_STATED]))

    np.testing.assert_allclose(weighed, [[0.1, 0.9], [0.5, 0.5]])


def test_nothing_stated_leaves_what_was_thought_before():
    usual = StatedCauseModel.usual(3)

    heard = usual.heard(np.full((5, 3), 1 / 3), np.full(5, NOT_STATED))

    assert heard.noise_rate == usual.noise_rate
    np.testing.assert_allclose(heard.careless_words, usual.careless_words)
