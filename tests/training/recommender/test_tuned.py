"""What tuning found is used by training, unless it is broken, outdated or too well informed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import BadInput
from core.intervals import Estimate
from models.recommenders.blend import Blend
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import open_shop
from training.recommender.rows import ranking_cutoffs
from training.recommender.training import recipes_of, train_recommender, wanted_recipes
from training.recommender.tuned import TunedModel, TunedRecommenders, read_tuned
from training.run.recipe import Recipe
from training.run.session import Session


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Of this file alone: what is tuned here, nobody else trains with."""
    return open_shop(tmp_path_factory.mktemp("shop"), ShopWorld(n_customers=200))


def tuned_model(**changes: Any) -> TunedModel:
    said = {
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
    return TunedModel(**(said | changes))


def written(path: Path, **models: TunedModel) -> TunedRecommenders:
    TunedRecommenders(path, models).write()
    return read_tuned(path)


def test_what_is_written_is_read(tmp_path: Path):
    nan = Estimate()
    both = {"personal_frequency": tuned_model(), "popularity": tuned_model(settings={}, difference=nan)}

    assert written(tmp_path / "new" / "tuned.json", **both).models == both


def test_where_nothing_was_tuned_the_defaults_are_left_alone(tmp_path: Path):
    recipe = Recipe("als", {"alpha": 3.0})

    assert read_tuned(tmp_path / "none.json").applied(recipe) is recipe


@pytest.mark.parametrize("text", ["", "{", "[]", '{"als": {"settings": {}}}', '{"als": 3}'])
def test_a_broken_file_says_how_to_mend_it(tmp_path: Path, text: str):
    path = tmp_path / "tuned.json"
    path.write_text(text)

    with pytest.raises(BadInput, match=r"tuned.json cannot be read .*kizuna tune recommender.*remove the file"):
        read_tuned(path)


@pytest.mark.parametrize(
    ("models", "gone"),
    [
        ({"als2": tuned_model()}, "no model 'als2'"),
        ({"item_knn": tuned_model(settings={"n_friends": 3})}, "no setting 'n_friends' of item_knn"),
        ({"item_knn": tuned_model(cutoffs=())}, "no cutoffs for item_knn"),
    ],
)
def test_an_outdated_file_names_what_is_gone(tmp_path: Path, models: dict[str, TunedModel], gone: str):
    with pytest.raises(BadInput, match=f"{gone}.*kizuna tune recommender"):
        written(tmp_path / "tuned.json", **models)


def test_settings_chosen_on_what_the_test_judges_are_refused(tmp_path: Path):
    found = written(tmp_path / "tuned.json", personal_frequency=tuned_model())

    found.refuse_seen(date(2025, 7, 27))
    with pytest.raises(BadInput, match="purchases until 2025-07-27, which the test cutoff 2025-07-26 must not"):
        found.refuse_seen(date(2025, 7, 26))


def test_tuned_settings_go_before_the_defaults_and_stated_ones_before_both(shop: Session, tmp_path: Path):
    found = written(tmp_path / "tuned.json", personal_frequency=tuned_model())

    recipe = wanted_recipes(shop.config, "personal_frequency", {"span_days": 90}, found)["personal_frequency"]

    default = recipes_of(shop.config)["personal_frequency"].settings
    assert recipe.settings == default | {"half_life_days": 30.0, "span_days": 90}


def test_what_was_tuned_of_a_part_goes_into_a_blend_behind_what_is_stated_of_it(tmp_path: Path):
    tuned = written(tmp_path / "tuned.json", ease=tuned_model(settings={"regularization": 0.2, "repeat_weight": 7.0}))
    stated = Recipe("blend", Blend(parts="ease, item_knn", part_settings='{"ease": {"repeat_weight": 3.0}}').settings)

    found = tuned.applied(stated).settings["part_settings"]

    assert msgspec.json.decode(str(found)) == {"ease": {"regularization": 0.2, "repeat_weight": 3.0}}
    assert tuned.applied(Recipe("blend", Blend(parts="item_knn").settings)).settings == Blend(parts="item_knn").settings


def test_a_training_uses_them_and_its_card_says_so(shop: Session):
    path = shop.config.places.tuned_recommenders
    written(path, personal_frequency=tuned_model())
    try:
        card = train_recommender(shop, "personal_frequency", {"span_days": 200}).challenger.card
    finally:
        path.unlink()

    assert (card.settings["half_life_days"], card.settings["span_days"]) == (30.0, 200)
    (said,) = [limit for limit in card.limits if limit.startswith("Settings:")]
    assert "tuned on 2026-03-01 by 40 trials at 2025-06-01, 2025-06-29" in said
    assert said.endswith("stated since: span_days.")


def test_a_training_whose_test_was_tuned_on_registers_nothing(shop: Session):
    path, test = shop.config.places.tuned_recommenders, ranking_cutoffs(shop.tables)[-1]
    before = len(shop.registry.versions("recommender"))
    written(path, personal_frequency=tuned_model(cutoffs=(test,)))
    try:
        with pytest.raises(BadInput, match="is unfit"):
            train_recommender(shop, "popularity")
    finally:
        path.unlink()

    assert len(shop.registry.versions("recommender")) == before
