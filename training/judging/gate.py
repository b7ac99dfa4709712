"""The promotion gate in front of @champion: it compares recipes, not fitted models.

    champion's settings    ---fit--->  rows purged against the newest mature window  --score-->  that window
    challenger's settings  ---fit--->  rows purged against the newest mature window  --score-->  that window

A change of settings passes only if the 90 % interval of its gain lies above 0. A refresh (the same settings, newer
cutoffs) is fitted on each version's own cutoffs and may be worse by the margin of its kind. A model that is not shown
to be better than its baselines is refused either way, because no release would answer from it. The version that
becomes champion is the registered one, fitted on all rows that were mature when it was trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from core.errors import GateRefused
from core.model_card import Comparison, ModelCard
from tables.tables import Tables

FORCE_HINT = 'or skip the gate with --force "reason"'


@dataclass(frozen=True)
class GateResult:
    """The comparison of a challenger with the champion, and whether the challenger passes."""

    comparison: Comparison
    is_refresh: bool
    margin: float
    "How much worse a refresh may be."

    @property
    def passes(self) -> bool:
        """Whether the challenger may become champion."""
        return self.comparison.difference.low > (-self.margin if self.is_refresh else 0.0)

    @property
    def summary(self) -> str:
        """The result in one sentence."""
        estimate = self.comparison.difference
        interval = f"90 % interval {estimate.low:+.4f} to {estimate.high:+.4f}"
        rule = (
            f"for a refresh the interval must be above -{self.margin}"
            if self.is_refresh
            else "for a change of settings the interval must be above 0"
        )
        return (
            f"{self.comparison.model} against {self.comparison.against}: {self.comparison.name} differs by "
            f"{estimate.value:+.4f} ({interval}, positive is better); {rule}"
        )


def at_newest_window(tables: Tables) -> Tables:
    """The same tables with the newest mature cutoff as test cutoff, even where the TOML states an older one."""
    cutoffs = msgspec.structs.replace(tables.config.cutoffs, test=None)
    return replace(tables, config=msgspec.structs.replace(tables.config, cutoffs=cutoffs))


def is_refresh(champion: ModelCard | None, challenger: ModelCard) -> bool:
    """Whether the challenger is the champion's recipe on other data."""
    return champion is not None and (champion.model, champion.settings) == (challenger.model, challenger.settings)


def refuse_leaks(challenger: ModelCard) -> None:
    """Raise GateRefused for a model with features that leak detection has flagged."""
    if challenger.leaks:
        findings = "; ".join(leak.finding for leak in challenger.leaks)
        raise GateRefused(f"leak detection flagged it: {findings}; remove the feature and train again, {FORCE_HINT}")


def refuse_no_better_than_baselines(challenger: ModelCard) -> None:
    """Raise GateRefused for a model that is not shown to beat its baselines, unless it is the first champion."""
    if not (challenger.beats_baselines or challenger.is_baseline):
        raise GateRefused(f"{challenger.verdict}; train another, {FORCE_HINT}")


def refuse_worse(result: GateResult) -> None:
    """Raise GateRefused for a challenger that does not pass."""
    if not result.passes:
        raise GateRefused(f"{result.summary}; train another, {FORCE_HINT}")
