"""What is to be done about those who fell on a day: one task each, with its reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from core.config.data_set import Config
from core.health import ACTIONS, DIMENSIONS, action_in_japanese
from core.scores import Reason
from core.tasks import HEALTH_DROP, Task, task_id_of
from insights.health.day import HealthDay


def tasks_of(config: Config, day: HealthDay, owners: Sequence[str], now: datetime) -> list[Task]:
    """A task for each of `day.fell`, who fell furthest first; `owners` are theirs, in the day's order."""
    before, settings = day.best_before, config.health
    fallen = np.flatnonzero(day.fell)
    owner_of = dict(zip(fallen.tolist(), owners, strict=True))
    furthest = fallen[np.argsort(-np.nan_to_num(before - day.health)[fallen], kind="stable")]
    tasks = []
    for row in furthest.tolist():
        customer_id, dimension = str(day.customer_ids[row]), DIMENSIONS[day.dropped_most[row]]
        action = settings.actions.get(dimension) or ACTIONS[dimension]
        en, ja = _reason(float(before[row]), float(day.health[row]), day.reasons[row])
        tasks.append(
            Task(
                task_id=task_id_of(config.name, customer_id, HEALTH_DROP, day.cutoff),
                data_set=config.name,
                customer_id=customer_id,
                kind=HEALTH_DROP,
                episode=day.cutoff,
                owner=owner_of[row],
                reason_en=en,
                reason_ja=ja,
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


def _reason(before: float, health: float, reasons: Sequence[Reason]) -> tuple[str, str]:
    """What happened, and what raised the risk, in English and Japanese."""
    rose = [reason for reason in reasons if reason.direction == "up"]
    en, ja = f"health is {health:.0f}", f"健全度は{health:.0f}"
    if before > health:
        en, ja = f"health fell from {before:.0f} to {health:.0f}", f"健全度が{before:.0f}から{health:.0f}に低下"
    if not rose:
        return en, ja
    return f"{en}: {'; '.join(reason.en for reason in rose)}", f"{ja}: {'、'.join(reason.ja for reason in rose)}"
