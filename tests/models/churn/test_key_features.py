"""A logistic regression expects more of the key features than of the many that repeat them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from core.feature_names import DAYS_SINCE_LAST_USAGE, MRR_CHANGE_365D, USAGE_DAYS_90D, FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from models.churn.customer_folds import TrainingRows
from models.churn.design_matrix import DesignMatrix
from models.churn.key_features import KEY_FEATURES, Penalties, RidgePrior
from models.churn.logistic import PENALTIES_OF_FEW, Logistic
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

    assert {one.others_penalty for one in Logistic().penalties(rows)} == {1.0}
    assert Logistic().penalties(few) == PENALTIES_OF_FEW


def prior_of(columns: tuple[FeatureColumn, ...], *, others: float, shared: float | None = None) -> RidgePrior:
    matrix = DesignMatrix.fit(np.random.default_rng(0).normal(size=(50, len(columns))), columns)
    return RidgePrior.of(columns, matrix, penalties=Penalties(2.0, others, shared))


def test_with_a_penalty_of_one_all_features_are_penalised_alike():
    columns = (column(USAGE_DAYS_90D), column("shoe_size"))

    assert prior_of(columns, others=1.0).penalties.tolist() == [2.0, 2.0]
    assert prior_of(columns, others=25.0).penalties.tolist() == [2.0, 50.0]


def test_columns_of_a_cross_section_are_penalised_alike_whatever_their_names():
    columns = (column(USAGE_DAYS_90D, FeatureFamily.ATTRIBUTES), column("shoe_size", FeatureFamily.ATTRIBUTES))
    prior = prior_of(columns, others=25.0, shared=0.1)

    assert prior.penalties.tolist() == [2.0, 2.0]
    assert prior.directions is None


def test_the_shared_weight_moves_all_key_features_in_their_directions_and_no_others():
    columns = (column(DAYS_SINCE_LAST_USAGE), column(USAGE_DAYS_90D), column(MRR_CHANGE_365D), column("shoe_size"))
    prior = prior_of(columns, others=25.0, shared=0.25)

    assert prior.penalties.tolist() == [2.0, 2.0, 2.0, 50.0, 0.25]
    assert prior.combine(np.array([0.0, 0.1, 0.0, 0.0, 3.0, -2.0])).tolist() == pytest.approx([1.5, -1.4, 0, 0, -2])


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6))
def test_expanded_columns_times_weights_are_the_design_times_the_combined_weights(weights: list[float]):
    columns = (column(DAYS_SINCE_LAST_USAGE), column(USAGE_DAYS_90D), column(MRR_CHANGE_365D), column("shoe_size"))
    prior = prior_of(columns, others=9.0, shared=0.1)
    design, given_weights = np.random.default_rng(1).normal(size=(20, 4)), np.array(weights)

    combined = prior.combine(given_weights)

    assert prior.expand(design) @ given_weights[:-1] == pytest.approx(design @ combined[:-1], abs=1e-9)
    assert combined[-1] == given_weights[-1]


def test_many_weak_key_features_are_worth_more_together_than_each_by_itself_in_a_small_firm():
    """Twelve key features each say a little in the expected direction; 24 others say nothing."""
    names = [name for name, direction in KEY_FEATURES.items() if direction][:12]
    directions = np.array([KEY_FEATURES[name] for name in names])
    columns = (*(column(name) for name in names), *(column(f"noise_{place}") for place in range(24)))

    def rows(n: int, seed: int) -> tuple[FeatureTable, Labels]:
        random = np.random.default_rng(seed)
        values = random.normal(0.0, 1.0, (n, len(columns)))
        outcomes = outcomes_of(random.random(n) < expit(-2.5 + 0.3 * values[:, :12] @ directions))
        return FeatureTable(outcomes.customer_ids, outcomes.cutoffs, values, columns), outcomes

    features, outcomes = rows(4000, seed=4)

    def auc(model: Logistic) -> float:
        return float(roc_auc_score(outcomes.churned, model.fit(*rows(300, seed=5)).score(features, HORIZON_DAYS).value))

    assert auc(Logistic(n_resamples=0)) > auc(Logistic(n_resamples=0, regularization=300.0)) + 0.03


def test_the_averaged_model_of_few_customers_predicts_by_the_average_of_its_ridges():
    features, outcomes = firm(400, seed=6)
    model = Logistic(n_resamples=0, calibrated=True).fit(features, outcomes)

    probability = expit(model.contributions(features).sum(axis=1))

    assert np.isfinite(model.held_out_).all()
    assert probability == pytest.approx(model.score(features, HORIZON_DAYS).value)


def test_contributions_and_bias_add_up_to_the_log_odds_under_unequal_penalties():
    features, outcomes = firm(400, seed=3)
    model = Logistic(n_resamples=0, regularization=10.0).fit(features, outcomes)

    probability = expit(model.contributions(features).sum(axis=1))

    assert probability == pytest.approx(model.score(features, HORIZON_DAYS).value)
    assert outcomes.churned.mean() == pytest.approx(probability.mean(), abs=1e-3)
