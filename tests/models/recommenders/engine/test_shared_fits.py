"""Inside `share_fits`, a blend uses the models that were fitted on their own, and no list changes."""

from __future__ import annotations

import numpy as np
import pytest

from models.recommenders.blend import BlendRecommender
from models.recommenders.engine import shared_fits
from models.recommenders.engine.shared_fits import fit_recommender
from models.recommenders.item_knn import ItemKnn
from models.shared_fits import share_fits
from tests.baskets import interactions

PAST = interactions(
    *(f"c{n} 2024-0{month}-{1 + n % 28:02} i{n % 5} i{(n + month) % 7}" for n in range(40) for month in (1, 2, 3))
)
MORE = interactions("ada 2024-02-01 tea milk", "bo 2024-02-20 tea")


def test_a_blend_contains_the_models_that_were_tried_on_their_own_and_ranks_as_if_it_were_fitted_alone():
    fitted_alone = BlendRecommender(parts="item_knn, ease").fit(PAST).recommend(PAST.histories, 5)

    with share_fits():
        alone = fit_recommender(ItemKnn(), PAST)
        blend = fit_recommender(BlendRecommender(parts="item_knn, ease"), PAST)

    assert blend.parts_["item_knn"] is alone
    np.testing.assert_array_equal(blend.recommend(PAST.histories, 5).scores, fitted_alone.scores)


def test_other_settings_other_purchases_and_another_cutoff_are_fitted_anew():
    with share_fits():
        fits = [
            fit_recommender(ItemKnn(), PAST),
            fit_recommender(ItemKnn(n_neighbours=3), PAST),
            fit_recommender(ItemKnn(), MORE),
            fit_recommender(ItemKnn(), PAST, cutoff=PAST.day_after_last.replace(year=2025)),
        ]

    assert len({id(model) for model in fits}) == 4


def test_a_large_model_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared_fits, "MAX_KEPT_GB", 0.0)

    with share_fits():
        assert fit_recommender(ItemKnn(), PAST) is not fit_recommender(ItemKnn(), PAST)
