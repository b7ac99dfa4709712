"""A logistic regression expects more of the key features than of the many that repeat them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from core.feature_names import USAGE_DAYS_90D, FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from models.churn.customer_folds import TrainingRows
from models.churn.key_features import prior_scales
from models.churn.logistic import Logistic
from tests.models.churn.worlds import COLUMNS, HORIZON_DAYS, outcomes_of

N_OTHERS = 120


def column(name: str, family: str = FeatureFamily.USAGE) -> FeatureColumn:
    return msgspec.structs.replace(COLUMNS[-1], name=name, family=family)


def firm(n: int, seed: int) -> tuple[FeatureTable, Labels]:
    """Customers who leave the more, the less they use; 120 features of chance are measured too."""
    random = np.random.default_rng(seed)
    values = random.normal(0.0, 1.0, (n, 1 + N_OTHERS))
    churned = random.random(n) < expit(-2.0 - 0.8 * values[:, 0])
    columns = (column(USAGE_DAYS_90D), *(column(f"noise_{place}") for place in range(N_OTHERS)))
    outcomes = outcomes_of(churned)
    return FeatureTable(outcomes.customer_ids, outcomes.cutoffs, values, columns), outcomes


def auc_on_other_customers(model: Logistic) -> float:
    rows, (features, outcomes) = firm(400, seed=1), firm(4000, seed=2)
    scores = model.fit(*rows).score(features, HORIZON_DAYS)
    return float(roc_auc_score(outcomes.churned, scores.value))


def test_a_key_feature_among_many_others_is_found_in_a_small_firm():
    alike = auc_on_other_customers(Logistic(n_resamples=0, regularization=300.0))

    assert auc_on_other_customers(Logistic(n_resamples=0)) > alike + 0.03


def test_with_many_churned_customers_the_data_alone_decide_about_the_penalty():
    churned = np.arange(2000) % 3 == 0
    rows = TrainingRows(np.zeros((2000, 1)), churned.astype(np.float64), np.arange(2000).astype(str))
    few = rows.take(np.arange(2000) < 400)

    assert {others for _, others in Logistic().penalties(rows)} == {1.0}
    assert Logistic().penalties(few)[0] == (300.0, 25.0)


def test_with_a_penalty_of_one_all_features_are_penalised_alike():
    columns = (column(USAGE_DAYS_90D), column("shoe_size"))

    assert prior_scales(columns, others_penalty=1.0).tolist() == [1.0, 1.0]
    assert prior_scales(columns, others_penalty=25.0).tolist() == pytest.approx([1.0, 0.2])


def test_columns_of_a_cross_section_are_penalised_alike_whatever_their_names():
    columns = (column(USAGE_DAYS_90D, FeatureFamily.ATTRIBUTES), column("shoe_size", FeatureFamily.ATTRIBUTES))

    assert prior_scales(columns, others_penalty=25.0).tolist() == [1.0, 1.0]


def test_contributions_and_bias_add_up_to_the_log_odds_under_unequal_penalties():
    features, outcomes = firm(400, seed=3)
    model = Logistic(n_resamples=0, regularization=10.0).fit(features, outcomes)

    probability = expit(model.contributions(features).sum(axis=1))

    assert probability == pytest.approx(model.score(features, HORIZON_DAYS).value)
    assert outcomes.churned.mean() == pytest.approx(probability.mean(), abs=1e-3)
