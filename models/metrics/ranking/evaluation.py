"""Evaluation of recommendations on purchases after the cutoff, with bootstrap intervals over customers.

All items are ranked, without sampled negatives. Every customer with a purchase in the test period counts.
Relevance is binary: bought or not, however often. The metrics are defined in the modules of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.errors import BadInput, UnknownName, did_you_mean
from core.interactions import Histories
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from models.metrics.ranking.data import Categories, MetricFamily, RankingData
from models.metrics.ranking.splits import EvaluationProtocol
from models.metrics.ranking.variety import coverage
from models.metrics.weighted import ratio

METRIC_FAMILIES: Catalogue[MetricFamily] = Catalogue.of_folder(
    "models.metrics.ranking",
    attribute="METRICS",
    first=("accuracy", "repeats", "variety", "activity", "categories"),
)
"A module that defines `METRICS` is a family; the order is that of reports."

PROTOCOLS: Catalogue[type[EvaluationProtocol]] = Catalogue.of_folder(
    "models.metrics.ranking.protocols", attribute="PROTOCOL"
)
"A module that defines `PROTOCOL` is a protocol of the module's name."


def metric_names(*, with_categories: bool = False) -> tuple[str, ...]:
    """The metrics that are means over customers, without '@k'; those that need categories only with them."""
    families = METRIC_FAMILIES.values()
    return tuple(name for one in families if with_categories or not one.needs_categories for name in one.names)


def ranking_metrics(
    model: str,
    recommendations: Recommendations,
    *,
    truth: Histories,
    past: Histories,
    ks: Sequence[int] = (10, 20),
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    categories: Categories | None = None,
) -> tuple[Metric, ...]:
    """Every metric and coverage at each k, named like 'ndcg@10', with intervals over customers.

    `truth` is what was bought in the test period and `past` what before it; customers are matched by id. Novelty and
    diversity are measured on the `past` of all customers. Coverage has no interval, because a resample of customers
    always covers fewer items.

    Raises NotEnoughHistory where no customer bought anything, BadInput where the lists are shorter than a k.
    """
    data = RankingData.align(recommendations, truth=truth, past=past)
    metrics: list[Metric] = []
    for k in ks:
        columns = metrics_by_customer(data.truncate(k), categories)
        means = estimate_intervals(
            _means(np.column_stack(list(columns.values()))), data.customer_ids, n_resamples=n_resamples, seed=seed
        )
        by_name = dict(zip(columns, means, strict=True)) | {
            "coverage": Estimate(coverage(data.truncate(k)), np.nan, np.nan)
        }
        metrics += [
            Metric(model=model, name=f"{name}@{k}", estimate=estimate, split=split)
            for name, estimate in by_name.items()
        ]
    return tuple(metrics)


def metrics_by_customer(data: RankingData, categories: Categories | None = None) -> dict[str, NDArray[np.float64]]:
    """(n,) values of every metric over the whole lists; those that need categories only where they are given."""
    columns: dict[str, NDArray[np.float64]] = {}
    for family in METRIC_FAMILIES.values():
        if categories is not None or not family.needs_categories:
            values = family.compute(data, categories)
            columns |= {name: values[name] for name in family.names}
    return columns


def compare_rankings(
    model: str,
    against: str,
    *,
    recommendations: Recommendations,
    recommendations_against: Recommendations,
    truth: Histories,
    past: Histories,
    name: str = "ndcg@10",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """The paired difference of one metric on the same customers; positive where the first model has more of it."""
    one, other, customer_ids = _same_metric(
        name, recommendations, others=recommendations_against, truth=truth, past=past
    )
    (difference,) = estimate_intervals(_means((one - other)[:, None]), customer_ids, n_resamples=n_resamples, seed=seed)
    return Comparison(model=model, against=against, name=name, difference=difference)


def share_of_best(
    recommendations: Recommendations,
    best: Recommendations,
    *,
    truth: Histories,
    past: Histories,
    name: str = "ndcg@10",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """A metric's mean divided by that of the best possible lists, on the same customers; both resampled together."""
    one, other, customer_ids = _same_metric(name, recommendations, others=best, truth=truth, past=past)
    has_both = np.isfinite(one) & np.isfinite(other)
    sums = np.column_stack([np.where(has_both, one, 0), np.where(has_both, other, 0)])

    def share(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        reached, reachable = (weights @ sums).T
        return ratio(reached, reachable)[:, None]

    (estimate,) = estimate_intervals(share, customer_ids, n_resamples=n_resamples, seed=seed)
    return estimate


def _same_metric(
    name: str, recommendations: Recommendations, *, others: Recommendations, truth: Histories, past: Histories
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """(n,) values of a metric such as 'ndcg@10' for both recommendations, and the customer ids."""
    metric, _, k = name.partition("@")
    comparable = metric_names()
    if metric not in comparable or not k.isdecimal():
        raise UnknownName(
            f"recommenders are not compared by '{name}'{did_you_mean(name, [f'{each}@10' for each in comparable])}"
        )
    both = [RankingData.align(each, truth=truth, past=past).truncate(int(k)) for each in (recommendations, others)]
    if not np.array_equal(both[0].customer_ids, both[1].customer_ids):
        raise BadInput("the two recommendations are not for the same customers in the same order; align them")
    family = next(each for each in METRIC_FAMILIES.values() if metric in each.names)
    one, other = (family.compute(data, None)[metric] for data in both)
    return one, other, both[0].customer_ids


def _means(columns: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Weighted mean of each column over the rows that have a value: (samples, n) weights to (samples, columns)."""
    has_value = np.isfinite(columns)
    values = np.where(has_value, columns, 0.0)
    return lambda weights: ratio(weights @ values, weights @ has_value)
