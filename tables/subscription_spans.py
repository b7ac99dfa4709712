"""Subscription rows, however a company writes them, become spans within which nothing changes.

Every row of `Tables.at(cutoff)` and `Tables.latest()` is such a span, so labels, features, report, health and causes
agree. Each step uses only what is known at the cutoff.

    last minute     |-- Jan 31 23:59:59 |-- Feb          a span that ends in the last minute of a day ends at midnight
    last day        |-- Jan 31  |-- Feb 01               in a table whose ends name the last day that is paid for,
                                                         each end is moved to the day after it
    correction      |-- 500, recorded on the 10th        of spans that begin at the same moment, the one recorded last
                    |-- 50, recorded on the 12th         counts, whatever its price
    items           |-- basic 100    \\
                    |-- coupon -20    } 110 a month      the items of a subscription add up
                        |-- add-on 30/
    overlap         |- basic 100 -|                      a newer span of an item replaces the older one
                           |- pro 150 --                 from its beginning on
    monthly rows    |- 100 -|- 100 -|- 100 -             rows that follow each other and are equal are one span;
                                                         where events of subscriptions are predicted, only those that
                                                         bill a month or less: the start of another term is a renewal

An item is what the column `item` names. Without it, a discount (a negative amount), an add-on (its plan is called so,
or `tables.overlapping_plans` finds it) and the cheaper ones of several plans that begin at the same moment are items
beside the main plan. A discount ends with the last span that it can reduce; while it takes the whole price, the plan is
free (`tables.free_of_charge`).
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from tables.contract import CONTRACT
from tables.free_of_charge import make_free
from tables.overlapping_plans import NO_END, PlanOverlaps, count_overlaps, mark_beside

SUBSCRIPTION = ("customer_id", "subscription_id")
MAIN_ITEM = ""
"The item of the main plan."
ITEM_WORDS = "add[-_ ]?on|coupon|discount|アドオン|オプション|クーポン|割引"
"A plan with one of these words in its name is an item beside the main plan."
NO_OVERLAPS = PlanOverlaps()
UNCHANGED = ("plan", "mrr", "currency", "seats", "term_months", "margin_rate")
"Columns that are equal within a span."
DAY_SECONDS = 86_400
MAX_BILLED_DAYS = 45
"Length of a row that bills for a month; a longer one is a term that is renewed."
MIN_RENEWED_SHARE = 0.1
MIN_RENEWED_CUSTOMERS = 3
"Fewer renewals on the day after an end may be chance."


def end_at_midnight(subscriptions: ir.Table, *, last_day_included: bool) -> ir.Table:
    """The rows with `ended_at` at the first moment that is not paid for.

    With `last_day_included`, ends name the last day that is paid for; an end in a day's last minute already says so.
    """
    if "ended_at" not in subscriptions.columns:
        return subscriptions
    ended = subscriptions.ended_at
    is_last_minute = _is_last_minute(ended)
    later = ended + ibis.interval(days=1)
    return subscriptions.mutate(
        ended_at=ibis.cases(
            (is_last_minute, ended.truncate("D") + ibis.interval(days=1)),
            else_=later if last_day_included else ended,
        )
    )


def _is_last_minute(time: ir.TimestampValue) -> ir.BooleanValue:
    return time.truncate("s").epoch_seconds() % DAY_SECONDS >= DAY_SECONDS - 60


def count_renewals(subscriptions: ir.Table) -> ir.Table:
    """One row of counts that shows whether ends name the last day that is paid for.

    `same_day` and `next_day` are spans whose customer has another one that begins on the day of the end, or on the day
    after it; `customers` are those of `next_day`. An end in a day's last minute is clear, and counts in none of them.
    """
    begun = subscriptions.select("customer_id", day=_day(subscriptions.started_at), starts=1, ends=0)
    ended = subscriptions.filter(subscriptions.ended_at.notnull(), ~_is_last_minute(subscriptions.ended_at))
    over = ended.select("customer_id", day=_day(ended.ended_at), starts=0, ends=1)
    events = ibis.union(begun, over)
    days = events.group_by(["customer_id", "day"]).aggregate(starts=events.starts.sum(), ends=events.ends.sum())
    by_customer = ibis.window(group_by="customer_id", order_by="day")
    is_adjacent = days.day.lead().over(by_customer) == days.day + 1
    days = days.mutate(is_next=is_adjacent.fill_null(False) & (days.starts.lead().over(by_customer) > 0))
    days = days.filter(days.ends > 0)
    return days.aggregate(
        ended=days.ends.sum(),
        same_day=ibis.ifelse(days.starts > 0, days.ends, 0).sum(),
        next_day=ibis.ifelse(days.is_next, days.ends, 0).sum(),
        customers=ibis.ifelse(days.is_next, days.customer_id, ibis.null("string")).nunique(),
    )


def has_last_day_ends(counts: Mapping[str, int | None]) -> bool:
    """Whether the counts of `count_renewals` show that ends name the last day that is paid for."""
    names = ("ended", "same_day", "next_day", "customers")
    ended, same_day, next_day, customers = (counts.get(name) or 0 for name in names)
    is_usual = next_day > same_day and next_day >= MIN_RENEWED_SHARE * ended
    return is_usual and customers >= MIN_RENEWED_CUSTOMERS


def find_loose_rows(subscriptions: ir.Table) -> ir.Table:
    """The rows that `make_spans` may change: discounts, and rows that overlap or follow an earlier one closely."""
    rows = _add_earlier_end(subscriptions, SUBSCRIPTION)
    return rows.filter((rows.mrr < 0) | _follows(rows, rows.earlier_until)).drop("earlier_until")


def find_overlaps(subscriptions: ir.Table, overlaps: PlanOverlaps) -> ir.Table:
    """The rows of an item that begin while an earlier one runs, and so replace it."""
    rows = _add_earlier_end(_name_items(subscriptions, overlaps), (*SUBSCRIPTION, "item"))
    return rows.filter(rows.earlier_until > rows.started_at).drop("earlier_until")


def find_beside(subscriptions: ir.Table, plans: tuple[str, ...]) -> ir.Table:
    """The rows of these plans that began while another main plan of their subscription ran."""
    rows = mark_beside(_keep_main_plans(subscriptions), plans)
    return rows.filter(rows.is_beside).drop("is_beside")


def count_plan_overlaps(subscriptions: ir.Table) -> ir.Table:
    """The counts of `tables.overlapping_plans`; the ends are those of `end_at_midnight`."""
    return count_overlaps(_keep_main_plans(subscriptions))


def _keep_main_plans(subscriptions: ir.Table) -> ir.Table:
    """The rows that are no items beside a main plan, whatever overlaps."""
    rows = _name_items(_keep_corrections(_name_items(subscriptions, apart=False)))
    return rows.filter(rows.item == MAIN_ITEM)


def find_void_discounts(subscriptions: ir.Table) -> ir.Table:
    """The discounts of customers without another span that they could reduce."""
    rows = _add_paid_until(subscriptions)
    return rows.filter(_is_void(rows)).drop("paid_until")


def make_spans(
    subscriptions: ir.Table, overlaps: PlanOverlaps, *, has_discounts: bool, keeps_terms: bool = False
) -> ir.Table:
    """Spans within which nothing changes, with `item`; the ends are those of `end_at_midnight`.

    With `keeps_terms`, each term of more than `MAX_BILLED_DAYS` is a span of its own.
    """
    if "ended_at" not in subscriptions.columns:
        subscriptions = subscriptions.mutate(ended_at=ibis.null("timestamp"))
    rows = _name_items(_keep_corrections(_name_items(subscriptions, apart=False)), overlaps)
    rows = _close_short_gaps(_cut_overlaps(_end_discounts(rows)))
    return _merge_equal_rows(make_free(rows) if has_discounts else rows, keeps_terms=keeps_terms)


def _name_items(subscriptions: ir.Table, overlaps: PlanOverlaps = NO_OVERLAPS, *, apart: bool = True) -> ir.Table:
    """With `item`. `apart` makes the cheaper of several plans that begin at the same moment items."""
    rows = subscriptions
    if overlaps.add_ons:
        rows = mark_beside(rows, overlaps.add_ons)
        rows = rows.mutate(beside=ibis.ifelse(rows.is_beside, rows.plan, ibis.null("string"))).drop("is_beside")
    else:
        rows = rows.mutate(beside=ibis.null("string"))
    is_item = (rows.mrr < 0) | rows.plan.lower().re_search(ITEM_WORDS)
    item = rows.item.nullif(MAIN_ITEM) if "item" in rows.columns else ibis.null("string")
    rows = rows.mutate(item=ibis.coalesce(item, ibis.ifelse(is_item, rows.plan, rows.beside), MAIN_ITEM))
    rows = rows.drop("beside")
    if not apart:
        return rows
    start = [*SUBSCRIPTION, "item", "started_at"]
    dearest_first = ibis.window(group_by=start, order_by=[ibis.desc("mrr"), "plan"])
    rows = rows.mutate(place=ibis.row_number().over(dearest_first))
    dearest_plan = ibis.ifelse(rows.place == 0, rows.plan, ibis.null("string"))
    rows = rows.mutate(dearest_plan=dearest_plan.max().over(ibis.window(group_by=start)))
    is_beside = (rows.item == MAIN_ITEM) & (rows.plan != rows.dearest_plan)
    return rows.mutate(item=ibis.ifelse(is_beside, rows.plan, rows.item)).drop("place", "dearest_plan")


def _keep_corrections(rows: ir.Table) -> ir.Table:
    """Of the rows of an item that begin at the same moment: those recorded last and, of equal plans, the dearest."""
    if "recorded_time" in rows.columns:
        together = ibis.window(group_by=[*SUBSCRIPTION, "item", "started_at"])
        rows = rows.mutate(newest=rows.recorded_time.max().over(together))
        rows = rows.filter(rows.newest.isnull() | (rows.recorded_time == rows.newest)).drop("newest")
    # Every column takes part, so that each engine keeps the same one of several rows.
    others = [name for name in CONTRACT["subscriptions"].names if name in rows.columns and name != "mrr"]
    order = [ibis.desc(name) for name in ("mrr", *others)]
    place = ibis.row_number().over(ibis.window(group_by=[*SUBSCRIPTION, "item", "started_at", "plan"], order_by=order))
    return rows.mutate(place=place).filter(ibis._.place == 0).drop("place")


def _end_discounts(rows: ir.Table) -> ir.Table:
    """The rows with discounts that end when the customer's last other span ends; without one, they are left out."""
    rows = _add_paid_until(rows)
    rows = rows.filter(~_is_void(rows))
    outlives = (rows.mrr < 0) & (_end_of(rows) > rows.paid_until)
    return rows.mutate(ended_at=ibis.ifelse(outlives, rows.paid_until, rows.ended_at)).drop("paid_until")


