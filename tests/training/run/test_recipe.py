"""Settings as a user types them are checked before anything is computed."""

from __future__ import annotations

import pytest

from core.catalogue import Catalogue
from core.errors import BadInput, KizunaError, UnknownName
from models.churn.additive import CHURN_MODELS
from models.hazard.hazard import HAZARD_MODELS
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.search_ranges import OneOf
from training.churn.rows import fit_few_rows
from training.run.recipe import change_settings, default_recipe

ALL_MODELS = [(catalogue, name) for catalogue in (CHURN_MODELS, HAZARD_MODELS, RECOMMENDERS) for name in catalogue]


def change_churn(model: str, **settings):
    return change_settings(default_recipe(CHURN_MODELS, model), settings, catalogue=CHURN_MODELS, fit=fit_few_rows)


@pytest.mark.parametrize("model", list(CHURN_MODELS))
def test_every_churn_model_can_be_fitted_on_the_few_rows(model: str):
    assert fit_few_rows(default_recipe(CHURN_MODELS, model).build(CHURN_MODELS)).columns_ is not None


@pytest.mark.parametrize(
    ("model", "settings"),
    [("gradient_boosting", {"n_leaves": 16, "learning_rate": 1}), ("gradient_boosting", {"n_trees": None}),
     ("logistic", {"regularization": 0.5, "calibrated": True}), ("blend", {"n_knots": 3})],
)  # fmt: skip
def test_valid_settings_are_taken(model: str, settings: dict):
    recipe = change_churn(model, **settings)

    assert {name: recipe.settings[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("gradient_boosting", {"n_leaves": "x"}, "n_leaves=x: gradient_boosting takes a whole number from 2 to 131072"),
        ("gradient_boosting", {"n_leaves": 8.5}, "takes a whole number"),
        ("gradient_boosting", {"n_leaves": 1}, "takes a whole number from 2 to 131072, such as its default 8"),
        ("gradient_boosting", {"n_trees": "all"}, "takes a whole number from 1 to 100000 or null, such as its default"),
        ("gradient_boosting", {"calibrated": 1}, "takes true or false, such as its default false"),
        ("gradient_boosting", {"learning_rate": float("nan")}, "takes a number above 0 and up to 1 or null, such as"),
        ("gradient_boosting", {"learning_rate": float("inf")}, "takes a number above 0"),
        ("gradient_boosting", {"learning_rate": -0.1}, "learning_rate=-0.1: gradient_boosting takes a number above 0"),
        ("gradient_boosting", {"bagging_fraction": 1.5}, "takes a number above 0 and up to 1"),
        ("logistic", {"regularization": -1.0}, "takes a number above 0 or null"),
        ("logistic", {"n_resamples": 1}, "n_resamples must be 0 or at least 2"),
    ],
)  # fmt: skip
def test_a_value_that_the_model_cannot_use_is_refused_with_its_default(model: str, settings: dict, message: str):
    with pytest.raises(BadInput) as refused:
        change_churn(model, **settings)

    assert message in str(refused.value)


def test_an_unknown_setting_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no setting 'n_leafs'; did you mean 'n_leaves'"):
        change_churn("gradient_boosting", n_leafs=4)


@pytest.mark.parametrize(("catalogue", "model"), ALL_MODELS)
def test_the_default_settings_of_every_model_are_values_that_it_takes(catalogue: Catalogue, model: str):
    recipe = default_recipe(catalogue, model)

    assert change_settings(recipe, recipe.settings, catalogue=catalogue) == recipe


@pytest.mark.parametrize(("catalogue", "model"), ALL_MODELS)
def test_every_number_among_the_settings_of_every_model_has_limits(catalogue: Catalogue, model: str):
    recipe = default_recipe(catalogue, model)

    for name in (name for name, value in recipe.settings.items() if type(value) in (int, float)):
        with pytest.raises(BadInput, match=f"{name}=-1000000: {model} takes "):
            change_settings(recipe, {name: -1_000_000}, catalogue=catalogue)


@pytest.mark.parametrize(("catalogue", "model"), ALL_MODELS)
def test_every_model_suggests_the_setting_that_was_meant(catalogue: Catalogue, model: str):
    recipe = default_recipe(catalogue, model)
    name = list(recipe.settings)[-1]

    with pytest.raises(UnknownName, match=f"{model} has no setting '{name}x'; did you mean '{name}'"):
        change_settings(recipe, {f"{name}x": 1}, catalogue=catalogue)


@pytest.mark.parametrize("model", list(RECOMMENDERS))
def test_tuning_tries_only_values_that_a_recommender_takes(model: str):
    recipe = default_recipe(RECOMMENDERS, model)

    for name, span in RECOMMENDERS[model].ranges.items():
        for value in span.values if isinstance(span, OneOf) else (span.low, span.high):
            change_settings(recipe, {name: value}, catalogue=RECOMMENDERS)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("als", {"n_factors": "64k"}, "als takes a whole number from 1 to 1000000000, such as its default 128"),
        ("als", {"n_factors": 10**30}, "als takes a whole number from 1 to 1000000000"),
        ("als", {"half_life_days": 0}, "als takes a number of at least 1 or null, such as its default 180.0"),
        ("item_knn", {"b": 1.5}, "item_knn takes a number from 0 to 1, such as its default 0.5"),
        ("item_knn", {"weighting": "bm52"}, "item_knn takes one of cosine, tf_idf, bm25"),
        ("blend", {"parts": "als, iknn"}, "'iknn' is not a part that can be blended"),
        ("blend", {"part_settings": '{"ease": {"regularization": -1}}'}, "ease takes a number above 0"),
        ("blend", {"part_settings": '{"ease": {"regularisation": 1}}'}, "did you mean 'regularization'"),
        ("reranked", {"part_settings": "{"}, "part_settings of blend is not valid JSON"),
    ],
)  # fmt: skip
def test_a_value_that_a_recommender_cannot_use_is_refused_before_any_fit(model: str, settings: dict, message: str):
    with pytest.raises(KizunaError) as refused:
        change_settings(default_recipe(RECOMMENDERS, model), settings, catalogue=RECOMMENDERS)

    assert message in str(refused.value)
