"""Churn under a contract: a subscription ended and was not renewed within the grace period.

    cutoff   gap        horizon            grace
    ---[-------)[----------------------)
    ===================x                ...........   nothing runs or starts within the grace period: churned
    ===================x  ===========                 renewed: stayed

Only customers with a subscription at the cutoff can churn. The rows of other customers never mature. A free plan is no
subscription: who moves to one has churned (`tables.episodes`).
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np

from core.config.training import ChurnDefinition
from features.labels.protocol import NO_DAY, Label, LabelQuery, LabelResult
from tables.engines.arrays import numbers, texts
from tables.episodes import TABLE, ends_between, paid_spans, running_at
from tables.tables import Tables


class SubscriptionEnded:
    """Churned when the last subscription ends (or any, where `each_subscription` is set) and is not renewed."""

    table = TABLE
    waits_for_renewal = True
    is_daily = True

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
        paid = paid_spans(subscriptions)
        running = paid.filter(running_at(paid, query.cutoff)).select("customer_id").distinct()
        applies = np.isin(query.customer_ids, texts(running.to_pyarrow()["customer_id"]))
        if "ended_at" not in subscriptions.columns:
            n = len(applies)
            return LabelResult(
                churned=np.zeros(n, bool), churned_at=np.full(n, NO_DAY), cause=np.full(n, ""), applies=applies
            )
        ends = first_ends(subscriptions, query).to_pyarrow()
        end_days = numbers(ends["end_day"]).astype(np.int64).astype("datetime64[D]")
        ended_on = query.align(ends, end_days, missing=NO_DAY)
        churned = applies & ~np.isnat(ended_on)
        return LabelResult(
            churned=churned,
            churned_at=np.where(churned, ended_on, NO_DAY),
            cause=np.where(churned, query.align(ends, texts(ends["reason"]), missing=""), ""),
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


def first_ends(subscriptions: ir.Table, query: LabelQuery) -> ir.Table:
    """One row per customer with an episode that ended in the window: the first such end (`end_day`) and its reason."""
    window = query.window
    ends = ends_between(subscriptions, query.churn, start=window.start, end=window.end)
    in_order = ibis.window(group_by="customer_id", order_by=["end_day", ibis.desc(ends.reason != ""), "reason"])
    ends = ends.mutate(place=ibis.row_number().over(in_order))
    return ends.filter(ends.place == 0).drop("place")
