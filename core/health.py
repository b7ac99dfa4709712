"""How healthy a customer is: six sides of it, and four bands that a score from 0 to 100 falls into."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

DIMENSIONS = ("usage", "depth", "support", "sentiment", "billing", "relationship")
"How often it is used, how much of it, what goes wrong, how it feels, what is paid, and who they are to us."


class Band(StrEnum):
    """Where a customer stands; the order is from worst to best."""

    CRITICAL = "critical"
    AT_RISK = "at risk"
    WATCH = "watch"
    HEALTHY = "healthy"


BANDS = tuple(Band)

ACTIONS: Mapping[str, str] = {
    "usage": "call and ask what keeps them from using it",
    "depth": "show them what they pay for and do not use yet",
    "support": "go through what went wrong, and mend it with a date",
    "sentiment": "ask in person what they are unhappy with",
    "billing": "review plan and price with them before the renewal",
    "relationship": "introduce yourself to who decides, and meet",
}
"What is done about a fall in each dimension, where the TOML says nothing else."

ACTIONS_JA: Mapping[str, str] = {
    "usage": "電話で、利用の妨げになっている点を伺う",
    "depth": "契約に含まれているのに使われていない機能を案内する",
    "support": "問題の経緯を確認し、期日を決めて解決する",
    "sentiment": "不満に感じている点を直接伺う",
    "billing": "更新の前に、プランと料金を一緒に見直す",
    "relationship": "決裁者に挨拶し、面談の機会をつくる",
}


def action_in_japanese(action: str, dimension: str) -> str:
    """What is suggested, to a Japanese reader; what the business says in its own words stays as it is."""
    return ACTIONS_JA[dimension] if action == ACTIONS.get(dimension) else action
