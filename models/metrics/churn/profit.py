"""What acting on the scores earns: expected maximum profit (EMPC), maximum profit and savings.

Customers are contacted by falling churn probability down to a share of them. With the save rate s, the contacts earn

    profit(share, s) = mean over customers of  contacted * (churned * (s * (value - d) + d) - d - f)

where d is the cost of the incentive and f that of a contact; see `core.retention`.

    max_profit   max over shares of profit(share, mean s)
    empc         E[max over shares of profit(share, s)], s ~ Beta     (Verbraken, Verbeke and Baesens 2013)
    savings      1 - cost / min(cost of contacting no customer, cost of contacting all)   (Bahnsen et al. 2015)

where each customer has the value of their own (with one value for all, these are the textbook's), and the cost of
savings is that of contacting the customers whose expected net value is above 0. `empc_share` is E[best share]. Amounts
are per customer, in the base currency.

    profit
      |          __ empc: the upper edge of one line per share, averaged over s
      |        _/
      |    __--       max over shares of a convex function that is linear between its corners
      +----------- s

So the mean of s in each of `N_CELLS` equally likely cells gives the integral exactly, but for cells with a corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

from core.intervals import N_RESAMPLES, estimate_intervals
from core.labels import Labels
from core.model_card import ContactProfit
from core.retention import RetentionTerms, RetentionValues, rank_by_net_value
from core.scores import Scores
from models.metrics.churn.data import ChurnMetric, ChurnMetricFamily, ScoredRows, WeightedRows
from models.metrics.weighted import ratio

N_CELLS = 200
MAX_CUTS = 1_000
"Shares that are tried, evenly over the customers; with fewer distinct scores, each."


def evaluate(weighted: WeightedRows) -> dict[str, NDArray[np.float64]]:
    """(samples,) EMPC and the maximum profit, each with its share of customers to contact, and savings."""
    rows = weighted.rows
    assert rows.retention is not None
    lines, terms = _ProfitLines.of(weighted, rows.retention), rows.retention.terms
    empc, empc_share = lines.mean_of_best(mean_save_rates(terms))
    best, best_share = lines.mean_of_best(np.array([terms.save_rate]))
    decided, none, every = (weighted.weights @ decision_costs(rows, rows.retention)).T
    lowest = np.minimum(none, every)
    return {
        "empc": empc,
        "empc_share": empc_share,
        "max_profit": best,
        "max_profit_share": best_share,
        "savings": ratio(lowest - decided, lowest),
    }


def mean_save_rates(terms: RetentionTerms, n_cells: int = N_CELLS) -> NDArray[np.float64]:
    """The mean save rate in each of equally likely cells of its Beta distribution, (n_cells,); of one where it is sure.

    E[s; s < x] of Beta(a, b) is the mean a / (a + b) times the distribution function of Beta(a + 1, b) at x.
    """
    a, b = terms.save_rate * terms.save_rate_customers, (1 - terms.save_rate) * terms.save_rate_customers
    if a == 0 or b == 0:
        return np.array([terms.save_rate])
    edges = betaincinv(a, b, np.linspace(0, 1, n_cells + 1))
    return terms.save_rate * np.diff(betainc(a + 1, b, edges)) * n_cells


def contact_profits(rows: ScoredRows, retention: RetentionValues) -> NDArray[np.float64]:
    """What contacting each customer earned with the mean save rate, (n,), base currency."""
    terms, churned = retention.terms, rows.churned.astype(np.float64)
    return terms.net_values(churned, retention.values)


def decision_costs(rows: ScoredRows, retention: RetentionValues) -> NDArray[np.float64]:
    """(n, 3) the cost of each customer where those are contacted whom it pays to contact, where none is, and all."""
    lost, earned = rows.churned * retention.values, contact_profits(rows, retention)
    pays = retention.terms.net_values(rows.probability, retention.values) > 0
    return np.column_stack([lost - pays * earned, lost, lost - earned])


def measure_contacts(
    scores: Scores,
    outcomes: Labels,
    *,
    retention: RetentionValues,
    capacity: int | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[ContactProfit, ...]:
    """What it earns to contact all, those whom it pays to contact, and those within a capacity, with intervals."""
    rows = ScoredRows(scores.value, outcomes.churned, retention)
    net_values = retention.terms.net_values(scores.value, retention.values)
    groups = {"all customers": np.ones(len(scores), np.bool_), "expected net value above 0": net_values > 0}
    if capacity is not None:
        within = (net_values > 0) & (rank_by_net_value(net_values) < capacity)
        groups[f"the {capacity:,} with the highest expected net value above 0"] = within
    contacted = np.column_stack(list(groups.values())).astype(np.float64)
    parts = np.hstack([contacted, contacted * contact_profits(rows, retention)[:, None]])

    def means(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return weights @ parts / weights.sum(axis=1, keepdims=True)

    estimates = estimate_intervals(means, outcomes.customer_ids, n_resamples=n_resamples, seed=seed)
    shares, profits = estimates[: len(groups)], estimates[len(groups) :]
    return tuple(
        ContactProfit(contacted=name, share=share, profit=profit)
        for name, share, profit in zip(groups, shares, profits, strict=True)
    )


@dataclass(frozen=True)
class _ProfitLines:
    """Profit per customer as a line in the save rate, for each share of customers; arrays are (samples, shares)."""

    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, weighted: WeightedRows, retention: RetentionValues) -> _ProfitLines:
        """The lines of every share that ends between two scores, from no customer to all; at most `MAX_CUTS`."""
        terms, ranking = retention.terms, weighted.rows.ranking
        ends = np.append(ranking.starts[1:], len(ranking.order)) - 1
        if len(ends) > MAX_CUTS:
            ends = ends[np.unique(np.searchsorted(ends, np.linspace(0, ends[-1], MAX_CUTS)))]
        weights = weighted.weights[:, ranking.order]

        def totals(per_row: NDArray[np.float64]) -> NDArray[np.float64]:
            sums = np.cumsum(weights * per_row, axis=1)[:, ends]
            return np.pad(sums, ((0, 0), (1, 0))) / weighted.total[:, None]

        return cls(
            totals(ranking.churned * (retention.values[ranking.order] - terms.offer_cost)),
            totals(ranking.churned * terms.offer_cost - terms.offer_cost - terms.contact_cost),
            totals(np.ones(len(ranking.order))),
        )

    def mean_of_best(self, save_rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The profit of the best share, and that share, (samples,) each: means over equally likely save rates."""
        samples = np.arange(len(self.slope))
        profit, shares = np.zeros(len(samples)), np.zeros(len(samples))
        for save_rate in save_rates:
            of_shares = save_rate * self.slope + self.intercept
            best = of_shares.argmax(axis=1)
            profit += of_shares[samples, best]
            shares += self.share[samples, best]
        return profit / len(save_rates), shares / len(save_rates)


METRICS = ChurnMetricFamily(
    (
        ChurnMetric("empc", "higher", is_distance=True),
        ChurnMetric("empc_share"),
        ChurnMetric("max_profit", "higher", is_distance=True),
        ChurnMetric("max_profit_share"),
        ChurnMetric("savings", "higher"),
    ),
    evaluate,
    needs_money=True,
)
