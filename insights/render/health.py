"""A day of health in words, English or Japanese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from core.health import BANDS, Band
from core.tasks import Task
from insights.health.day import HealthDay

Language = Literal["en", "ja"]

BANDS_JA = {Band.CRITICAL: "危険", Band.AT_RISK: "リスクあり", Band.WATCH: "要注意", Band.HEALTHY: "健全"}
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "health at {day}",
        "band": "band",
        "customers": "customers",
        "mean": "mean health",
        "fell": "fell furthest within 28 days:",
        "unknown": "not known why",
        "fall": "{customer} {change:+.0f} to {health:.0f}: {why}",
        "tasks": "new tasks: {n:,}",
        "nobody": "nobody",
        "task": "{customer}, {owner}, due {due}: {action}",
        "written": "{n:,} customers, in {path}",
    },
    "ja": {
        "title": "{day}時点の健全度",
        "band": "区分",
        "customers": "顧客数",
        "mean": "平均健全度",
        "fell": "28日以内に最も低下した顧客:",
        "unknown": "理由は不明",
        "fall": "{customer} {change:+.0f}で{health:.0f}に: {why}",
        "tasks": "新しいタスク: {n:,}件",
        "nobody": "担当者なし",
        "task": "{customer}、{owner}、期限{due}: {action}",
        "written": "顧客{n:,}件、{path}",
    },
}


def bands(day: HealthDay, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a band, the best first: how many stand in it, and their mean health."""
    words, stands = WORDS[language], day.standing.band
    yield words["band"], words["customers"], words["mean"]
    for place in reversed(range(len(BANDS))):
        inside = stands == place
        name = BANDS_JA[BANDS[place]] if language == "ja" else str(BANDS[place])
        yield name, f"{inside.sum():,}", f"{day.health[inside].mean():.0f}" if inside.any() else "-"


def falls(day: HealthDay, most: int, language: Language) -> Iterator[str]:
    """Who fell furthest within 28 days, and why."""
    words, change = WORDS[language], np.nan_to_num(day.health - day.best_before)
    for row in np.argsort(change, kind="stable")[:most].tolist():
        if change[row] < 0:
            why = getattr(day.reasons[row][0], language) if day.reasons[row] else words["unknown"]
            customer = day.customer_ids[row]
            yield words["fall"].format(customer=customer, change=change[row], health=day.health[row], why=why)


def tasks(added: Sequence[Task], most: int, language: Language) -> Iterator[tuple[str, str]]:
    """What is to be done and why, the newest fall first."""
    words = WORDS[language]
    for task in sorted(added, key=lambda task: task.episode, reverse=True)[:most]:
        action, reason = (task.action_ja, task.reason_ja) if language == "ja" else (task.action, task.reason_en)
        owner = task.owner or words["nobody"]
        yield words["task"].format(customer=task.customer_id, owner=owner, due=task.due_on, action=action), reason
