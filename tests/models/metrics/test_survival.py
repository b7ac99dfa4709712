"""Figures of curves against tables worked out by hand and against lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from core.errors import BadInput
from core.labels import Labels
from core.risk_curves import RiskCurves
from models.metrics.censoring import Followed
from models.metrics.survival import JudgedCurves, compare_curves, survival_metrics
from tests.models.hazard.lifetime_worlds import true_risk, world

ONCE = np.ones((1, 5))
FIVE = Followed(np.array([10.0, 20.0, 20.0, 30.0, 40.0]), np.array([True, False, True, True, False]))
"Left on the 10th, 20th and 30th day; one was last seen on the 20th, one on the 40th."


def curves_at(risk: np.ndarray, period_days: int = 25) -> RiskCurves:
    return RiskCurves(period_days, risk, np.zeros((*risk.shape, 0)))


def true_curves(n: int, seed: int, observed_days: tuple[int, int] = (60, 400)) -> tuple[RiskCurves, Labels]:
    features, outcomes = world(n, seed, observed_days)
    risk = np.column_stack([true_risk(features, days) for days in range(30, 361, 30)])
    return curves_at(risk, 30), outcomes


def figure(metrics, name: str) -> float:
    return next(metric.estimate.value for metric in metrics if metric.name == name)


def test_the_share_that_stays_is_worked_out_as_by_hand():
    assert [FIVE.staying(ONCE, days)[0] for days in (9, 10, 20, 29, 30, 50)] == pytest.approx(
        [1, 4 / 5, 4 / 5 * 3 / 4, 0.6, 0.6 / 2, 0.3]
    )


def test_who_is_unseen_is_spoken_for_by_who_was_seen_longer():
    gone, there = FIVE.standing_for(ONCE, 25)

    # Of three who were there on the 20th day after the departure, one was seen no longer: G(25) = 2/3.
    assert gone.tolist() == [[1, 0, 1, 0, 0]]
    assert there[0].tolist() == pytest.approx([0, 0, 0, 3 / 2, 3 / 2])


def test_the_brier_score_is_worked_out_as_by_hand():
    risk = np.array([0.9, 0.5, 0.6, 0.4, 0.1])
    judged = JudgedCurves(curves_at(risk[:, None]), FIVE, np.full(5, ""))

    by_hand = (0.1**2 + 0.4**2 + 1.5 * 0.4**2 + 1.5 * 0.1**2) / 5
    assert judged.brier(ONCE, 25)[0] == pytest.approx(by_hand)
    assert judged.integrated_brier(ONCE)[0] == pytest.approx(by_hand / 2)


def test_the_auc_counts_pairs_of_who_left_and_who_stayed_longer():
    risk = np.array([0.9, 0.5, 0.3, 0.4, 0.1])
    judged = JudgedCurves(curves_at(risk[:, None]), FIVE, np.full(5, ""))

    # Left by then: .9 and .3; stayed longer: .4 and .1; three of four pairs are in order.
    assert judged.auc(25)(ONCE)[0] == pytest.approx(3 / 4)


def test_kaplan_meier_agrees_with_lifelines_with_weights_too():
    _, outcomes = world(400, seed=5, observed_days=(20, 400))
    followed, weights = Followed.of(outcomes), np.random.default_rng(1).integers(1, 4, (1, 400)).astype(np.float64)
    reference = KaplanMeierFitter().fit(followed.days, followed.left, weights=weights[0])

    for days in (1, 30, 111, 360):
        assert followed.staying(weights, days)[0] == pytest.approx(reference.survival_function_at_times(days).iloc[0])


def test_risks_by_cause_agree_with_aalen_and_johansen():
    _, outcomes = world(400, seed=5, observed_days=(20, 400))
    followed, price = Followed.of(outcomes), outcomes.cause == "price"
    kinds = np.where(followed.left, np.where(price, 1, 2), 0)
    # Their fitter moves ties apart; ours takes departures before ends of observation on the same day.
    apart = followed.days + np.where(followed.left, np.linspace(0, 0.4, 400), 0.5)
    reference = AalenJohansenFitter(calculate_variance=False).fit(apart, kinds, event_of_interest=1)

    gone, _ = followed.standing_for(np.ones((1, 400)), 300)

    density = reference.cumulative_density_["CIF_1"]
    assert (gone @ price)[0] / 400 == pytest.approx(density[density.index <= 300.5].iloc[-1], abs=2e-3)


def test_who_left_and_who_stayed_speak_for_everybody_together():
    _, outcomes = world(300, seed=6, observed_days=(100, 400))

    gone, there = Followed.of(outcomes).standing_for(np.ones((1, 300)), 90)

    assert gone.sum() + there.sum() == pytest.approx(300)


def test_the_truth_is_well_calibrated_and_a_curve_twice_as_high_is_not():
    curves, outcomes = true_curves(4000, seed=2)
    doubled = curves_at(1 - (1 - curves.risk) ** 2, 30)

    right, wrong = (survival_metrics("m", one, outcomes, n_resamples=20) for one in (curves, doubled))

    for name in ("calibration_error@1m", "calibration_error@3m", "calibration_error@6m", "calibration_error@12m"):
        assert figure(right, name) < 0.03 < figure(wrong, name)
    assert figure(right, "mean_probability@3m") == pytest.approx(figure(right, "observed_rate@3m"), abs=0.03)


def test_the_truth_has_the_better_score_than_the_same_curve_for_all():
    curves, outcomes = true_curves(1500, seed=2)
    alike = curves_at(np.tile(curves.risk.mean(axis=0), (1500, 1)), 30)

    better = compare_curves("truth", "alike", curves, alike, outcomes, n_resamples=50)

    assert better.difference.low > 0
    assert figure(survival_metrics("m", alike, outcomes, n_resamples=5), "auc@6m") == 0.5


def test_figures_hardly_change_where_half_of_the_customers_are_followed_for_shorter():
    whole, cut = (
        survival_metrics("m", *true_curves(4000, seed=3, observed_days=days), n_resamples=5)
        for days in ((360, 401), (60, 400))
    )

    for name in ("integrated_brier", "auc@6m", "brier@6m"):
        assert figure(cut, name) == pytest.approx(figure(whole, name), abs=0.03)


def test_row_order_is_irrelevant():
    curves, outcomes = true_curves(200, seed=4)
    back = np.arange(200)[::-1]

    one, other = (
        survival_metrics("m", curves.take(rows), outcomes.take(rows), n_resamples=2) for rows in (np.arange(200), back)
    )

    assert [m.estimate.value for m in one] == pytest.approx([m.estimate.value for m in other], nan_ok=True)


def test_what_was_followed_for_four_months_is_judged_at_one_and_three():
    curves, outcomes = true_curves(300, seed=4, observed_days=(120, 121))

    names = {metric.name for metric in survival_metrics("m", curves, outcomes, n_resamples=2)}

    assert {"auc@1m", "auc@3m"} <= names
    assert not any(name.endswith(("@6m", "@12m")) for name in names)


def test_rows_that_do_not_match_and_who_was_not_followed_are_refused():
    curves, outcomes = true_curves(20, seed=4)

    with pytest.raises(BadInput, match="not the same rows"):
        survival_metrics("m", curves, outcomes.take(np.arange(10)))
    with pytest.raises(BadInput, match="nobody was followed"):
        survival_metrics("m", curves, outcomes.known_at(outcomes.cutoffs[0] + 20))