def _add_paid_until(rows: ir.Table) -> ir.Table:
    """With `paid_until`: when the customer's last span that is no discount ends; missing without one."""
    if "ended_at" not in rows.columns:
        rows = rows.mutate(ended_at=ibis.null("timestamp"))
    end = ibis.ifelse(rows.mrr >= 0, _end_of(rows), ibis.null("timestamp"))
    return rows.mutate(paid_until=end.max().over(ibis.window(group_by="customer_id")))


def _is_void(rows: ir.Table) -> ir.BooleanValue:
    return (rows.mrr < 0) & (rows.paid_until.isnull() | (rows.paid_until <= rows.started_at))


def _cut_overlaps(rows: ir.Table) -> ir.Table:
    """The rows, each ending when the next one of its item begins at the latest.

    A row inside an older one counts only until it is known that it ends first.
    """
    item = (*SUBSCRIPTION, "item")
    rows = _add_earlier_end(rows, item)
    rows = rows.filter(rows.earlier_until.isnull() | (rows.earlier_until <= _end_of(rows)))
    rows = rows.mutate(next_at=_next_start(rows))
    rows = rows.filter(rows.next_at.isnull() | (rows.next_at > rows.started_at))
    is_cut = rows.next_at.notnull() & (rows.next_at < _end_of(rows))
    return rows.mutate(ended_at=ibis.ifelse(is_cut, rows.next_at, rows.ended_at)).drop("earlier_until", "next_at")


