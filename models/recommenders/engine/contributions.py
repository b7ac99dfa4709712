"""Which past purchases speak for a recommended item, and how much: exact, from the models' own sums.

    share of a past item = its part of the score / all parts above zero

A part below zero speaks against the item; its share is 0. What was filled by a model beside the champion is explained
by that one.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from core.interactions import Histories
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.scoring import ScoringRecommender

Speaking = list[tuple[int, float]]
"Codes of past items and their shares, the largest first."


def shares_of(
    model: LadderRecommender, histories: Histories, row: int, items: np.ndarray, cutoff: date
) -> tuple[np.ndarray, np.ndarray]:
    """The different past items of a row, (h,) codes, and their shares, (h, j), in the scores of some items.

    A column adds up to 1, or to 0 where nothing past speaks for the item.
    """
    past = np.unique(histories.items[int(histories.indptr[row]) : int(histories.indptr[row + 1])])
    parts = np.zeros((len(past), len(items)))
    for each in (model, model.similarity_model_):
        open_ = np.flatnonzero(parts.sum(axis=0) <= 0)
        if isinstance(each, ScoringRecommender) and len(open_) and len(past):
            codes, found = each.shares(histories, row, items[open_], cutoff)
            parts[np.searchsorted(past, codes)[:, None], open_] = np.maximum(found, 0)
    return past, parts / np.where(parts.sum(axis=0) > 0, parts.sum(axis=0), 1)


def speaking(past: np.ndarray, shares: np.ndarray, at_most: int) -> list[Speaking]:
    """For each column of the shares, the past items that say most for it; equal ones by code."""
    order = np.argsort(-shares, axis=0, kind="stable")[:at_most]
    return [
        [(int(past[place]), float(min(column[place], 1.0))) for place in places if column[place] > 0]
        for places, column in zip(order.T, shares.T, strict=True)
    ]


def largest_shares(
    model: LadderRecommender, histories: Histories, items: np.ndarray, contributors: np.ndarray, cutoff: date
) -> np.ndarray:
    """Share of each contributor in its item, (n, k) float32, NaN where there is none; inputs are (n, k) codes or -1."""
    largest = np.full(items.shape, np.nan, dtype=np.float32)
    for row in np.flatnonzero((contributors >= 0).any(axis=1)):
        columns = np.flatnonzero(contributors[row] >= 0)
        past, shares = shares_of(model, histories, int(row), items[row, columns], cutoff)
        largest[row, columns] = shares[np.searchsorted(past, contributors[row, columns]), np.arange(len(columns))]
    return largest
