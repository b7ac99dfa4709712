"""Laws that every churn model keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest
from scipy.special import expit, logit

from core.errors import BadInput, DataError, NotEnoughHistory
from core.feature_table import FeatureTable
from core.labels import Labels
from core.model_card import Comparison
from core.model_kinds import Capability
from models.artifact import Artifact
from models.churn.additive import CHURN_MODELS, AdditiveModel
from models.metrics.classification import compare
from tests.models.churn.worlds import CHANNELS, HORIZON_DAYS, coin_toss, learnable

QUICK = {"n_resamples": 3, "seed": 1}

every_churn_model = pytest.mark.parametrize("name", list(CHURN_MODELS))
every_learner = pytest.mark.parametrize("name", [name for name in CHURN_MODELS if name != "base_rate"])


def model(name: str, **settings: int | float | bool | None) -> AdditiveModel:
    made = cast(Callable[..., AdditiveModel], CHURN_MODELS[name])(**QUICK, **settings)
    assert isinstance(made, AdditiveModel)
    return made


@pytest.fixture(scope="module")
def models() -> dict[str, AdditiveModel]:
    features, outcomes = learnable()
    return {name: model(name).fit(features, outcomes) for name in CHURN_MODELS}


def log_loss_gain(better: AdditiveModel, world: Callable[..., tuple[FeatureTable, Labels]]) -> Comparison:
    features, outcomes = world(seed=2)
    base = model("base_rate").fit(*world(seed=1))
    scores, against = (one.score(features, HORIZON_DAYS) for one in (better, base))
    return compare(better.name, "base_rate", scores=scores, scores_against=against, outcomes=outcomes)


@every_learner
def test_beats_the_base_rate_where_features_predict_churn(name, models):
    gain = log_loss_gain(models[name], learnable)

    assert gain.is_significant
    assert gain.difference.value > 0


@every_learner
def test_does_not_beat_the_base_rate_where_churn_is_random(name):
    gain = log_loss_gain(model(name).fit(*coin_toss(seed=1)), coin_toss)

    assert gain.difference.low <= 0


@every_churn_model
def test_save_and_load_give_the_same_scores_and_reasons(name, models, tmp_path: Path):
    features, _ = learnable(60, seed=3)

    models[name].to_artifact().write(tmp_path)
    loaded = CHURN_MODELS[name].from_artifact(Artifact.read(tmp_path, memory_map=True))

    before, after = (one.score(features, HORIZON_DAYS) for one in (models[name], loaded))
    for part in ("value", "low", "high"):
        np.testing.assert_array_equal(getattr(before, part), getattr(after, part))
    assert loaded.reasons(features) == models[name].reasons(features)
    assert loaded.settings == models[name].settings


@every_churn_model
def test_no_file_of_an_artifact_is_a_pickle(name, models, tmp_path: Path):
    models[name].to_artifact().write(tmp_path)

    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".npy", ".txt"}
    for path in tmp_path.glob("*.npy"):
        np.load(path, allow_pickle=False)


@every_churn_model
def test_the_same_settings_and_rows_give_the_same_model(name, models):
    features, outcomes = learnable()
    again = CHURN_MODELS[name](**models[name].settings).fit(features, outcomes)

    first, second = (one.score(features, HORIZON_DAYS) for one in (models[name], again))
    np.testing.assert_array_equal(first.value, second.value)
    np.testing.assert_array_equal(first.low, second.low)


@every_churn_model
def test_columns_are_found_by_name_in_any_order(name, models):
    features, _ = learnable(60, seed=3)
    shuffled = features.select([features.names[place] for place in (4, 2, 0, 3, 1)])

    first, second = (models[name].score(one, HORIZON_DAYS).value for one in (features, shuffled))
    np.testing.assert_array_equal(first, second)


@every_churn_model
def test_one_customer_alone_scores_as_among_others(name, models):
    features, _ = learnable(60, seed=3)

    alone = models[name].score(features.take(np.array([7])), HORIZON_DAYS)

    among = models[name].score(features, HORIZON_DAYS)
    assert alone.value[0] == pytest.approx(among.value[7], rel=1e-12)


@every_churn_model
def test_a_score_lies_within_its_bounds_and_is_a_probability(name, models):
    scores = models[name].score(learnable(200, seed=3)[0], HORIZON_DAYS)

    assert scores.low is not None
    assert scores.high is not None
    assert ((scores.low >= 0) & (scores.low <= scores.value)).all()
    assert ((scores.value <= scores.high) & (scores.high <= 1)).all()


@every_churn_model
def test_contributions_sum_to_the_log_odds(name, models):
    features, _ = learnable(200, seed=3)

    summed = models[name].contributions(features).sum(axis=1)

    np.testing.assert_allclose(summed, logit(models[name].score(features, HORIZON_DAYS).value), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["logistic", "gradient_boosting", "blend"])
def test_contributions_sum_to_the_calibrated_log_odds_too(name):
    features, outcomes = learnable(600)
    calibrated = model(name, calibrated=True).fit(features, outcomes)

    summed = calibrated.contributions(features).sum(axis=1)

    assert calibrated.platt_.slope != 1
    np.testing.assert_allclose(expit(summed), calibrated.score(features, HORIZON_DAYS).value, rtol=1e-6)


@every_churn_model
def test_another_horizon_is_refused(name, models):
    with pytest.raises(BadInput, match="fitted for 30 days and cannot score 60"):
        models[name].score(learnable(5)[0], 60)


@every_learner
def test_a_missing_column_is_named(name, models):
    features, _ = learnable(5)

    with pytest.raises(DataError, match="days_since_last_purchase"):
        models[name].score(features.select(["shoe_size", "net_amount_365d"]), HORIZON_DAYS)


@every_churn_model
def test_fitting_on_no_rows_is_refused(name):
    features, outcomes = learnable(50)
    no_rows = np.zeros(50, dtype=bool)

    with pytest.raises(NotEnoughHistory):
        model(name).fit(features.take(no_rows), outcomes.take(no_rows))


@pytest.mark.parametrize("name", ["logistic", "gradient_boosting", "blend"])
def test_fitting_on_one_class_is_refused(name):
    features, outcomes = learnable(200)
    retained = ~outcomes.churned

    with pytest.raises(NotEnoughHistory, match="0 customers churned"):
        model(name).fit(features.take(retained), outcomes.take(retained))


@every_churn_model
def test_no_customers_get_no_scores(name, models):
    features, _ = learnable(5)
    no_customers = features.take(np.zeros(5, dtype=bool))

    assert len(models[name].score(no_customers, HORIZON_DAYS)) == 0
    assert models[name].reasons(no_customers) == []


@pytest.mark.parametrize("name", ["logistic", "gradient_boosting", "blend"])
def test_words_keep_their_meaning_when_a_table_has_other_codes_for_them(name, models):
    features, _ = learnable(60, seed=3)
    place = features.names.index("main_channel")
    renumbered = features.values.copy()
    renumbered[:, place] = 2 - renumbered[:, place]
    columns = list(features.columns)
    columns[place] = msgspec.structs.replace(columns[place], vocabulary=CHANNELS[::-1])
    other = replace(features, values=renumbered, columns=tuple(columns))

    first, second = (models[name].score(one, HORIZON_DAYS).value for one in (features, other))
    np.testing.assert_array_equal(first, second)


@every_churn_model
def test_a_model_that_uses_features_declares_additive_log_odds(name, models):
    is_additive = Capability.ADDITIVE_LOG_ODDS in models[name].capabilities

    assert is_additive == bool(models[name].columns_)
