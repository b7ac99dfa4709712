"""Whether enough customers churned, and enough stayed, to learn from and to measure with."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.history import CutoffCounts, find_churn

MIN_CUSTOMERS = 30
"Churned or staying customers in the test below which every interval is wide: 30 of 300 may as well be 7 % as 14 %."
MIN_LEARNED = 10
"Churned or staying customers in training below which there is nothing to learn from."
HIGH_SHARE, LOW_SHARE = 0.9, 0.01
"Shares of churned customers at which the definition is probably not what the business calls churn."

KINDS_OF_LABELS = {
    "nothing_to_learn": "few_labelled",
    "few_churned": "few_labelled",
    "most_churn": "label_share",
    "hardly_any_churn": "label_share",
}
"The findings of a cross-section, whose label has no horizon to change."


def find(data: CheckedData) -> Iterator[Finding]:
    """At most one finding on training, and one on the test."""
    cutoffs = data.once(find_churn).cutoffs
    if not cutoffs:
        return
    test = cutoffs[-1]
    if not test.n_customers:
        yield _describe(data, "no_customers", severity=Severity.ERROR, counts=test, n_churned=0, of=0)
        return
    train = [counts for counts in cutoffs if not counts.is_test] or [test]
    n_churned, n_rows = sum(c.n_churned for c in train), sum(c.n_customers for c in train)
    if min(n_churned, n_rows - n_churned) < MIN_LEARNED:
        yield _describe(
            data, "nothing_to_learn", severity=Severity.ERROR, counts=train[-1], n_churned=n_churned, of=n_rows
        )
    elif min(test.n_churned, test.n_customers - test.n_churned) < MIN_CUSTOMERS:
        yield _describe(
            data, "few_churned", severity=Severity.WARNING, counts=test, n_churned=test.n_churned, of=test.n_customers
        )
    share = test.n_churned / test.n_customers
    if share >= HIGH_SHARE or share <= LOW_SHARE:
        kind = "most_churn" if share >= HIGH_SHARE else "hardly_any_churn"
        yield _describe(
            data, kind, severity=Severity.WARNING, counts=test, n_churned=test.n_churned, of=test.n_customers
        )


def _describe(
    data: CheckedData, kind: str, *, severity: Severity, counts: CutoffCounts, n_churned: int, of: int
) -> Finding:
    is_labelled = data.cross_section is not None
    return Finding(
        kind=KINDS_OF_LABELS[kind] if is_labelled else kind,
        severity=severity,
        count=n_churned,
        of=of,
        setting="equals" if is_labelled else "horizon_days",
        values={"cutoff": counts.cutoff.isoformat(), "horizon_days": data.config.churn.horizon_days},
    )


CHECK = Check(find=find)
