"""Opens one task per alert, with its owner, reason and suggested action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from core.config.data_set import Config
from core.health import ACTIONS, DIMENSIONS, action_in_japanese
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.scores import Reason
from core.tasks import HEALTH_DROP, Task, task_id_of
from insights.health.day import HealthDay


def open_tasks(config: Config, day: HealthDay, *, owners: Sequence[str], now: datetime) -> list[Task]:
    """One task per alert of the day, largest drop first; `owners` in the order of the alerts."""
    before, settings = day.best_before, config.health
    alerts = np.flatnonzero(day.has_alert)
    owner_of = dict(zip(alerts.tolist(), owners, strict=True))
    largest_first = alerts[np.argsort(-np.nan_to_num(before - day.health)[alerts], kind="stable")]
    tasks = []
    for row in largest_first.tolist():
        customer_id, dimension = str(day.customer_ids[row]), DIMENSIONS[day.dropped_most[row]]
        action = settings.actions.get(dimension) or ACTIONS[dimension]
        reason_en, reason_ja = (
            _reason(float(before[row]), float(day.health[row]), reasons=day.reasons[row], language=language)
            for language in (ENGLISH, JAPANESE)
        )
        tasks.append(
            Task(
                task_id=task_id_of(config.name, customer_id, kind=HEALTH_DROP, episode=day.cutoff),
                data_set=config.name,
                customer_id=customer_id,
                kind=HEALTH_DROP,
                episode=day.cutoff,
                owner=owner_of[row],
                reason_en=reason_en,
                reason_ja=reason_ja,
                dimension=dimension,
                action=action,
                action_ja=action_in_japanese(action, dimension),
                score=round(float(day.health[row]), 1),
                score_before=None if math.isnan(before[row]) else round(float(before[row]), 1),
                due_on=day.cutoff + timedelta(days=settings.due_days),
                created_at=now,
                changed_at=now,
            )
        )
    return tasks


def _reason(before: float, health: float, *, reasons: Sequence[Reason], language: Language) -> str:
    """The drop, and the reasons that raised the risk."""
    if before > health:
        drop = translate("Health fell from {before} to {health}", language, before=round(before), health=round(health))
    else:
        drop = translate("Health is {health}", language, health=round(health))
    sentences = [reason.ja if language == JAPANESE else reason.en for reason in reasons if reason.direction == "up"]
    if not sentences:
        return drop
    return translate("{drop}: {reasons}", language, drop=drop, reasons=translate("; ", language).join(sentences))
