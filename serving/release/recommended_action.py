"""The action that a release recommends to keep a customer."""

from __future__ import annotations

from serving.release.release import Release
from serving.release.retention_part import NoAction, RecommendedAction, name_action, without_value


def recommend_action(release: Release, row: int, *, probability: float) -> RecommendedAction:
    """The action for the customer in a row of the churn scores, with this churn probability.

    None for customers who refuse contact. Where the value of all customers is unknown, what the segment names.
    """
    churn, segments, part = release.churn, release.segments, release.retention
    assert churn is not None
    segment_action = ""
    if segments is not None:
        customer_id = churn.index.name(row)
        if "contact" in segments.opt_outs_of(customer_id):
            return RecommendedAction(kind="none", none_because=NoAction.NO_CONSENT)
        segment_action = segments.action_of(segments.index.find(customer_id))
    if part is None:
        return without_value(name_action(segment_action))
    return part.recommend(row, probability, segment_action=segment_action, n_decimals=release.description.n_decimals)