def _close_short_gaps(rows: ir.Table) -> ir.Table:
    """The rows, each lasting until the next one of its item where that begins within a day of its end."""
    rows = rows.mutate(next_at=_next_start(rows))
    is_short = rows.next_at.notnull() & (rows.next_at <= rows.ended_at + ibis.interval(days=1))
    return rows.mutate(ended_at=ibis.ifelse(is_short, rows.next_at, rows.ended_at)).drop("next_at")


def _merge_equal_rows(rows: ir.Table, *, keeps_terms: bool) -> ir.Table:
    """One row for each run of equal rows that follow each other: the last, with the first start and all refunds."""
    by_item = ibis.window(group_by=[*SUBSCRIPTION, "item"], order_by="started_at")
    before = {name: rows[name].lag().over(by_item) for name in UNCHANGED if name in rows.columns}
    continues = rows.ended_at.lag().over(by_item) == rows.started_at
    if keeps_terms:
        continues &= _day(rows.started_at) - _day(rows.started_at.lag().over(by_item)) <= MAX_BILLED_DAYS
    is_equal = ibis.and_(continues, *(rows[name].identical_to(value) for name, value in before.items()))
    rows = rows.mutate(begins=ibis.ifelse(is_equal.fill_null(False), 0, 1))
    so_far = ibis.cumulative_window(group_by=[*SUBSCRIPTION, "item"], order_by="started_at")
    rows = rows.mutate(run=rows.begins.sum().over(so_far))
    run = [*SUBSCRIPTION, "item", "run"]
    whole = ibis.window(group_by=run)
    last_first = ibis.window(group_by=run, order_by=ibis.desc("started_at"))
    sums = {"refunded": rows.refunded.sum().over(whole)} if "refunded" in rows.columns else {}
    rows = rows.mutate(began_at=rows.started_at.min().over(whole), place=ibis.row_number().over(last_first), **sums)
    rows = rows.filter(rows.place == 0)
    return rows.mutate(started_at=rows.began_at).drop("begins", "run", "began_at", "place")


def _add_earlier_end(rows: ir.Table, owner: tuple[str, ...]) -> ir.Table:
    """With `earlier_until`: the latest end of any earlier row of the owner; missing for the first one."""
    if "ended_at" not in rows.columns:
        rows = rows.mutate(ended_at=ibis.null("timestamp"))
    earlier = ibis.window(group_by=owner, order_by=("started_at", "mrr", "plan"), preceding=(None, 1))
    return rows.mutate(earlier_until=_end_of(rows).max().over(earlier))


def _next_start(rows: ir.Table) -> ir.Value:
    by_item = ibis.window(group_by=[*SUBSCRIPTION, "item"], order_by=("started_at", "mrr", "plan"))
    return rows.started_at.lead().over(by_item)


def _follows(rows: ir.Table, earlier_until: ir.Value) -> ir.BooleanValue:
    return (rows.started_at <= earlier_until) | (rows.started_at <= earlier_until + ibis.interval(days=1))


def _end_of(rows: ir.Table) -> ir.Value:
    return ibis.coalesce(rows.ended_at, ibis.literal(NO_END, "timestamp"))


def _day(time: ir.TimestampValue) -> ir.IntegerValue:
    """The local day of a time, counted from 1970, int64."""
    return (time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int64")
