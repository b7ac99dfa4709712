"""A history that is too short for the definition of churn, or for the lookback of its first cutoffs."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.history import find_history


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each problem of the history."""
    history = data.once(find_history)
    if history is None:
        return
    for problem in history.problems:
        yield Finding(
            kind="history_too_short",
            severity=Severity.ERROR,
            count=1,
            of=1,
            values={"definition": history.definition, "problem": problem},
        )
    if history.is_sufficient and history.short_lookbacks:
        yield Finding(
            kind="short_lookbacks",
            severity=Severity.NOTE,
            count=len(history.short_lookbacks),
            of=len(history.train),
            example=history.short_lookbacks[0].isoformat(),
            values={"active_days": data.config.active_days},
        )


CHECK = Check(find=find)
