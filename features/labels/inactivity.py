"""When customers who leave without saying so were lost, however long after the cutoff.

    cutoff   gap                  wait              wait
    [-------)[---------------------------------------------------------->
             x----x--x-----------------------x  ............
                      ^ silent from here      ^ the first silence of `wait` days ends: lost on its last day

Silence counts from the start of the horizon, as it does for a label of one
horizon: over exactly `wait` days both say the same.
"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np

from core.interactions import codes_of
from core.window import Window
from features.compiler.lines import DAY_SECONDS
from features.labels.label_result import LabelResult, Question
from tables.engines.arrays import numbers, texts, within
from tables.engines.expressions import Expression, ibis

NEVER = np.iinfo(np.int64).max


def first_silence(facts: ir.Table, question: Question, waits: np.ndarray) -> LabelResult:
    """Who fell silent for as many days as they are waited for, (n,), and on which day they were lost.

    `facts` are what a customer is heard of by; the question's window is how long they are followed.
    """
    heard = _days_heard_of(facts, question.window)
    silent_from = _silent_between(heard, question, waits)
    last = heard.group_by("customer_id").aggregate(day=heard.day.max()).to_pyarrow()
    before = _day_number(question.window.start) - 1
    heard_last = question.align(last, numbers(last["day"]), before)
    silent_from = np.minimum(silent_from, heard_last.astype(np.int64) + 1)
    lost_on = (silent_from + waits.astype(np.int64) - 1).astype("datetime64[D]")
    churned = lost_on < np.datetime64(question.window.end, "D")
    return LabelResult(
        churned=churned,
        churned_at=np.where(churned, lost_on, np.datetime64("NaT", "D")),
        cause=np.full(len(churned), ""),
        subject=np.ones(len(churned), bool),
    )


def _days_heard_of(facts: ir.Table, window: Window) -> Expression:
    """One row a customer and day, with the day that they were heard of before, or the eve of the window."""
    found: Expression = facts.filter(within(facts.event_time, window))
    day = (found.event_time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int64")
    days = found.select("customer_id", day=day).distinct()
    of_customer = ibis.window(group_by=days.customer_id, order_by=days.day)
    return days.mutate(previous=days.day.lag().over(of_customer).coalesce(_day_number(window.start) - 1))


def _silent_between(heard: Expression, question: Question, waits: np.ndarray) -> np.ndarray:
    """The first day of each customer's first long enough silence that was broken, (n,) int64; NEVER without one."""
    silent = heard.mutate(silent_days=heard.day - heard.previous - 1)
    longest = silent.filter(silent.silent_days >= int(waits.min(initial=NEVER))).to_pyarrow()
    places = codes_of(texts(longest["customer_id"]), question.customer_ids)
    counts = places >= 0
    places, from_day = places[counts], numbers(longest["previous"])[counts].astype(np.int64) + 1
    long_enough = numbers(longest["silent_days"])[counts] >= waits[places]
    first = np.full(len(question.customer_ids), NEVER)
    np.minimum.at(first, places[long_enough], from_day[long_enough])
    return first


def _day_number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))
