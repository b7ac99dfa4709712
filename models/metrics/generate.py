"""Asking a fitted recommender what a split wants to know, each customer on their own day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.recommendations import Recommendations
from models.metrics.splits import Split
from models.protocols import Exclusions, Recommender

AT_ONCE = 1024
"Customers asked for together: exclusions of a hundred thousand are slow to go through, and one by one is slower."


def answers(model: Recommender, split: Split, k: int) -> Recommendations:
    """The k best items of everybody whom the split asks for, in its order; seen ones left out where it masks them."""
    exclusions = Exclusions(seen=split.masks_seen)
    days = np.unique(split.asked_on)
    groups = [np.flatnonzero(split.asked_on == day) for day in days]
    blocks = [rows[start : start + AT_ONCE] for rows in groups for start in range(0, len(rows), AT_ONCE)]
    parts = [model.recommend(split.asking.take(rows), k, split.asked_on[rows[0]].item(), exclusions) for rows in blocks]
    return _together(parts, np.argsort(np.concatenate(blocks), kind="stable"))


def _together(parts: list[Recommendations], order: np.ndarray) -> Recommendations:
    """The rows of several answers of one model, in this order."""
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])[order]
        for name in ("customer_ids", "items", "scores", "stages", "contributors")
    }
    shortfalls = [reason for part in parts for reason in part.shortfalls]
    return replace(parts[0], **joined, shortfalls=tuple(shortfalls[place] for place in order.tolist()))
