"""Recommendations that can be learned and not be judged: purchases of one day, or too few returning customers."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.recommendations import check_recommendations


def find(data: CheckedData) -> Iterator[Finding]:
    """At most one finding; none where nothing can be recommended to a customer."""
    judged = data.once(check_recommendations)
    if not judged.can_recommend or judged.can_judge or not judged.n_lines:
        return
    if judged.cutoff is None:
        yield Finding(
            kind="items_without_times",
            severity=Severity.WARNING,
            table="purchases",
            column="event_time",
            count=judged.n_lines,
            of=judged.n_lines,
        )
    else:
        yield Finding(
            kind="few_returning",
            severity=Severity.WARNING,
            table="purchases",
            column="customer_id",
            count=judged.n_returning,
            of=judged.n_customers,
            setting="[recommender] horizon_days",
            values={"cutoff": judged.cutoff.isoformat(), "horizon_days": judged.horizon_days},
        )


CHECK = Check(find=find)
