"""Recommendations that can be learned and hardly judged: purchases of one day, too few customers who buy again."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.recommendations import check_recommendations


def find(data: CheckedData) -> Iterator[Finding]:
    """At most one finding; none where nothing can be recommended to a customer, or rows have no time at all."""
    recommendations = data.once(check_recommendations)
    if data.tables is None or data.tables.is_undated("purchases"):
        return
    if not recommendations.can_recommend or recommendations.can_judge or not recommendations.n_lines:
        return
    if recommendations.cutoff is None:
        yield Finding(
            kind="items_without_times",
            severity=Severity.WARNING,
            table="purchases",
            column="event_time",
            count=recommendations.n_lines,
            of=recommendations.n_lines,
        )
    else:
        yield Finding(
            kind="few_returning",
            severity=Severity.WARNING,
            table="purchases",
            column="customer_id",
            count=recommendations.n_returning,
            of=recommendations.n_customers,
            setting="[recommender] horizon_days",
            values={"cutoff": recommendations.cutoff.isoformat(), "horizon_days": recommendations.horizon_days},
        )


CHECK = Check(find=find)
