"""Training uses tuned settings, unless the file is damaged or outdated, or tuning has used the test data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import BadInput
from core.intervals import Estimate
from models.recommenders.blend import BlendRecommender
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import open_shop
from training.recommender.pipeline import default_recipes, select_recipes, train_recommender
from training.recommender.rows import ranking_cutoffs
from training.recommender.tuned import TunedModel, TunedRecommenders, read_tuned
from training.run.recipe import Recipe
from training.run.session import Session


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A shop of this file alone, because settings tuned here would affect other trainings."""
    return open_shop(tmp_path_factory.mktemp("shop"), ShopWorld(n_customers=200))


def create_tuned_model(**changes: Any) -> TunedModel:
    fields = {
        "settings": {"half_life_days": 30.0, "span_days": None},
        "tuned_at": datetime(2026, 3, 1, tzinfo=UTC),
        "n_trials": 40,
        "data_digest": "abc",
        "cutoffs": (date(2025, 6, 29), date(2025, 6, 1)),
        "horizon_days": 28,
        "ndcg_at_10": Estimate(0.4, 0.38, 0.42),
        "default_ndcg_at_10": Estimate(0.35, 0.33, 0.37),
        "difference": Estimate(0.05, 0.04, 0.06),
    }
    return TunedModel(**(fields | changes))


def write(path: Path, **models: TunedModel) -> TunedRecommenders:
    TunedRecommenders(path, models).write()
    return read_tuned(path)


def test_the_file_is_read_as_it_was_written(tmp_path: Path):
    nan = Estimate()
    both = {"personal_frequency": create_tuned_model(), "popularity": create_tuned_model(settings={}, difference=nan)}

    assert write(tmp_path / "new" / "tuned.json", **both).models == both


def test_without_tuned_settings_the_recipe_stays_the_same(tmp_path: Path):
    recipe = Recipe("als", {"alpha": 3.0})

    assert read_tuned(tmp_path / "none.json").apply(recipe) is recipe


@pytest.mark.parametrize("text", ["", "{", "[]", '{"als": {"settings": {}}}', '{"als": 3}'])
def test_a_damaged_file_raises_an_error_with_a_hint(tmp_path: Path, text: str):
    path = tmp_path / "tuned.json"
    path.write_text(text)

    with pytest.raises(BadInput, match=r"tuned.json cannot be read .*kizuna tune recommender.*delete the file"):
        read_tuned(path)


@pytest.mark.parametrize(
    ("models", "missing"),
    [
        ({"als2": create_tuned_model()}, "no model 'als2'"),
        ({"item_knn": create_tuned_model(settings={"n_friends": 3})}, "no setting 'n_friends' of item_knn"),
        ({"item_knn": create_tuned_model(cutoffs=())}, "no cutoffs for item_knn"),
    ],
)
def test_an_outdated_file_raises_an_error_that_names_what_is_missing(
    tmp_path: Path, models: dict[str, TunedModel], missing: str
):
    with pytest.raises(BadInput, match=f"{missing}.*kizuna tune recommender"):
        write(tmp_path / "tuned.json", **models)


def test_settings_tuned_on_purchases_after_the_test_cutoff_are_refused(tmp_path: Path):
    tuned = write(tmp_path / "tuned.json", personal_frequency=create_tuned_model())

    tuned.refuse_overlap_with_test(date(2025, 7, 27))
    with pytest.raises(BadInput, match="purchases until 2025-07-27, after the test cutoff 2025-07-26"):
        tuned.refuse_overlap_with_test(date(2025, 7, 26))


def test_tuned_settings_replace_defaults_and_stated_settings_replace_both(shop: Session, tmp_path: Path):
    tuned = write(tmp_path / "tuned.json", personal_frequency=create_tuned_model())

    recipe = select_recipes(shop.config, "personal_frequency", settings={"span_days": 90}, tuned=tuned)[
        "personal_frequency"
    ]

    default = default_recipes(shop.config)["personal_frequency"].settings
    assert recipe.settings == default | {"half_life_days": 30.0, "span_days": 90}


def test_the_tuned_settings_of_a_part_are_used_in_a_blend_unless_it_states_its_own(tmp_path: Path):
    tuned = write(
        tmp_path / "tuned.json", ease=create_tuned_model(settings={"regularization": 0.2, "repeat_weight": 7.0})
    )
    recipe = Recipe(
        "blend", BlendRecommender(parts="ease, item_knn", part_settings='{"ease": {"repeat_weight": 3.0}}').settings
    )

    part_settings = tuned.apply(recipe).settings["part_settings"]

    assert msgspec.json.decode(str(part_settings)) == {"ease": {"regularization": 0.2, "repeat_weight": 3.0}}
    assert (
        tuned.apply(Recipe("blend", BlendRecommender(parts="item_knn").settings)).settings
        == BlendRecommender(parts="item_knn").settings
    )


def test_training_uses_tuned_settings_and_its_card_says_so(shop: Session):
    path = shop.config.places.recommender_settings
    write(path, personal_frequency=create_tuned_model())
    try:
        card = train_recommender(shop, "personal_frequency", settings={"span_days": 200}).challenger.card
    finally:
        path.unlink()

    assert (card.settings["half_life_days"], card.settings["span_days"]) == (30.0, 200)
    (sentence,) = [limit for limit in card.limits if limit.startswith("Settings:")]
    assert "tuned on 2026-03-01 with 40 trials at 2025-06-01, 2025-06-29" in sentence
    assert sentence.endswith("overridden since: span_days.")


def test_training_registers_no_model_where_tuning_has_used_the_test_data(shop: Session):
    path, test = shop.config.places.recommender_settings, ranking_cutoffs(shop.tables)[-1]
    before = len(shop.registry.versions("recommender"))
    write(path, personal_frequency=create_tuned_model(cutoffs=(test,)))
    try:
        with pytest.raises(BadInput, match="cannot be used"):
            train_recommender(shop, "popularity")
    finally:
        path.unlink()

    assert len(shop.registry.versions("recommender")) == before
