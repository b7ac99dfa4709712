"""Ranks of the loyalty programme: what each customer has reached, and how far the next rank is.

    [loyalty.ranks] silver = 20000, gold = 50000; spend of 365 days

    spend 48,000    rank 'silver'    next_rank 'gold'    distance_to_next_rank 2,000
    spend 12,000    no rank          'silver'            8,000
    spend 61,000    'gold'           none                missing

Segment rules and rules of offers may use the three as if they were features: `with_ranks` adds them to a feature table.
They are no features of models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.config.loyalty import LoyaltySettings
from core.errors import ConfigError
from core.feature_names import POINTS_BALANCE, FeatureFamily, RuleVariable
from core.feature_table import FeatureColumn, FeatureTable
from core.i18n.translation import JAPANESE, translate
from core.ids import digest_of
from core.segmentation import SegmentDefinition

RANK_VARIABLES = (RuleVariable.RANK, RuleVariable.NEXT_RANK, RuleVariable.DISTANCE_TO_NEXT_RANK)
"What rules can use where `[loyalty.ranks]` has a rank."
AMOUNT_OF = {"spend": "net_spend_", "earned": "points_earned_"}
"Beginning of the names of the features that a rank is reached by; the window follows."
TABLE_OF = {"spend": "purchases", "earned": "points", "balance": "points"}
"The table that a rank is computed from."
POINTS = "points"
"The unit of a rank that points decide; otherwise the base currency."


@dataclass(frozen=True)
class RankStandings:
    """Where each customer stands; every array is (n,)."""

    ranks: tuple[str, ...]
    "The lowest first."
    amount: NDArray[np.float64]
    "What counts for a rank; NaN if unknown."
    place: NDArray[np.int64]
    "The customer's rank, a place in `ranks`; -1 below the lowest, and if unknown."
    distance: NDArray[np.float64]
    "What is missing to the next rank; NaN at the highest, and if unknown."

    @property
    def rank_codes(self) -> NDArray[np.float64]:
        """The rank as a code of `ranks`; NaN for none."""
        return np.where(self.place < 0, np.nan, self.place)

    @property
    def next_codes(self) -> NDArray[np.float64]:
        """The next rank as a code of `ranks`; NaN for none."""
        return np.where(np.isnan(self.distance), np.nan, self.place + 1)


def rank_sources(loyalty: LoyaltySettings) -> tuple[str, ...]:
    """The features that ranks may be computed from, the preferred one first.

    If the history is shorter than the window, all of it counts.
    """
    if loyalty.rank_by == "balance":
        return (POINTS_BALANCE,)
    return tuple(dict.fromkeys(f"{AMOUNT_OF[loyalty.rank_by]}{window}" for window in (loyalty.rank_window, "total")))


def rank_unit(config: Config) -> str:
    """What thresholds and distances are in: the base currency, or 'points'."""
    return config.currency if config.loyalty.rank_by == "spend" else POINTS


def require_rank_table(config: Config) -> None:
    """Raise ConfigError for ranks whose table the data set does not have, or whose name an attribute has."""
    if not config.loyalty.ranks:
        return
    table = TABLE_OF[config.loyalty.rank_by]
    if table not in config.tables:
        raise ConfigError(
            f"[loyalty] rank_by = \"{config.loyalty.rank_by}\" needs the table '{table}'; add [tables.{table}], or "
            "remove [loyalty.ranks]"
        )
    taken = [name for name in config.attributes.get("customers", ()) if name in RANK_VARIABLES]
    if taken:
        raise ConfigError(
            f"[attributes] customers lists '{taken[0]}', which rules read from [loyalty.ranks]; give the column "
            "another name, or remove [loyalty.ranks]"
        )


def compute_ranks(features: FeatureTable, loyalty: LoyaltySettings) -> RankStandings | None:
    """The standing of each customer; None without ranks, or without a feature to compute them from."""
    amount = _amount(features, loyalty)
    if not loyalty.ranks or amount is None:
        return None
    names, thresholds = zip(*loyalty.ascending_ranks, strict=True)
    least = np.array(thresholds, dtype=np.float64)
    is_known = ~np.isnan(amount)
    place = np.where(is_known, np.searchsorted(least, np.nan_to_num(amount), side="right") - 1, -1)
    following = np.append(least, np.nan)[place + 1]
    return RankStandings(names, amount, place, np.where(is_known, following - amount, np.nan))


def _amount(features: FeatureTable, loyalty: LoyaltySettings) -> NDArray[np.float64] | None:
    for source in rank_sources(loyalty):
        if source in features.names and not np.isnan(features.column(source)).all():
            return features.column(source)
    return None


def rank_definitions(config: Config) -> tuple[SegmentDefinition, ...]:
    """The ranks as `kizuna segments` lists them, the lowest first."""
    loyalty, unit = config.loyalty, rank_unit(config)
    of = loyalty.rank_by if loyalty.rank_by == "balance" else f"{loyalty.rank_by} of {loyalty.rank_window}"
    return tuple(
        SegmentDefinition(name=name, definition=f"{of} from {threshold:,.10g} {unit}", action="")
        for name, threshold in loyalty.ascending_ranks
    )


def with_ranks(features: FeatureTable, config: Config) -> FeatureTable:
    """The features with the rank variables as further columns; unchanged where there are no ranks."""
    standings = compute_ranks(features, config.loyalty)
    if standings is None:
        return features
    values = np.column_stack([features.values, standings.rank_codes, standings.next_codes, standings.distance])
    columns = (*features.columns, *_columns(standings.ranks, config))
    return FeatureTable(features.customer_ids, features.cutoffs, values, columns)


def _columns(ranks: tuple[str, ...], config: Config) -> Iterator[FeatureColumn]:
    titles = ("rank", "next rank", "distance to the next rank")
    units = ("word", "word", rank_unit(config))
    for name, title, unit in zip(RANK_VARIABLES, titles, units, strict=True):
        yield FeatureColumn(
            name=name,
            family=FeatureFamily.POINTS,
            unit=unit,
            en=title,
            ja=translate(title, JAPANESE),
            missing="there is none",
            digest=digest_of([name, config.loyalty]),
            vocabulary=ranks if unit == "word" else None,
        )
