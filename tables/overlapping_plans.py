"""Whether a plan that begins while another plan of the same subscription runs adds to its price or replaces it.

    adds        |-- basic 100 ----------        an add-on: both are paid for
                      |-- storage 30 ---        130 a month
    replaces    |-- basic 100 ----------        a change of plan that leaves the older row open
                      |-- pro 150 ------        150 a month

The column `item` or the TOML's `overlapping_plans` states it. Otherwise the whole table shows it, plan by plan:

1. Where the older row usually ends first while the newer one goes on, its end lags behind a change of plan.
2. A company that ends the older row at a change of plan (three customers and more) has no other reason to let two run.
3. Otherwise a plan that never runs alone, at half the price of what it runs beside or less, is an add-on.
4. Any other plan replaces the older one.

Billing systems add up whatever runs in one subscription: the items of Stripe, the subscription sets of ChartMogul.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

MIN_CLOSING_CUSTOMERS = 3
"Fewer plans that end where another one begins may be chance."
MAX_PRICE_OF_ADD_ON = 0.5
"An add-on costs at most this share of what it runs beside."
SUBSCRIPTION = ("customer_id", "subscription_id")

Reading = Literal["add", "replace"]
NO_END = datetime(9999, 1, 1)


@dataclass(frozen=True, kw_only=True)
class PlanOverlaps:
    """How the plans that begin beside another one of their subscription are read."""

    add_ons: tuple[str, ...] = ()
    "Plans that add to the price, sorted."
    changes: tuple[str, ...] = ()
    "Plans that replace the older one, sorted."


def count_overlaps(main_plans: ir.Table) -> ir.Table:
    """One row a plan, from the rows of the main plan with `ended_at` and no two of a subscription that begin together.

    A run is a plan's uninterrupted time in a subscription. `n_beside` runs begin while another plan runs, `n_lagging`
    of them outlive it; `beside_mrr` and `other_mrr` are their prices and those of what they run beside. `n_alone` runs
    begin while none runs, `n_closing` of them where another plan ends, of `closing_customers`.
    """
    runs = _make_runs(main_plans)
    before = ibis.window(group_by=SUBSCRIPTION, order_by=["run_start", "plan"], preceding=(None, 1))
    runs = runs.mutate(earlier_until=runs.run_end.max().over(before), earlier_mrr=runs.run_mrr.max().over(before))
    day = ibis.interval(days=1)
    is_beside = (runs.earlier_until > runs.run_start + day).fill_null(False)
    is_closing = (~is_beside & (runs.earlier_until + day >= runs.run_start)).fill_null(False)
    is_lagging = is_beside & (runs.earlier_until < runs.run_end)
    return runs.group_by("plan").aggregate(
        n_alone=ibis.ifelse(is_beside, 0, 1).sum(),
        n_beside=ibis.ifelse(is_beside, 1, 0).sum(),
        n_lagging=ibis.ifelse(is_lagging, 1, 0).sum(),
        beside_mrr=ibis.ifelse(is_beside, runs.run_mrr, 0.0).sum(),
        other_mrr=ibis.ifelse(is_beside, runs.earlier_mrr, 0.0).sum(),
        n_closing=ibis.ifelse(is_closing, 1, 0).sum(),
        closing_customers=ibis.ifelse(is_closing, runs.customer_id, ibis.null("string")).nunique(),
    )


def _make_runs(main_plans: ir.Table) -> ir.Table:
    """One row for each uninterrupted time of a plan in a subscription; `run_end` is far away for one that runs on."""
    plan = [*SUBSCRIPTION, "plan"]
    rows = main_plans.select(*plan, "started_at", "mrr", end=_end_of(main_plans))
    before = ibis.window(group_by=plan, order_by="started_at", preceding=(None, 1))
    rows = rows.mutate(earlier_end=rows.end.max().over(before))
    goes_on = (rows.started_at <= rows.earlier_end + ibis.interval(days=1)).fill_null(False)
    rows = rows.mutate(begins=ibis.ifelse(goes_on, 0, 1))
    so_far = ibis.cumulative_window(group_by=plan, order_by="started_at")
    rows = rows.mutate(run=rows.begins.sum().over(so_far))
    return rows.group_by([*plan, "run"]).aggregate(
        run_start=rows.started_at.min(), run_end=rows.end.max(), run_mrr=rows.mrr.max()
    )


def read_overlaps(counts: Iterable[Mapping[str, Any]], *, reading: Reading | None) -> PlanOverlaps:
    """How the plans of `count_overlaps` are read; `reading` is what the TOML states."""
    plans = list(counts)
    n_closing, n_lagging = (sum(plan[name] for plan in plans) for name in ("n_closing", "n_lagging"))
    customers = sum(plan["closing_customers"] for plan in plans)
    closes = customers >= MIN_CLOSING_CUSTOMERS and n_closing > n_lagging
    beside = [plan for plan in plans if plan["n_beside"]]
    adds = {plan["plan"]: reading == "add" if reading else _adds(plan, closes=closes) for plan in beside}
    return PlanOverlaps(
        add_ons=tuple(sorted(name for name, is_added in adds.items() if is_added)),
        changes=tuple(sorted(name for name, is_added in adds.items() if not is_added)),
    )


def _adds(plan: Mapping[str, Any], *, closes: bool) -> bool:
    if 2 * plan["n_lagging"] > plan["n_beside"]:
        return False
    is_cheap = plan["beside_mrr"] <= MAX_PRICE_OF_ADD_ON * plan["other_mrr"]
    return closes or (plan["n_alone"] == 0 and is_cheap)


def mark_beside(rows: ir.Table, plans: tuple[str, ...]) -> ir.Table:
    """The rows with `is_beside`: one of these plans, which began while another one of its subscription ran."""
    order = ["started_at", ibis.desc("mrr"), "plan"]
    before = ibis.window(group_by=SUBSCRIPTION, order_by=order, preceding=(None, 1))
    rows = rows.mutate(earlier_until=_end_of(rows).max().over(before))
    of_plan = ibis.window(group_by=[*SUBSCRIPTION, "plan"], order_by=["started_at", ibis.desc("mrr")])
    rows = rows.mutate(place=ibis.row_number().over(of_plan))
    is_beside = (rows.place == 0) & (rows.earlier_until > rows.started_at + ibis.interval(days=1))
    rows = rows.mutate(began_beside=ibis.ifelse(is_beside.fill_null(False), 1, 0))
    began_beside = rows.began_beside.max().over(ibis.window(group_by=[*SUBSCRIPTION, "plan"])) == 1
    rows = rows.mutate(is_beside=began_beside & rows.plan.isin(plans))
    return rows.drop("earlier_until", "place", "began_beside")


def _end_of(rows: ir.Table) -> ir.Value:
    return ibis.coalesce(rows.ended_at, ibis.literal(NO_END, "timestamp"))
