"""`[loyalty]`: what a point is worth, which rows of `points` are expiries, and the ranks that customers can reach."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from msgspec import field

from core.config.section import NonNegativeFloat, PositiveFloat, Section

RankBasis = Literal["spend", "earned", "balance"]
"What a rank is reached by."
RankWindow = Literal["30d", "90d", "180d", "365d", "total"]
"How far back spend or earned points count for a rank."


class LoyaltySettings(Section, frozen=True):
    """The loyalty programme: points and ranks."""

    point_value: PositiveFloat | None = None
    "What one point takes off a purchase, base currency. The report needs it for the liability of outstanding points."
    expiry_kinds: tuple[str, ...] = (
        "expire", "expired", "expires", "expiry", "expiration", "lapsed", "失効", "期限切れ", "有効期限切れ",
    )  # fmt: skip
    "Values of `points.kind` for points that were lost instead of spent; case does not matter."
    rank_by: RankBasis = "spend"
    "What `ranks` count: spend (purchases less returns, base currency), earned points, or the balance of points."
    rank_window: RankWindow = "365d"
    "How far back spend or earned points count. The balance is that of the cutoff, whatever the window."
    ranks: dict[str, NonNegativeFloat] = field(default_factory=dict)
    "The least that each rank asks for, by name: `silver = 20000`, `gold = 50000`."

    def __post_init__(self) -> None:
        for (lower, threshold), (higher, other) in pairwise(self.ascending_ranks):
            if threshold == other:
                raise ValueError(
                    f"ranks: {lower} and {higher} both begin at {threshold:g}; give each its own threshold"
                )

    @property
    def ascending_ranks(self) -> tuple[tuple[str, float], ...]:
        """The ranks with what they ask for, the lowest first."""
        return tuple(sorted(self.ranks.items(), key=lambda rank: rank[1]))
