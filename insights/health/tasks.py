"""Opens one task per alert, with its owner, reason and suggested action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.health import ACTIONS, DIMENSIONS, action_in_japanese
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.scores import Reason
from core.tasks import HEALTH_DROP, Task, task_id_of
from insights.health.day import HealthDay
from tables.engines.arrays import texts
from tables.tables import Tables


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


def owners_of(tables: Tables, customer_ids: NDArray[np.str_], *, default: str) -> list[str]:
    """The owner of each customer's account today; `default` where no account of theirs names one."""
    latest = tables.latest()
    if "accounts" not in latest or "owner" not in latest["accounts"].columns:
        return [default] * len(customer_ids)
    owners = _pairs(latest["accounts"], key="account_id", value="owner")
    accounts: dict[str, str] = {}
    if tables.config.customer == "person" and "customers" in latest and "account_id" in latest["customers"].columns:
        accounts = _pairs(latest["customers"], key="customer_id", value="account_id")
    return [owners.get(accounts.get(one, one), "") or default for one in map(str, customer_ids)]


def _pairs(table: ir.Table, *, key: str, value: str) -> dict[str, str]:
    rows = table.select(key, value).to_pyarrow()
    return dict(zip(texts(rows[key]).tolist(), texts(rows[value]).tolist(), strict=True))


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
