"""Churn under a contract: a subscription ended and was not renewed within the grace period.

    cutoff   gap        horizon            grace
    ---[-------)[----------------------)
    ===================x                ...........   nothing runs or starts within the grace period: churned
    ===================x  ===========                 renewed: stayed

Only customers with a subscription at the cutoff can churn. The rows of other customers never mature.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
from ibis import _

from core.config.training import ChurnDefinition
from features.cohort import running_at
from features.labels.protocol import NO_DAY, Label, LabelQuery, LabelResult
from tables.engines.arrays import days, texts, within
from tables.tables import Tables


class SubscriptionEnded:
    """Churned when the last subscription ends (or any, where `each_subscription` is set) and is not renewed."""

    table = "subscriptions"
    waits_for_renewal = True

    def describe(self, churn: ChurnDefinition) -> str:
        """The definition in words."""
        others = ", whatever others run on" if churn.each_subscription else ""
        return (
            f"a subscription ended within {churn.horizon_days} days and was not renewed within "
            f"{churn.grace_days} days of its end{others}"
        )

    def label(self, tables: Tables, query: LabelQuery) -> LabelResult:
        """Label customers whose subscription ended in the window without renewal, with the stated cause."""
        subscriptions = tables[self.table]
        running = subscriptions.filter(running_at(subscriptions, query.cutoff)).select("customer_id").distinct()
        applies = np.isin(query.customer_ids, texts(running.to_pyarrow()["customer_id"]))
        if "ended_at" not in subscriptions.columns:
            n = len(applies)
            return LabelResult(
                churned=np.zeros(n, bool), churned_at=np.full(n, NO_DAY), cause=np.full(n, ""), applies=applies
            )
        ends = final_ends(subscriptions, query).to_pyarrow()
        ended_on = query.align(ends, days(ends["ended_at"]), missing=NO_DAY)
        churned = applies & ~np.isnat(ended_on)
        return LabelResult(
            churned=churned,
            churned_at=np.where(churned, ended_on, NO_DAY),
            cause=np.where(churned, query.align(ends, texts(ends["cause"]), missing=""), ""),
            applies=applies,
        )

    def label_lifetimes(self, tables: Tables, query: LabelQuery, *, follow_days: int) -> LabelResult:
        """Label customers whose subscription ended without renewal while they are followed, but not within the gap.

        Where each subscription counts, one that ends within the gap leaves the customer with the others.
        """
        result = self.label(tables, query.over(follow_days))
        if not query.churn.gap_days:
            return result
        gap = msgspec.structs.replace(
            query.churn, horizon_days=query.churn.gap_days, gap_days=0, each_subscription=False
        )
        churned_in_gap = self.label(tables, replace(query, churn=gap)).churned
        return replace(result, churned=result.churned & ~churned_in_gap, applies=result.applies & ~churned_in_gap)


LABEL: Label = SubscriptionEnded()


def final_ends(subscriptions: ir.Table, query: LabelQuery) -> ir.Table:
    """The first end in the window that was not renewed, one row per customer, with its cause."""
    grace = ibis.interval(days=query.churn.grace_days)
    ended = subscriptions.filter(within(subscriptions.ended_at, query.window)).mutate(forgiven_until=_.ended_at + grace)
    others = subscriptions.view()
    same_subscription = [ended.subscription_id == others.subscription_id] if query.churn.each_subscription else []
    unrenewed = ended.anti_join(
        others,
        [
            ended.customer_id == others.customer_id,
            *same_subscription,
            others.started_at <= ended.forgiven_until,
            others.ended_at.isnull() | (others.ended_at > ended.ended_at),
        ],
    )
    first = unrenewed.group_by("customer_id").aggregate(ended_at=_.ended_at.min())
    causes = unrenewed.select("customer_id", "ended_at", cause=cause_of(unrenewed))
    rows = first.join(causes, ["customer_id", "ended_at"])
    return rows.group_by("customer_id", "ended_at").aggregate(cause=_.cause.min())


def cause_of(subscriptions: ir.Table) -> ir.Value:
    """The stated cause of an end: its reason, otherwise its kind."""
    columns = [subscriptions[name] for name in ("end_reason", "end_kind") if name in subscriptions.columns]
    return ibis.coalesce(*columns, ibis.literal(""))
