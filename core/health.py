"""How healthy a customer is: six sides of it, and four bands that a score from 0 to 100 falls into."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


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
