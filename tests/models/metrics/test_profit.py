"""Profit of acting on scores, against tables worked by hand and numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from core.retention import RetentionTerms, RetentionValues
from models.metrics.churn.data import ScoredRows, WeightedRows
from models.metrics.churn.profit import MAX_CUTS, evaluate, mean_save_rates
from models.metrics.classification import churn_metrics, metric_names
from tests.models.churn.worlds import outcomes_of
from tests.models.metrics.test_classification import scores_of

LITERATURE = RetentionTerms(
    save_rate=0.3, save_rate_customers=20, offer_cost=10, contact_cost=1, median_value=200, sources={}
)


def profit_of(
    probability: np.ndarray, churned: np.ndarray, *, values: np.ndarray | None = None, terms=LITERATURE
) -> dict[str, float]:
    values = np.full(len(churned), 200.0) if values is None else values
    rows = ScoredRows(probability, churned, RetentionValues(terms, values))
    return {name: float(value[0]) for name, value in evaluate(WeightedRows(rows, np.ones((1, len(churned))))).items()}


def integrate_by_hand(
    probability: np.ndarray, churned: np.ndarray, *, values: np.ndarray, terms: RetentionTerms
) -> tuple[float, float]:
    """EMPC and its share by the definition: the best cut-off for every save rate, integrated numerically."""
    order = np.argsort(-probability, kind="stable")
    ends = np.flatnonzero(np.diff(probability[order], append=-1.0))
    a, b = terms.save_rate * terms.save_rate_customers, (1 - terms.save_rate) * terms.save_rate_customers

    def best(save_rate: float) -> tuple[float, float]:
        earned = np.where(churned, save_rate * (values - terms.offer_cost), -terms.offer_cost) - terms.contact_cost
        profits = np.append(0.0, np.cumsum(earned[order])[ends]) / len(churned)
        return profits.max(), np.append(0, ends + 1)[profits.argmax()] / len(churned)

    grid = np.linspace(0, 1, 20_001)
    density = stats.beta.pdf(grid, a, b)
    profits, shares = np.array([best(one) for one in grid]).T
    return float(integrate.simpson(profits * density, x=grid)), float(integrate.simpson(shares * density, x=grid))


def noisy_scores(n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probability = random.beta(1, 4, n)
    return np.round(probability, 2), random.random(n) < probability


def test_the_maximum_profit_is_that_of_the_table_worked_by_hand():
    """A churner earns 0.3 x 190 - 1 = 56, another customer costs 11.

    probability   .9   .8   .6   .3   .1
    churned        x         x
    total         56   45  101   90   79      best: three of five, 101 / 5 each
    """
    values = profit_of(np.array([0.9, 0.8, 0.6, 0.3, 0.1]), np.array([True, False, True, False, False]))

    assert (values["max_profit"], values["max_profit_share"]) == (pytest.approx(101 / 5), pytest.approx(0.6))


def test_savings_are_those_of_the_table_worked_by_hand():
    """Thresholds 11 / (0.3 x 190 + 10) = .164 and, where the value is 50, 11 / (0.3 x 40 + 10) = .5.

    probability   value  churned   contacted   cost         if none is   if all are
    .9             200      x          x       200 - 56          200         144
    .4              50      x                  50                 50    50 - 11 = 39
    .3             200                 x       11                  0          11
    .1, twice      200                          0                  0          22
    total                                     205                250         216
    """
    values = profit_of(
        np.array([0.9, 0.4, 0.3, 0.1, 0.1]),
        np.array([True, True, False, False, False]),
        values=np.array([200.0, 50.0, 200.0, 200.0, 200.0]),
    )

    assert values["savings"] == pytest.approx((216 - 205) / 216)
    perfect = profit_of(np.array([0.9, 0.0]), np.array([True, False]))
    assert perfect["savings"] == pytest.approx((155 - 144) / 155)


def test_empc_agrees_with_numerical_integration():
    probability, churned = noisy_scores(300)
    values = np.full(300, 200.0)

    computed = profit_of(probability, churned)
    empc, share = integrate_by_hand(probability, churned, values=values, terms=LITERATURE)

    assert computed["empc"] == pytest.approx(empc, rel=1e-4)
    assert computed["empc_share"] == pytest.approx(share, abs=0.005)
    assert computed["empc"] >= computed["max_profit"]


def test_empc_agrees_with_numerical_integration_where_each_customer_has_a_value_of_their_own():
    probability, churned = noisy_scores(200, seed=4)
    values = np.random.default_rng(4).lognormal(4, 1, 200)
    terms = RetentionTerms(
        save_rate=0.5, save_rate_customers=4, offer_cost=3, contact_cost=2, median_value=50, sources={}
    )

    computed = profit_of(probability, churned, values=values, terms=terms)

    empc, share = integrate_by_hand(probability, churned, values=values, terms=terms)
    assert computed["empc"] == pytest.approx(empc, rel=1e-4)
    assert computed["empc_share"] == pytest.approx(share, abs=0.005)


def test_a_save_rate_that_is_certain_gives_the_maximum_profit():
    probability, churned = noisy_scores(100)
    for save_rate in (0.0, 1.0):
        terms = RetentionTerms(
            save_rate=save_rate, save_rate_customers=20, offer_cost=10, contact_cost=1, median_value=200, sources={}
        )
        values = profit_of(probability, churned, terms=terms)
        assert values["empc"] == values["max_profit"]


def test_the_cells_of_the_save_rate_have_its_mean():
    assert mean_save_rates(LITERATURE).mean() == pytest.approx(0.3)
    assert (np.diff(mean_save_rates(LITERATURE)) > 0).all()


def test_many_scores_are_thinned_to_shares_that_hardly_change_the_profit():
    n = 20 * MAX_CUTS
    random = np.random.default_rng(5)
    probability = random.permutation(n) / n / 2
    churned = random.random(n) < probability
    order = np.argsort(-probability)
    exact = np.cumsum(np.where(churned, 56, -11)[order]).max() / n

    values = profit_of(probability, churned)

    assert values["max_profit"] == pytest.approx(exact, rel=1e-3)
    assert values["max_profit"] <= exact


def test_scores_that_rank_nothing_right_earn_nothing_where_contacting_all_costs_more_than_it_keeps():
    churned = np.arange(100) < 5

    worst = profit_of(1.0 - churned, churned)

    assert (worst["empc"], worst["max_profit"], worst["max_profit_share"]) == (pytest.approx(0), 0, 0)
    assert worst["savings"] < 0


def test_metrics_in_money_have_intervals_by_customer_and_are_left_out_without_values():
    probability, churned = noisy_scores(400)
    outcomes = outcomes_of(churned)
    retention = RetentionValues(LITERATURE, np.full(400, 200.0))

    with_money = churn_metrics(
        "any", scores_of(probability, outcomes), outcomes=outcomes, retention=retention, n_resamples=50
    )

    figures = {metric.name: metric.estimate for metric in with_money}
    assert tuple(figures) == metric_names(with_money=True)
    assert set(figures) - set(metric_names()) == {"empc", "empc_share", "max_profit", "max_profit_share", "savings"}
    for name in ("empc", "max_profit", "savings"):
        assert figures[name].low < figures[name].value < figures[name].high


def test_the_same_customers_in_two_groups_are_measured_in_each():
    probability, churned = noisy_scores(100)
    twice = np.tile(churned, 2)
    outcomes = outcomes_of(twice)
    metrics = churn_metrics(
        "any",
        scores_of(np.tile(probability, 2), outcomes),
        outcomes=outcomes,
        groups=np.repeat([0, 1], 100),
        retention=RetentionValues(LITERATURE, np.full(200, 200.0)),
        n_resamples=2,
    )

    empc = next(metric.estimate.value for metric in metrics if metric.name == "empc")
    assert empc == pytest.approx(profit_of(probability, churned)["empc"])
