"""Survival metrics agree with tables computed by hand and with lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from core.errors import BadInput
from core.labels import Labels
from core.risk_curves import RiskCurves
from models.metrics.survival import CensoredTimes, EvaluatedCurves, compare_curves, survival_metrics
from tests.models.hazard.lifetime_worlds import true_risk, world

ONCE = np.ones((1, 5))
FIVE = CensoredTimes(np.array([10.0, 20.0, 20.0, 30.0, 40.0]), np.array([True, False, True, True, False]))
"Churned on day 10, 20 and 30; one was last observed on day 20, one on day 40."


def curves_at(risk: np.ndarray, period_days: int = 25) -> RiskCurves:
    return RiskCurves(period_days=period_days, risk=risk, by_cause=np.zeros((*risk.shape, 0)))


def true_curves(n: int, seed: int, observed_days: tuple[int, int] = (60, 400)) -> tuple[RiskCurves, Labels]:
    features, outcomes = world(n, seed, observed_days)
    risk = np.column_stack([true_risk(features, days) for days in range(30, 361, 30)])
    return curves_at(risk, 30), outcomes


def value_of(metrics, name: str) -> float:
    return next(metric.estimate.value for metric in metrics if metric.name == name)


def test_survival_agrees_with_a_computation_by_hand():
    assert [FIVE.survival(ONCE, days)[0] for days in (9, 10, 20, 29, 30, 50)] == pytest.approx(
        [1, 4 / 5, 4 / 5 * 3 / 4, 0.6, 0.6 / 2, 0.3]
    )


def test_customers_who_were_observed_longer_represent_the_censored_ones():
    churned, stayed = FIVE.ipc_weights(ONCE, 25)

    # Of three customers at risk on day 20 after the churn, one was censored: G(25) = 2/3.
    assert churned.tolist() == [[1, 0, 1, 0, 0]]
    assert stayed[0].tolist() == pytest.approx([0, 0, 0, 3 / 2, 3 / 2])


def test_the_brier_score_agrees_with_a_computation_by_hand():
    risk = np.array([0.9, 0.5, 0.6, 0.4, 0.1])
    evaluated = EvaluatedCurves(curves_at(risk[:, None]), FIVE, np.full(5, ""))

    by_hand = (0.1**2 + 0.4**2 + 1.5 * 0.4**2 + 1.5 * 0.1**2) / 5
    assert evaluated.brier(ONCE, 25)[0] == pytest.approx(by_hand)
    assert evaluated.integrate_brier(ONCE)[0] == pytest.approx(by_hand / 2)


def test_the_scores_of_rows_average_to_the_integrated_brier_score():
    curves, outcomes = true_curves(300, seed=5)
    evaluated = EvaluatedCurves.of(curves, outcomes)

    assert evaluated.score_rows().mean() == pytest.approx(evaluated.integrate_brier(np.ones((1, len(outcomes))))[0])


def test_the_auc_counts_pairs_of_churned_and_retained_customers():
    risk = np.array([0.9, 0.5, 0.3, 0.4, 0.1])
    evaluated = EvaluatedCurves(curves_at(risk[:, None]), FIVE, np.full(5, ""))

    # Churned by then: .9 and .3; stayed longer: .4 and .1; three of four pairs are in order.
    assert evaluated.auc(25)(ONCE)[0] == pytest.approx(3 / 4)


def test_weighted_kaplan_meier_agrees_with_lifelines():
    _, outcomes = world(400, seed=5, observed_days=(20, 400))
    times, weights = CensoredTimes.of(outcomes), np.random.default_rng(1).integers(1, 4, (1, 400)).astype(np.float64)
    reference = KaplanMeierFitter().fit(times.days, times.is_event, weights=weights[0])

    for days in (1, 30, 111, 360):
        assert times.survival(weights, days)[0] == pytest.approx(reference.survival_function_at_times(days).iloc[0])


def test_risks_by_cause_agree_with_aalen_and_johansen():
    _, outcomes = world(400, seed=5, observed_days=(20, 400))
    times, is_price = CensoredTimes.of(outcomes), outcomes.cause == "price"
    events = np.where(times.is_event, np.where(is_price, 1, 2), 0)
    # lifelines shifts ties; ours puts churn before the end of observation on one day.
    apart = times.days + np.where(times.is_event, np.linspace(0, 0.4, 400), 0.5)
    reference = AalenJohansenFitter(calculate_variance=False).fit(apart, events, event_of_interest=1)

    churned, _ = times.ipc_weights(np.ones((1, 400)), 300)

    density = reference.cumulative_density_["CIF_1"]
    assert (churned @ is_price)[0] / 400 == pytest.approx(density[density.index <= 300.5].iloc[-1], abs=2e-3)


def test_the_weights_of_churned_and_retained_customers_add_up_to_all():
    _, outcomes = world(300, seed=6, observed_days=(100, 400))

    churned, stayed = CensoredTimes.of(outcomes).ipc_weights(np.ones((1, 300)), 90)

    assert churned.sum() + stayed.sum() == pytest.approx(300)


def test_the_truth_is_well_calibrated_and_a_curve_twice_as_high_is_not():
    curves, outcomes = true_curves(4000, seed=2)
    doubled = curves_at(1 - (1 - curves.risk) ** 2, 30)

    right, wrong = (survival_metrics("m", one, outcomes=outcomes, n_resamples=20) for one in (curves, doubled))

    for name in ("calibration_error@1m", "calibration_error@3m", "calibration_error@6m", "calibration_error@12m"):
        assert value_of(right, name) < 0.03 < value_of(wrong, name)
    assert value_of(right, "mean_probability@3m") == pytest.approx(value_of(right, "observed_rate@3m"), abs=0.03)


def test_the_truth_scores_better_than_one_curve_for_all():
    curves, outcomes = true_curves(1500, seed=2)
    alike = curves_at(np.tile(curves.risk.mean(axis=0), (1500, 1)), 30)

    better = compare_curves("truth", "alike", curves=curves, curves_against=alike, outcomes=outcomes, n_resamples=50)

    assert better.difference.low > 0
    assert value_of(survival_metrics("m", alike, outcomes=outcomes, n_resamples=5), "auc@6m") == 0.5


def test_metrics_hardly_change_where_half_of_the_customers_are_observed_for_less_time():
    worlds = (true_curves(4000, seed=3, observed_days=days) for days in ((360, 401), (60, 400)))
    whole, cut = (survival_metrics("m", curves, outcomes=outcomes, n_resamples=5) for curves, outcomes in worlds)

    for name in ("integrated_brier", "auc@6m", "brier@6m"):
        assert value_of(cut, name) == pytest.approx(value_of(whole, name), abs=0.03)


def test_the_order_of_rows_does_not_matter():
    curves, outcomes = true_curves(200, seed=4)
    back = np.arange(200)[::-1]

    one, other = (
        survival_metrics("m", curves.take(rows), outcomes=outcomes.take(rows), n_resamples=2)
        for rows in (np.arange(200), back)
    )

    assert [m.estimate.value for m in one] == pytest.approx([m.estimate.value for m in other], nan_ok=True)


def test_customers_observed_for_four_months_are_evaluated_at_one_and_three():
    curves, outcomes = true_curves(300, seed=4, observed_days=(120, 121))

    names = {metric.name for metric in survival_metrics("m", curves, outcomes=outcomes, n_resamples=2)}

    assert {"auc@1m", "auc@3m"} <= names
    assert not any(name.endswith(("@6m", "@12m")) for name in names)


def test_rows_that_do_not_match_and_rows_without_observation_are_refused():
    curves, outcomes = true_curves(20, seed=4)

    with pytest.raises(BadInput, match="not the same rows"):
        survival_metrics("m", curves, outcomes=outcomes.take(np.arange(10)))
    with pytest.raises(BadInput, match="no customer was observed"):
        survival_metrics("m", curves, outcomes=outcomes.censor(outcomes.cutoffs[0] + 20))
