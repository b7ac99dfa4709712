"""Opens one task per alert, with its owner, reason, suggested action and due date, most valuable customers first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.health import DIMENSIONS, action_in_japanese, suggest_action
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.scores import Reason
from core.tasks import HEALTH_DROP, Task, task_id_of
from features.yearly_value import compute_yearly_value
from insights.health.day import HealthDay
from tables.accounts import owners_of
from tables.consents import customers_refusing
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What tasks need to know of the customers who are down, (k,), in the order of the day."""

    owners: Sequence[str]
    value: NDArray[np.float64]
    "(k,) what each brought in during the last year; NaN if unknown."
    may_contact: NDArray[np.bool_]
    "(k,) whether they have not refused to be contacted."
    is_business: bool
    "Whether customers are businesses, or people of businesses."
    only_buys: bool = False
    "Whether there is neither usage nor a subscription."


def load_task_facts(tables: Tables, day: HealthDay) -> TaskFacts:
    """Look up the customers of a day who are down."""
    config, latest = tables.config, tables.latest()
    customer_ids = day.customer_ids[day.is_down(config.health)]
    return TaskFacts(
        owners=owners_of(latest, customer_ids, default=config.health.owner),
        value=compute_yearly_value(tables, customer_ids, cutoff=day.cutoff).value,
        may_contact=~np.isin(customer_ids, customers_refusing(tables, "contact", cutoff=day.cutoff)),
        is_business=config.customer == "account" or "accounts" in latest,
        only_buys="usage" not in latest and "subscriptions" not in latest,
    )


def open_tasks(config: Config, day: HealthDay, *, facts: TaskFacts, now: datetime) -> list[Task]:
    """One task for each customer who is down, largest expected loss first, then largest drop.

    A customer who dropped on an earlier day has the task of that day, whether it is stored already or not: so days that
    were computed together make one list, and a task that a full week has kept back comes later.
    """
    before, rows = day.best_before, np.flatnonzero(day.is_down(config.health))
    expected_loss = np.nan_to_num(day.probability[rows] * facts.value)
    drop = np.nan_to_num(before - day.health)[rows]
    today = now.astimezone(config.zone).date()
    return [
        _task(config, day, row=int(rows[place]), facts=facts, place=place, today=today, now=now)
        for place in np.lexsort((-drop, -expected_loss)).tolist()
    ]


def _task(
    config: Config, day: HealthDay, *, row: int, facts: TaskFacts, place: int, today: date, now: datetime
) -> Task:
    customer_id, dimension = str(day.customer_ids[row]), DIMENSIONS[day.dropped_most[row]]
    before, health, episode = float(day.best_before[row]), float(day.health[row]), day.states.dropped_on[row].item()
    action = suggest_action(
        dimension,
        own_actions=config.health.actions,
        is_business=facts.is_business,
        only_buys=facts.only_buys,
        may_contact=bool(facts.may_contact[place]),
    )
    reason_en, reason_ja = (
        _reason(before, health, dimension=dimension, reasons=day.reasons[row], language=language)
        for language in (ENGLISH, JAPANESE)
    )
    return Task(
        task_id=task_id_of(config.name, customer_id, kind=HEALTH_DROP, episode=episode),
        data_set=config.name,
        customer_id=customer_id,
        kind=HEALTH_DROP,
        episode=episode,
        owner=facts.owners[place],
        reason_en=reason_en,
        reason_ja=reason_ja,
        dimension=dimension,
        action=action,
        action_ja=action_in_japanese(action),
        score=round(health, 1),
        score_before=None if math.isnan(before) else round(before, 1),
        due_on=max(episode, today) + timedelta(days=config.health.due_days),
        created_at=now,
        changed_at=now,
    )


def _reason(before: float, health: float, *, dimension: str, reasons: Sequence[Reason], language: Language) -> str:
    """The drop, the dimension in which it is largest, and the reasons that raised the risk."""
    where = translate(f"dimension.{dimension}", language)
    if before > health:
        message = "Health fell from {before} to {health}, mainly in {dimension}"
        drop = translate(message, language, before=round(before), health=round(health), dimension=where)
    else:
        drop = translate("Health is {health}, lowest in {dimension}", language, health=round(health), dimension=where)
    sentences = [reason.ja if language == JAPANESE else reason.en for reason in reasons if reason.direction == "up"]
    if not sentences:
        return drop
    return translate("{drop}: {reasons}", language, drop=drop, reasons=translate("; ", language).join(sentences))
