"""Churn under a contract: a subscription ended and was not renewed within the grace period.

    cutoff   gap        horizon            grace
    ---[-------)[----------------------)
    ===================x                ...........   ended; nothing runs or begins within the grace: churned
    ===================x  ===========                 renewed: stayed

Only customers with a subscription that runs at the cutoff can leave; of the
others nothing can be observed, so their rows are never mature.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
from ibis import _

from core.config.learning import ChurnDefinition
from features.cohort import running_at
from features.labels.label_result import LabelResult, Question
from tables.engines.arrays import days, texts, within
from tables.tables import Tables

TABLE = "subscriptions"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    others = ", whatever others run on" if churn.each_subscription else ""
    return (
        f"a subscription ended within {churn.horizon_days} days and was not renewed within "
        f"{churn.grace_days} days of its end{others}"
    )


def fate(tables: Tables, question: Question) -> LabelResult:
    """Who let their last subscription end in the window."""
    subscriptions = tables[TABLE]
    running = subscriptions.filter(running_at(subscriptions, question.cutoff)).select("customer_id").distinct()
    subject = np.isin(question.customer_ids, texts(running.to_pyarrow()["customer_id"]))
    if "ended_at" not in subscriptions.columns:
        ended_on = np.full(len(subject), np.datetime64("NaT", "D"))
        return LabelResult(np.zeros(len(subject), bool), ended_on, np.full(len(subject), ""), subject)
    found = final_ends(subscriptions, question).to_pyarrow()
    ended_on = question.align(found, days(found["ended_at"]), np.datetime64("NaT", "D"))
    churned = subject & ~np.isnat(ended_on)
    return LabelResult(
        churned=churned,
        churned_at=np.where(churned, ended_on, np.datetime64("NaT", "D")),
        cause=np.where(churned, question.align(found, texts(found["cause"]), ""), ""),
        subject=subject,
    )


def lifetime(tables: Tables, question: Question, followed: Question) -> LabelResult:
    """Who let a subscription end for good while they were followed; who had none left after the gap was gone before.

    Where each subscription counts, one that ends within the gap leaves the customer with the others.
    """
    found = fate(tables, followed)
    if not question.churn.gap_days:
        return found
    gap = msgspec.structs.replace(
        question.churn, horizon_days=question.churn.gap_days, gap_days=0, each_subscription=False
    )
    gone = fate(tables, replace(question, churn=gap)).churned
    return replace(found, churned=found.churned & ~gone, subject=found.subject & ~gone)


def final_ends(subscriptions: ir.Table, question: Question) -> ir.Table:
    """One row a customer whose subscription ended in the window unrenewed: the first such end and its cause."""
    grace = ibis.interval(days=question.churn.grace_days)
    ended = subscriptions.filter(within(subscriptions.ended_at, question.window)).mutate(
        forgiven_until=_.ended_at + grace
    )
    others = subscriptions.view()
    same = [ended.subscription_id == others.subscription_id] if question.churn.each_subscription else []
    unrenewed = ended.anti_join(
        others,
        [
            ended.customer_id == others.customer_id,
            *same,
            others.started_at <= ended.forgiven_until,
            others.ended_at.isnull() | (others.ended_at > ended.ended_at),
        ],
    )
    first = unrenewed.group_by("customer_id").aggregate(ended_at=_.ended_at.min())
    causes = unrenewed.select("customer_id", "ended_at", cause=cause_of(unrenewed))
    rows = first.join(causes, ["customer_id", "ended_at"])
    return rows.group_by("customer_id", "ended_at").aggregate(cause=_.cause.min())


def cause_of(subscriptions: ir.Table) -> ir.Value:
    """Why a subscription ended, as stated: its reason, otherwise its kind."""
    stated = [subscriptions[name] for name in ("end_reason", "end_kind") if name in subscriptions.columns]
    return ibis.coalesce(*stated, ibis.literal(""))
