"""How good recommendations are, out of time: all items ranked, no sampled negatives, figures over customers.

Judged is every customer who bought something in the test span. Relevance is
binary: bought there or not, however often. What the figures are is told at
`accuracy.py` (recall, ndcg, map, mrr, hit_rate; repeats and new items apart;
thirds by activity) and `variety.py` (novelty, diversity, mix of categories).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.errors import BadInput, UnknownName, did_you_mean
from core.interactions import Histories
from core.intervals import Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from core.recommendations import Recommendations
from models.metrics.accuracy import SEGMENTS, accuracy, by_activity, repeats_and_new
from models.metrics.ranking_data import JudgedRankings
from models.metrics.variety import Categories, category_diversity, coverage, diversity, miscalibration, novelty
from models.metrics.weighted import ratio

BY_CUSTOMER = (
    "recall",
    "ndcg",
    "map",
    "mrr",
    "hit_rate",
    "repeat_recall",
    "new_recall",
    "repeat_share",
    "new_share",
    "novelty",
    "diversity",
    *(f"recall_{segment}" for segment in SEGMENTS),
    *(f"ndcg_{segment}" for segment in SEGMENTS),
)
"Figures that are means over customers; those of a customer who has none (no repeat bought, nothing shown) are NaN."

VARIETY = {"novelty": novelty, "diversity": diversity}
"Those of `BY_CUSTOMER` that cost more than counting hits."

BY_CATEGORY = ("category_diversity", "miscalibration")
"Figures of the same kind that need to know which category an item is of."


def ranking_metrics(
    model: str,
    recommendations: Recommendations,
    truth: Histories,
    past: Histories,
    ks: Sequence[int] = (10, 20),
    split: str = "test",
    n_resamples: int = 300,
    seed: int = 0,
    categories: Categories | None = None,
) -> tuple[Metric, ...]:
    """Every figure of `BY_CUSTOMER` and coverage at each k, as 'ndcg@10', with intervals over customers.

    `truth` is what was bought in the test span and `past` what before; customers are found by id, and `past` of
    everybody is what novelty and diversity measure by. With `categories`, the figures of `BY_CATEGORY` as well.
    `coverage` is the share of the catalogue that is shown to anybody; it has no interval, because a resample of
    customers always shows less.

    Raises NotEnoughHistory where nobody bought anything, BadInput where k items were not asked for.
    """
    judged = JudgedRankings.of(recommendations, truth, past)
    metrics: list[Metric] = []
    for k in ks:
        figures = figures_by_customer(judged.first(k), categories)
        found = estimate_intervals(
            _means(np.column_stack(list(figures.values()))), judged.customer_ids, n_resamples=n_resamples, seed=seed
        )
        together = dict(zip(figures, found, strict=True)) | {
            "coverage": Estimate(coverage(judged.first(k)), np.nan, np.nan)
        }
        metrics += [Metric(model, f"{name}@{k}", figure, split) for name, figure in together.items()]
    return tuple(metrics)


def figures_by_customer(judged: JudgedRankings, categories: Categories | None = None) -> dict[str, np.ndarray]:
    """(n,) each figure of `BY_CUSTOMER`, and of `BY_CATEGORY` where categories are known, of the whole lists."""
    figures = {name: _figure(judged, name) for name in VARIETY} | _counted(judged)
    figures = {name: figures[name] for name in BY_CUSTOMER}
    if categories is not None:
        figures["category_diversity"] = category_diversity(judged, categories)
        figures["miscalibration"] = miscalibration(judged, categories)
    return figures


def compare_rankings(
    model: str,
    against: str,
    recommendations: Recommendations,
    recommendations_against: Recommendations,
    truth: Histories,
    past: Histories,
    name: str = "ndcg@10",
    n_resamples: int = 300,
    seed: int = 0,
) -> Comparison:
    """The paired difference of one figure on the same customers; positive means that the first has more of it."""
    one, other, customer_ids = _same_figure(name, recommendations, recommendations_against, truth, past)
    (found,) = estimate_intervals(_means((one - other)[:, None]), customer_ids, n_resamples=n_resamples, seed=seed)
    return Comparison(model, against, name, found)


def share_reached(
    recommendations: Recommendations,
    best: Recommendations,
    truth: Histories,
    past: Histories,
    name: str = "ndcg@10",
    n_resamples: int = 300,
    seed: int = 0,
) -> Estimate:
    """One figure's mean over that of the best that there can be, on the same customers; both are resampled together."""
    one, other, customer_ids = _same_figure(name, recommendations, best, truth, past)
    has = np.isfinite(one) & np.isfinite(other)
    sums = np.column_stack([np.where(has, one, 0), np.where(has, other, 0)])

    def share(weights: np.ndarray) -> np.ndarray:
        reached, reachable = (weights @ sums).T
        return ratio(reached, reachable)[:, None]

    (found,) = estimate_intervals(share, customer_ids, n_resamples=n_resamples, seed=seed)
    return found


def _same_figure(
    name: str, recommendations: Recommendations, others: Recommendations, truth: Histories, past: Histories
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) 'ndcg@10' of both for each customer, and who they are."""
    figure, _, k = name.partition("@")
    if figure not in BY_CUSTOMER or not k.isdecimal():
        known = [f"{one}@10" for one in BY_CUSTOMER]
        raise UnknownName(f"recommenders are not compared by '{name}'{did_you_mean(name, known)}")
    both = [JudgedRankings.of(answers, truth, past).first(int(k)) for answers in (recommendations, others)]
    if not np.array_equal(both[0].customer_ids, both[1].customer_ids):
        raise BadInput("the two recommendations are not of the same customers in the same order; align them")
    one, other = (_figure(judged, figure) for judged in both)
    return one, other, both[0].customer_ids


def _figure(judged: JudgedRankings, name: str) -> np.ndarray:
    """(n,) one figure of `BY_CUSTOMER`."""
    return VARIETY[name](judged) if name in VARIETY else _counted(judged)[name]


def _counted(judged: JudgedRankings) -> dict[str, np.ndarray]:
    return accuracy(judged) | repeats_and_new(judged) | by_activity(judged)


def _means(figures: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Weighted means of each column over the rows that have it: weights (samples, n) to (samples, columns)."""
    has = np.isfinite(figures)
    values = np.where(has, figures, 0.0)
    return lambda weights: ratio(weights @ values, weights @ has)
