"""The segments and tiers of today, for people: who they are, what they are worth, and how much of it is at risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np

from core.interactions import codes_of
from core.segmentation import SegmentFigures, ValueKind
from features.cohort import select_cohort
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from tables.tables import Tables


@dataclass(frozen=True)
class Risks:
    """Who was scored, and how likely each is to leave; both (n,), ids sorted."""

    customer_ids: np.ndarray
    churn_probability: np.ndarray
    source: str
    "Where the scores come from, in words."

    @classmethod
    def of_index(cls, ids: np.ndarray, churn_probability: np.ndarray, source: str) -> Risks:
        """Of ids as a release holds them: sorted, 'S'."""
        return cls(np.char.decode(ids, "utf-8") if len(ids) else np.empty(0, "U1"), churn_probability, source)

    @classmethod
    def unknown(cls, why: str) -> Risks:
        """Nobody was scored."""
        return cls(np.empty(0, "U1"), np.empty(0), why)

    def of(self, customer_ids: np.ndarray) -> np.ndarray:
        """The risk of each of these, (m,) float64; NaN for who was not scored."""
        return np.append(self.churn_probability, np.nan)[codes_of(customer_ids, self.customer_ids)]


class SegmentReport(msgspec.Struct, frozen=True):
    """What `kizuna segments` prints."""

    cutoff: date
    currency: str
    value_kind: ValueKind
    "What a customer's value is."
    customers: int
    scored: int
    risk_source: str
    "Where the scores come from, in words."
    segments: tuple[SegmentFigures, ...]
    customer_tiers: tuple[SegmentFigures, ...]


def members_at(tables: Tables, cutoff: date) -> dict[str, dict[str, np.ndarray]]:
    """The ids of each segment and tier of the configuration, by what was known before midnight of the cutoff.

    Under 'segment' and 'tier', where the configuration has any. Nobody is scored for it, so what a rule says of risk or
    health is unknown, and fits nobody.
    """
    if not tables.config.segments and not tables.config.customer_tiers:
        return {}
    features = compute_features(tables, select_cohort(tables, [cutoff]))
    found = compute_segmentation(tables.config, features, churn_probability=np.full(len(features), np.nan))
    ids, customer_tiers = features.customer_ids, found.customer_tier
    segments = {group.name: ids[found.in_segment[:, place]] for place, group in enumerate(found.segments)}
    tiered = {group.name: ids[customer_tiers == place] for place, group in enumerate(found.customer_tiers)}
    return {by: members for by, members in {"segment": segments, "customer_tier": tiered}.items() if members}


def segment_report(tables: Tables, cutoff: date, risks: Risks) -> SegmentReport:
    """The figures of every segment and tier of the configuration, by what was known before midnight of the cutoff."""
    features = compute_features(tables, select_cohort(tables, [cutoff]))
    found = compute_segmentation(tables.config, features, churn_probability=risks.of(features.customer_ids))
    seed = tables.config.seed
    return SegmentReport(
        cutoff,
        tables.config.currency,
        found.value_kind,
        len(features),
        int((~np.isnan(found.churn_probability)).sum()),
        risks.source,
        found.segment_figures(seed),
        found.tier_figures(seed),
    )
