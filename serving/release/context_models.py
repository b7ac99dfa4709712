"""The models beside the recommender of a release: cold start of customers, items bought together, trending items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.item_attributes import ItemAttributes
from models.artifact import Artifact
from models.recommenders.cold_start.customers import ColdStartCustomers
from models.recommenders.engine.ranked_lists import ItemScores
from models.recommenders.item_lists import BoughtTogether, Trend
from serving.release.customer_part import RecordedProfile

TREND_ARRAYS = ("items", "scores", "counts", "counts_before")


@dataclass(frozen=True, kw_only=True)
class TrendPart:
    """Trending items, steepest growth first; every array is (r,), one row per item."""

    window_days: int
    items: NDArray[np.int32]
    "Codes."
    scores: NDArray[np.float32]
    "Number of doublings of decayed purchases against the window before."
    counts: NDArray[np.int64]
    "Purchases in the window."
    counts_before: NDArray[np.int64]
    "Purchases in the window before."

    @classmethod
    def of(cls, trend: Trend, window_days: int) -> TrendPart:
        """Keep the items that grow, steepest growth first, ties by code."""
        growing = np.flatnonzero(trend.scores > 0)
        order = growing[np.argsort(-trend.scores[growing], kind="stable")]
        return cls(
            window_days=window_days,
            items=order.astype(np.int32),
            scores=trend.scores[order],
            counts=trend.counts[order],
            counts_before=trend.counts_before[order],
        )

    def to_artifact(self) -> Artifact:
        """The part as one folder of a release."""
        return Artifact(
            "trend", {"window_days": self.window_days}, {name: getattr(self, name) for name in TREND_ARRAYS}
        )

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> TrendPart:
        """The part that was stored."""
        return cls(window_days=artifact.state["window_days"], **{name: artifact.arrays[name] for name in TREND_ARRAYS})


@dataclass(frozen=True)
class ContextModels:
    """Models in the codes of the champion's items."""

    cold_start_customers: ColdStartCustomers
    "Scores for customers without purchases."
    together: BoughtTogether
    trend: TrendPart

    def to_artifacts(self) -> dict[str, Artifact]:
        """The models as folders of a release."""
        return {
            "cold_start_customers": self.cold_start_customers.to_artifact(),
            "bought_together": self.together.to_artifact(),
            "trend": self.trend.to_artifact(),
        }

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ContextModels:
        """The models that were stored."""
        return cls(
            ColdStartCustomers.from_artifact(artifacts["cold_start_customers"]),
            BoughtTogether.from_artifact(artifacts["bought_together"]),
            TrendPart.from_artifact(artifacts["trend"]),
        )

    def with_codes(self, codes: NDArray[np.int32], *, n_items: int) -> ContextModels:
        """The models in a catalogue of more items, given the (m,) new codes."""
        return ContextModels(
            self.cold_start_customers.with_codes(codes, n_items=n_items),
            self.together.with_codes(codes, n_items=n_items),
            replace(self.trend, items=codes[self.trend.items]),
        )

    def with_attributes(self, items: ItemAttributes) -> ContextModels:
        """The models with other attributes of the same items."""
        return replace(self, cold_start_customers=self.cold_start_customers.with_attributes(items))

    def cold_start(self, profile: RecordedProfile) -> ItemScores | None:
        """Scores for a customer from their profile; None if it has no bearing on items."""
        if not profile.preferences and not profile.attribute_groups:
            return None
        item_scores = self.cold_start_customers.scores_for(profile.preferences, profile.attribute_groups)
        return item_scores if item_scores.scores.any() else None
