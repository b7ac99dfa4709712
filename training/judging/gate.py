"""The gate in front of @champion: recipes are compared, not artifacts.

    champion's settings    ---fit--->  rows purged against the newest matured window  --score-->  that window
    challenger's settings  ---fit--->  rows purged against the newest matured window  --score-->  that window

A change of settings must be better with its whole interval. A refresh (the same
settings, newer cutoffs) is fitted on each version's own cutoffs and must not be
worse than a margin. A model that learnt nothing beyond its baselines is refused
either way: no release would carry it. What ships is the challenger's artifact,
fitted on all rows that were mature when it was trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from core.errors import GateRefused
from core.model_card import Comparison, ModelCard
from tables.tables import Tables


@dataclass(frozen=True)
class Margin:
    """How much worse a refresh may be: the lower bound of the difference must lie above minus this."""

    log_loss: float = 0.01
    "Nats a customer; a tenth of what a useful churn model gains over the base rate."

    ndcg_at_10: float = 0.01
    "Of NDCG@10, which lies between 0 and 1."

    integrated_brier: float = 0.002
    "Of a mean squared distance; a tenth of what a useful hazard gains over Kaplan-Meier."

    accuracy: float = 0.05
    "Of the share of texts told right; each version knows its own labels, so the interval is wide."

    def of(self, name: str) -> float:
        """The margin of a figure."""
        margins = {
            "log_loss": self.log_loss,
            "ndcg@10": self.ndcg_at_10,
            "integrated_brier": self.integrated_brier,
            "accuracy": self.accuracy,
        }
        return margins[name]


MARGIN = Margin()


@dataclass(frozen=True)
class Finding:
    """What the gate found."""

    comparison: Comparison
    is_refresh: bool
    margin: float

    @property
    def passes(self) -> bool:
        """Whether the challenger may become champion."""
        return self.comparison.difference.low > (-self.margin if self.is_refresh else 0.0)

    @property
    def says(self) -> str:
        """The finding in one sentence."""
        estimate = self.comparison.difference
        bounds = f"90 % interval {estimate.low:+.4f} to {estimate.high:+.4f}"
        asked = f"not worse than {self.margin}" if self.is_refresh else "better with its whole interval"
        kind = "a refresh" if self.is_refresh else "a change of settings"
        return (
            f"{self.comparison.model} against {self.comparison.against}: {self.comparison.name} differs by "
            f"{estimate.value:+.4f} ({bounds}, positive is better); {kind} must be {asked}"
        )


def at_newest_window(tables: Tables) -> Tables:
    """The same tables, to be judged at the newest matured cutoff, even where the TOML states an older test cutoff."""
    cutoffs = msgspec.structs.replace(tables.config.cutoffs, test=None)
    return replace(tables, config=msgspec.structs.replace(tables.config, cutoffs=cutoffs))


def is_refresh(champion: ModelCard | None, challenger: ModelCard) -> bool:
    """Whether both are the same recipe, on other data."""
    return champion is not None and (champion.model, champion.settings) == (challenger.model, challenger.settings)


def refuse_leaks(challenger: ModelCard) -> None:
    """Raises GateRefused for a model that the leak alarm has marked."""
    if challenger.leaks:
        found = "; ".join(leak.finding for leak in challenger.leaks)
        raise GateRefused(f"the leak alarm marked it: {found}; take the feature out and train again, {FORCE}")


def refuse_unlearnt(challenger: ModelCard) -> None:
    """Raises GateRefused for a model that learnt nothing, unless it is the baseline that stands in for one."""
    if not (challenger.beats_baselines or challenger.is_baseline):
        raise GateRefused(f"{challenger.verdict}; train another, {FORCE}")


def refuse_worse(finding: Finding) -> None:
    """Raises GateRefused for a challenger that does not pass."""
    if not finding.passes:
        raise GateRefused(f"{finding.says}; train another, {FORCE}")


FORCE = 'or promote it all the same with --force "reason"'
