"""Which past purchases explain a recommended item: exact shares, computed from the models' own sums.

    share of a past item = its contribution to the score / sum of all contributions above zero

A contribution below zero counts against the item; its share is 0. Items that the similarity model added to a list are
explained by the similarity model.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.scoring import ScoringRecommender

ItemContributions = list[tuple[int, float]]
"Codes of past items with their shares, the largest share first."


def contribution_shares(
    model: Recommender, histories: Histories, *, row: int, items: NDArray[np.integer], cutoff: date
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The different past items of one row, (h,) codes, and their shares in the scores of some items, (h, j).

    A column sums to 1, or to 0 where no past item contributes.
    """
    past = np.unique(histories.items[int(histories.indptr[row]) : int(histories.indptr[row + 1])])
    positive = np.zeros((len(past), len(items)))
    for each in (model, model.similarity_model_):
        unexplained = np.flatnonzero(positive.sum(axis=0) <= 0)
        if isinstance(each, ScoringRecommender) and len(unexplained) and len(past):
            codes, contributions = each.contributions(histories, row, items=items[unexplained], cutoff=cutoff)
            positive[np.searchsorted(past, codes)[:, None], unexplained] = np.maximum(contributions, 0)
    return past, positive / np.where(positive.sum(axis=0) > 0, positive.sum(axis=0), 1)


def top_contributions(past: NDArray[np.int32], shares: NDArray[np.float64], *, n: int) -> list[ItemContributions]:
    """For each column of the shares the n past items with the largest shares above zero, ties by code."""
    order = np.argsort(-shares, axis=0, kind="stable")[:n]
    return [
        [(int(past[place]), float(min(column[place], 1.0))) for place in places if column[place] > 0]
        for places, column in zip(order.T, shares.T, strict=True)
    ]


def contributor_shares(
    model: Recommender,
    histories: Histories,
    *,
    items: NDArray[np.integer],
    contributors: NDArray[np.integer],
    cutoff: date,
) -> NDArray[np.float32]:
    """(n, k) share of each contributor in its item, NaN where there is none; inputs are (n, k) codes or -1."""
    largest = np.full(items.shape, np.nan, dtype=np.float32)
    for row in np.flatnonzero((contributors >= 0).any(axis=1)):
        columns = np.flatnonzero(contributors[row] >= 0)
        past, shares = contribution_shares(model, histories, row=int(row), items=items[row, columns], cutoff=cutoff)
        largest[row, columns] = shares[np.searchsorted(past, contributors[row, columns]), np.arange(len(columns))]
    return largest
