"""The action that a release recommends to keep a customer."""

from __future__ import annotations

from serving.release.release import Release
from serving.release.retention_part import VALUE_UNKNOWN, RecommendedAction


def recommend_action(release: Release, row: int, *, probability: float) -> RecommendedAction:
    """The action for the customer in a row of the churn scores, with this churn probability."""
    part = release.retention
    if part is None:
        return VALUE_UNKNOWN
    return part.recommend(row, probability, n_decimals=release.description.n_decimals)
