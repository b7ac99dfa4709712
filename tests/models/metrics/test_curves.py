"""The curves pass through their known points."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from core.labels import Labels
from core.scores import Scores
from models.metrics.curves import lift_curve, precision_recall_curve, reliability_curve, roc_curve
from tests.models.churn.worlds import HORIZON_DAYS, outcomes_of


@pytest.fixture
def scored() -> tuple[Scores, Labels]:
    random = np.random.default_rng(1)
    truth = random.beta(1, 2, 20_000).round(2)
    outcomes = outcomes_of(random.random(20_000) < truth)
    return Scores(
        customer_ids=outcomes.customer_ids, cutoffs=outcomes.cutoffs, value=truth, horizon_days=HORIZON_DAYS
    ), outcomes


def test_the_area_below_the_roc_curve_is_the_auc(scored):
    scores, outcomes = scored
    curve = roc_curve(*scored)

    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(
        sklearn_metrics.roc_auc_score(outcomes.churned, scores.value)
    )


def test_precision_ends_at_the_churn_rate(scored):
    curve = precision_recall_curve(*scored)

    assert (curve.x[-1], curve.y[-1]) == (1, pytest.approx(scored[1].churned.mean()))


def test_lift_ends_at_one(scored):
    curve = lift_curve(*scored)

    assert (curve.x[-1], curve.y[-1]) == (pytest.approx(1), pytest.approx(1))
    assert curve.y[0] > 2


def test_true_probabilities_lie_on_the_diagonal(scored):
    curve = reliability_curve(*scored)

    np.testing.assert_allclose(curve.x, curve.y, atol=0.03)
