"""Opens one task per alert, with its owner, reason, suggested action and due date, most valuable customers first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.config.customers import HealthSettings
from core.config.data_set import Config
from core.health import DIMENSIONS, action_in_japanese, suggest_action
from core.i18n.formatting import format_date, format_number
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.scores import Reason
from core.tasks import HEALTH_DROP, Task, task_id_of
from features.yearly_value import compute_yearly_value
from insights.health.day import HealthDay
from tables.accounts import owners_of
from tables.consents import customers_refusing
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class HealthDrop:
    """The drop for which a task is opened. It may be of an earlier day, so health may have changed since."""

    day: date
    before: float
    "Health before the drop; NaN if unknown."
    after: float
    "Health on its day; NaN if a file of an earlier version does not say."
    now: float
    is_new: bool
    "Whether it is of the day that is computed."
    settings: HealthSettings

    @classmethod
    def of(cls, health_day: HealthDay, row: int, *, settings: HealthSettings) -> HealthDrop:
        """The last drop of the customer in a row."""
        states = health_day.states
        return cls(
            day=states.dropped_on[row].item(),
            before=float(states.dropped_from[row]),
            after=float(states.dropped_to[row]),
            now=float(health_day.health[row]),
            is_new=states.dropped_on[row] == np.datetime64(health_day.cutoff, "D"),
            settings=settings,
        )

    @property
    def _n_decimals(self) -> int:
        """One where whole numbers would contradict the limits: a fall to 69.7 is not one to 70."""
        rounded_drop = np.rint(self.before) - np.rint(self.after)
        is_unclear = (
            rounded_drop < self.settings.alert_drop <= self.before - self.after
            or np.rint(np.fmax(self.after, self.now)) >= self.settings.healthy_from
        )
        return 1 if is_unclear else 0

    def describe(self, dimension: str, language: Language) -> str:
        """From where to where health fell, until which day, where it is now, and the dimension that fell most."""
        scores = {"before": self.before, "after": self.after, "now": self.now}
        texts = {
            name: format_number(score, language, n_decimals=self._n_decimals)
            for name, score in scores.items()
            if not math.isnan(score)
        }
        if self.before > self.after:
            message = "Health fell from {before} to {after} in the 28 days before {day}, mainly in {dimension}"
            later = (
                "Health fell from {before} to {after} in the 28 days before {day} and is {now} now, "
                "mainly in {dimension}"
            )
        else:
            message = "Health is {now}, lowest in {dimension}"
            later = "Health dropped on {day} and is {now} now, lowest in {dimension}"
        return translate(
            message if self.is_new else later,
            language,
            day=format_date(self.day, language),
            dimension=translate(f"dimension.{dimension}", language),
            **texts,
        )


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
        owners=owners_of(tables, customer_ids, cutoff=None, default=config.health.owner),
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
    rows = np.flatnonzero(day.is_down(config.health))
    expected_loss = np.nan_to_num(day.probability[rows] * facts.value)
    drop = np.nan_to_num(day.states.dropped_from - day.states.dropped_to)[rows]
    today = now.astimezone(config.zone).date()
    return [
        _task(config, day, row=int(rows[place]), facts=facts, place=place, today=today, now=now)
        for place in np.lexsort((-drop, -expected_loss)).tolist()
    ]


def _task(
    config: Config, day: HealthDay, *, row: int, facts: TaskFacts, place: int, today: date, now: datetime
) -> Task:
    customer_id, dimension = str(day.customer_ids[row]), DIMENSIONS[day.dropped_most[row]]
    drop = HealthDrop.of(day, row, settings=config.health)
    action = suggest_action(
        dimension,
        own_actions=config.health.actions,
        is_business=facts.is_business,
        only_buys=facts.only_buys,
        may_contact=bool(facts.may_contact[place]),
    )
    reason_en, reason_ja = (
        _reason(drop, dimension=dimension, reasons=day.reasons[row], language=language)
        for language in (ENGLISH, JAPANESE)
    )
    return Task(
        task_id=task_id_of(config.name, customer_id, kind=HEALTH_DROP, episode=drop.day),
        data_set=config.name,
        customer_id=customer_id,
        kind=HEALTH_DROP,
        episode=drop.day,
        owner=facts.owners[place],
        reason_en=reason_en,
        reason_ja=reason_ja,
        dimension=dimension,
        action=action,
        action_ja=action_in_japanese(action),
        score=round(drop.now, 1),
        score_before=None if math.isnan(drop.before) else round(drop.before, 1),
        due_on=max(drop.day, today) + timedelta(days=config.health.due_days),
        created_at=now,
        changed_at=now,
    )


def _reason(drop: HealthDrop, *, dimension: str, reasons: Sequence[Reason], language: Language) -> str:
    """The drop, the dimension in which it is largest, and the reasons that raised the risk."""
    fall = drop.describe(dimension, language)
    sentences = [reason.ja if language == JAPANESE else reason.en for reason in reasons if reason.direction == "up"]
    if not sentences:
        return fall
    return translate("{drop}: {reasons}", language, drop=fall, reasons=translate("; ", language).join(sentences))
