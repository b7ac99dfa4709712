"""How healthy a customer is: six sides of it, and four bands that a score from 0 to 100 falls into."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from core.i18n.translation import JAPANESE, translate


class Dimension(StrEnum):
    """A side of customer health."""

    USAGE = "usage"
    "How often and how lately the product is used."
    DEPTH = "depth"
    "How much of it is used, and by how many people."
    SUPPORT = "support"
    "Errors and tickets."
    SENTIMENT = "sentiment"
    "Survey scores and satisfaction with tickets."
    BILLING = "billing"
    "What the customer pays."
    RELATIONSHIP = "relationship"
    "Tenure, contacts, stated preferences and attributes."


DIMENSIONS = tuple(Dimension)


class Band(StrEnum):
    """Where a customer stands; the order is from worst to best."""

    CRITICAL = "critical"
    AT_RISK = "at risk"
    WATCH = "watch"
    HEALTHY = "healthy"


BANDS = tuple(Band)

ACTIONS: Mapping[str, str] = {
    Dimension.USAGE: "call and ask what keeps them from using the product",
    Dimension.DEPTH: "show them the features they pay for but do not use yet",
    Dimension.SUPPORT: "review what went wrong and agree on a date for the fix",
    Dimension.SENTIMENT: "ask in person what they are unhappy with",
    Dimension.BILLING: "review plan and price with them before the renewal",
    Dimension.RELATIONSHIP: "introduce yourself to the decision maker and arrange a meeting",
}
"The suggested action for a drop in each dimension, unless the TOML names another."


def action_in_japanese(action: str, dimension: str) -> str:
    """The suggested action in Japanese; a business's own words stay unchanged."""
    return translate(action, JAPANESE) if action == ACTIONS.get(dimension) else action


class HealthRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer did on the day that was judged last."""

    scored_on: date
    health: float
    "0 (about to leave) to 100 (safe)."
    band: Band
    band_since: date
    change_7d: float | None
    "Against 7 days before; null where they were no customer then."
    change_28d: float | None
    dimensions: dict[str, float | None]
    "0 to 100 of each side: that of a customer who is average in everything else; null where no feature speaks of it."
    dropped_most: str
    "The dimension in which the risk rose by most."
    dropped_on: date | None
    "When they last fell so far that a task was made."
    reasons_en: str
    "Why it changed, strongest first; '' where nothing did."
    reasons_ja: str
    model_version: int | None
    "Of the churn champion that judged."


def newest_health_file(folder: Path, until: date) -> Path | None:
    """The file of the newest day that was judged, `until` included; None where there is none."""
    days = (path for path in folder.glob("????-??-??.parquet") if path.stem <= until.isoformat())
    return max(days, default=None)


def health_file_before(folder: Path, day: date) -> Path | None:
    """The file of the newest day that was judged before a day; None where there is none."""
    return newest_health_file(folder, day - timedelta(days=1))
