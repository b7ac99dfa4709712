"""How healthy a customer is: six sides of it, and four bands that a score from 0 to 100 falls into."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec


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
    Dimension.USAGE: "call and ask what keeps them from using it",
    Dimension.DEPTH: "show them what they pay for and do not use yet",
    Dimension.SUPPORT: "go through what went wrong, and mend it with a date",
    Dimension.SENTIMENT: "ask in person what they are unhappy with",
    Dimension.BILLING: "review plan and price with them before the renewal",
    Dimension.RELATIONSHIP: "introduce yourself to who decides, and meet",
}
"What is done about a fall in each dimension, where the TOML says nothing else."

ACTIONS_JA: Mapping[str, str] = {
    Dimension.USAGE: "電話で、利用の妨げになっている点を伺う",
    Dimension.DEPTH: "契約に含まれているのに使われていない機能を案内する",
    Dimension.SUPPORT: "問題の経緯を確認し、期日を決めて解決する",
    Dimension.SENTIMENT: "不満に感じている点を直接伺う",
    Dimension.BILLING: "更新の前に、プランと料金を一緒に見直す",
    Dimension.RELATIONSHIP: "決裁者に挨拶し、面談の機会をつくる",
}


def action_in_japanese(action: str, dimension: str) -> str:
    """What is suggested, to a Japanese reader; what the business says in its own words stays as it is."""
    return ACTIONS_JA[dimension] if action == ACTIONS.get(dimension) else action


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
