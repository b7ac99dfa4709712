"""Settings as a user types them are checked before anything is computed."""

from __future__ import annotations

import pytest

from core.errors import BadInput, UnknownName
from models.churn.additive import CHURN_MODELS
from models.recommenders.catalogue import RECOMMENDERS
from training.churn.rows import fit_few_rows
from training.run.recipe import change_settings, default_recipe


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
        ("gradient_boosting", {"n_leaves": "x"}, "n_leaves=x: gradient_boosting takes a whole number, such as its"),
        ("gradient_boosting", {"n_leaves": 8.5}, "takes a whole number"),
        ("gradient_boosting", {"n_trees": "all"}, "takes a whole number or null"),
        ("gradient_boosting", {"calibrated": 1}, "takes true or false, such as its default false"),
        ("gradient_boosting", {"learning_rate": float("nan")}, "takes a number, such as its default 0.03"),
        ("gradient_boosting", {"learning_rate": float("inf")}, "takes a number"),
        ("gradient_boosting", {"n_leaves": 1}, "cannot be fitted with n_leaves=1; its defaults are n_leaves=8"),
        ("gradient_boosting", {"learning_rate": -0.1}, "cannot be fitted with learning_rate=-0.1"),
        ("gradient_boosting", {"bagging_fraction": 1.5}, "cannot be fitted with bagging_fraction=1.5"),
        ("logistic", {"regularization": -1.0}, "cannot be fitted with regularization=-1.0"),
        ("logistic", {"n_resamples": 1}, "cannot be fitted with n_resamples=1"),
    ],
)  # fmt: skip
def test_a_value_that_the_model_cannot_use_is_refused_with_its_default(model: str, settings: dict, message: str):
    with pytest.raises(BadInput) as refused:
        change_churn(model, **settings)

    assert message in str(refused.value)


def test_an_unknown_setting_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no setting 'n_leafs'; did you mean 'n_leaves'"):
        change_churn("gradient_boosting", n_leafs=4)


@pytest.mark.parametrize("model", list(RECOMMENDERS))
def test_the_default_settings_of_every_recommender_have_their_own_types(model: str):
    recipe = default_recipe(RECOMMENDERS, model)

    assert change_settings(recipe, recipe.settings, catalogue=RECOMMENDERS) == recipe


def test_a_recommender_refuses_text_for_a_number():
    with pytest.raises(BadInput, match="als takes a whole number, such as its default"):
        change_settings(default_recipe(RECOMMENDERS, "als"), {"n_factors": "64k"}, catalogue=RECOMMENDERS)
