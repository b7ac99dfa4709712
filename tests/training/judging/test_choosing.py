"""The best is chosen, unless something simpler is as good."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from core.scores import Scores
from tests.models.churn.worlds import HORIZON_DAYS, coin_toss, learnable, true_log_odds
from training.judging.choosing import choose

FEATURES, OUTCOMES = learnable(3000)
TRUTH = true_log_odds(FEATURES)


def said(log_odds: np.ndarray) -> Scores:
    return Scores(OUTCOMES.customer_ids, OUTCOMES.cutoffs, expit(log_odds), HORIZON_DAYS)


def test_a_really_better_model_wins_over_a_simpler_one():
    choice = choose({"cross_section": said(np.full(3000, -0.5)), "knows": said(TRUTH)}, OUTCOMES)

    assert choice.model == "knows"
    assert [(one.model, one.against, one.is_significant) for one in choice.comparisons] == [
        ("knows", "cross_section", True)
    ]


def test_among_equals_the_simplest_is_taken():
    noise = np.random.default_rng(1).normal(0, 0.02, 3000)

    assert choose({"simple": said(TRUTH + noise), "elaborate": said(TRUTH)}, OUTCOMES).model == "simple"
    assert choose({"simple": said(TRUTH), "elaborate": said(TRUTH + noise)}, OUTCOMES).model == "simple"


def test_calibration_is_kept_only_where_it_lowers_log_loss():
    assert choose({"plain": said(3 * TRUTH), "calibrated": said(TRUTH)}, OUTCOMES).model == "calibrated"
    assert choose({"plain": said(TRUTH), "calibrated": said(1.01 * TRUTH)}, OUTCOMES).model == "plain"


def test_on_a_coin_toss_the_base_rate_is_chosen():
    _, outcomes = coin_toss(3000)
    guess = np.random.default_rng(2).normal(0, 0.1, 3000)
    rate = np.full(3000, np.log(0.4 / 0.6))

    assert choose({"base_rate": said(rate), "busy": said(rate + guess)}, outcomes).model == "base_rate"


def test_a_single_candidate_is_chosen():
    assert choose({"only": said(TRUTH)}, OUTCOMES).comparisons == ()
