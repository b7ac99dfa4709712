"""A list with variety: caps per category, and maximal marginal relevance (Carbonell & Goldstein 1998).

    chosen next = the largest of (1 - mmr) * relevance - mmr * likeness to the most alike of those chosen

Relevance is the score divided by the best score of its stage. Scores of two stages cannot be compared: the first item
of a later stage is as relevant as the item before it, so relevance alone keeps the order of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.recommendations import Recommendations

CANDIDATES = 4
"Variety chooses among so many times k items, the most relevant ones."


@dataclass(frozen=True)
class Diversity:
    """How much variety is wanted. Raises BadInput where it cannot be meant."""

    at_most_per_category: int | None = None
    "No more items of one category than this; None is no cap."

    mmr: float = 0.0
    "How much variety counts against relevance: 0 is relevance only, 1 variety only."

    def __post_init__(self) -> None:
        if self.at_most_per_category is not None and self.at_most_per_category < 1:
            raise BadInput(f"at_most_per_category is {self.at_most_per_category}; allow at least 1 item of a category")
        if not 0 <= self.mmr <= 1:
            raise BadInput(f"mmr is {self.mmr}; give a number from 0 (relevance only) to 1 (variety only)")


def diversified(
    ask: Callable[[int], Recommendations],
    k: int,
    wanted: Diversity,
    categories: np.ndarray,
    likeness: Callable[[np.ndarray], np.ndarray],
) -> Recommendations:
    """The k items of one history that keep the caps, in the order in which they are chosen.

    `ask` gives its best items, as many as it is told; `categories` is (m,) codes, -1 unknown, which no cap counts;
    `likeness` is the model's `likeness_between`. Scores stay as they were and need not fall any more.
    """
    if k < 1:
        raise BadInput(f"k is {k}; ask for at least 1 recommendation")
    if wanted == Diversity():
        return ask(k)
    found, places, n_found = _candidates(ask, k, wanted.at_most_per_category, categories)
    codes = found.items[0, places]
    relevance = _relevance(found.scores[0, places], found.stages[0, places])
    alike = likeness(codes) if wanted.mmr > 0 else np.zeros((len(codes), len(codes)), dtype=np.float32)
    chosen = _chosen(relevance, alike, categories[codes], k, wanted)
    return _picked(found, places[chosen], k, _shortfall(found, len(chosen), n_found, k, wanted.at_most_per_category))


def _candidates(
    ask: Callable[[int], Recommendations], k: int, cap: int | None, categories: np.ndarray
) -> tuple[Recommendations, np.ndarray, int]:
    """A list that is long enough, the places in it that are chosen among, and how many it holds in all."""
    length = min(CANDIDATES * k, max(k, len(categories)))
    while True:
        found = ask(length)
        n_found = int((found.items[0] >= 0).sum())
        of = categories[found.items[0, :n_found]]
        if n_found < length or length >= len(categories) or _keeping(of, cap) >= k:
            break
        length = min(2 * length, len(categories))
    near = _nth_of_its_category(of) < (n_found if cap is None else CANDIDATES * cap)
    return found, np.flatnonzero(near | (of < 0))[: CANDIDATES * k], n_found


def _keeping(categories: np.ndarray, cap: int | None) -> int:
    """How many of these items keep the cap together."""
    if cap is None:
        return len(categories)
    return int(((_nth_of_its_category(categories) < cap) | (categories < 0)).sum())


def _nth_of_its_category(categories: np.ndarray) -> np.ndarray:
    """How many items of its category stand before each."""
    order = np.argsort(categories, kind="stable")
    grouped = categories[order]
    nth = np.empty(len(categories), dtype=np.int64)
    nth[order] = np.arange(len(categories)) - np.searchsorted(grouped, grouped)
    return nth


def _relevance(scores: np.ndarray, stages: np.ndarray) -> np.ndarray:
    """From 1 down, never rising."""
    relevance, level, begun = np.empty(len(scores)), 1.0, dict[int, tuple[float, float]]()
    for place, (score, stage) in enumerate(zip(scores.tolist(), stages.tolist(), strict=True)):
        first, begins_at = begun.setdefault(stage, (score, level))
        level = min(level, begins_at * score / first) if first > 0 else level
        relevance[place] = level
    return relevance


def _chosen(relevance: np.ndarray, alike: np.ndarray, categories: np.ndarray, k: int, wanted: Diversity) -> list[int]:
    """Places of at most k items, one after the other; of equally good ones the first."""
    cap = len(categories) if wanted.at_most_per_category is None else wanted.at_most_per_category
    open_, nearest, chosen = np.ones(len(categories), dtype=bool), np.zeros(len(categories)), list[int]()
    while len(chosen) < k and open_.any():
        worth = (1 - wanted.mmr) * relevance - wanted.mmr * nearest
        best = int(np.where(open_, worth, -np.inf).argmax())
        chosen.append(best)
        open_[best] = False
        nearest = np.maximum(nearest, alike[best])
        same = categories == categories[best]
        if categories[best] >= 0 and same[chosen].sum() >= cap:
            open_ &= ~same
    return chosen


def _picked(found: Recommendations, places: np.ndarray, k: int, shortfall: str) -> Recommendations:
    """Some places of a list of one history, filled up to k with nothing."""

    def pick(matrix: np.ndarray, nothing: float) -> np.ndarray:
        row = np.full((1, k), nothing, dtype=matrix.dtype)
        row[0, : len(places)] = matrix[0, places]
        return row

    return Recommendations(
        found.customer_ids, found.item_ids, pick(found.items, -1), pick(found.scores, np.nan),
        pick(found.stages, -1), pick(found.contributors, -1), (shortfall,),
    )  # fmt: skip


def _shortfall(found: Recommendations, n: int, n_found: int, k: int, cap: int | None) -> str:
    if n == k:
        return ""
    if n == n_found:
        return found.shortfalls[0]
    return f"only {n} of the {n_found} items left after exclusions keep at most {cap} of a category"
