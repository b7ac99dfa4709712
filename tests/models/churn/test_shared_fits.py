"""Inside `share_fits`, the same settings on the same rows are fitted once, and no score changes."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from models.churn.blend import Blend
from models.churn.gradient_boosting import GradientBoosting
from models.churn.logistic import Logistic
from models.churn.shared_fits import share_fits
from tests.models.churn.worlds import HORIZON_DAYS, learnable

ROWS = learnable(400)
MORE_ROWS = learnable(500)


def boosting(rows: tuple[FeatureTable, Labels] = ROWS, **settings) -> GradientBoosting:
    return GradientBoosting(n_resamples=0, max_trees=30, **settings).fit(*rows)


def test_a_blend_contains_the_models_that_were_tried_on_their_own():
    with share_fits():
        alone = GradientBoosting(n_resamples=0).fit(*ROWS)
        regression = Logistic(n_resamples=0).fit(*ROWS)
        blend = Blend(n_resamples=0).fit(*ROWS)

    assert blend.boosting_.boosters_[0] is alone.boosters_[0]
    assert blend.logistic_.weights_ is regression.weights_


@pytest.mark.parametrize("model", [GradientBoosting, Logistic])
def test_calibration_starts_from_the_same_fit_and_scores_as_if_it_were_fitted_alone(model):
    alone = model(n_resamples=2, calibrated=True).fit(*ROWS).score(ROWS[0], HORIZON_DAYS)

    with share_fits():
        plain = model(n_resamples=2).fit(*ROWS)
        calibrated = model(n_resamples=2, calibrated=True).fit(*ROWS)

    assert calibrated.held_out_ is plain.held_out_
    assert calibrated.platt_ != plain.platt_
    shared = calibrated.score(ROWS[0], HORIZON_DAYS)
    for name in ("value", "low", "high"):
        assert np.array_equal(getattr(shared, name), getattr(alone, name))


@pytest.mark.parametrize(
    ("rows", "settings"), [(MORE_ROWS, {}), (ROWS, {"seed": 1}), (ROWS, {"n_leaves": 4}), (ROWS, {"n_trees": 10})]
)
def test_other_rows_or_settings_are_fitted_anew(rows, settings):
    with share_fits():
        assert boosting(rows, **settings).boosters_[0] is not boosting().boosters_[0]


def test_a_fixed_number_of_trees_shares_no_fit_that_lacks_held_out_predictions():
    with share_fits():
        boosting(n_trees=10)
        calibrated = boosting(n_trees=10, calibrated=True)

    assert len(calibrated.held_out_) == len(ROWS[1])


def test_outside_of_the_block_nothing_is_shared():
    with share_fits():
        before = boosting()

    assert boosting().boosters_[0] is not before.boosters_[0]


def test_a_fit_that_fails_fails_for_each_who_asks():
    few = (ROWS[0].take(np.arange(5)), ROWS[1].take(np.arange(5)))

    with share_fits():
        for _ in range(2):
            with pytest.raises(NotEnoughHistory):
                boosting(few)
