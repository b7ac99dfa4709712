"""Churn by the customer's own rhythm: no purchase within a multiple of their usual gap.

    past                        cutoff   gap     multiple x usual gap
    --x-----x-----x---------------[-------)[---------------)
      '-----'-----'                         a purchase in here: the customer stayed
      usual gap: the mean between days of purchase

The past counts only through the usual gap. The horizon is the most that is
waited, and what is waited where there is no usual gap yet (fewer than two days
of purchase).
"""

from __future__ import annotations

import numpy as np
from ibis import _

from core.config.learning import ChurnDefinition
from features.cohort import IS_PURCHASE
from features.labels.inactivity import first_silence
from features.labels.label_result import LabelResult, Question, silence
from tables.engines.arrays import days, midnight, numbers, within
from tables.tables import Tables

TABLE = "purchases"


def says(churn: ChurnDefinition) -> str:
    """The definition in words."""
    return (
        f"no purchase within {churn.overdue_multiple:g} of the customer's own usual gaps, "
        f"at most {churn.horizon_days} days"
    )


def fate(tables: Tables, question: Question) -> LabelResult:
    """Who bought nothing before they were overdue."""
    start = np.datetime64(question.window.start, "D")
    overdue_on = start + waits(tables, question).astype("timedelta64[D]")
    returned_on = first_purchases(tables, question)
    return silence(~np.isnat(returned_on) & (returned_on < overdue_on), overdue_on)


def lifetime(tables: Tables, question: Question, followed: Question) -> LabelResult:
    """Who was overdue by the rhythm that they had at the cutoff, at any time while they were followed."""
    bought = tables[TABLE].filter(IS_PURCHASE)
    return first_silence(bought, followed, waits(tables, question))


def waits(tables: Tables, question: Question) -> np.ndarray:
    """How many whole days each customer is waited for, (n,) float64: at least one, at most the horizon."""
    usual_gaps = usual_gap_days(tables, question)
    waited = np.ceil(question.churn.overdue_multiple * usual_gaps)
    return np.clip(np.nan_to_num(waited, nan=np.inf), 1, question.churn.horizon_days)


def usual_gap_days(tables: Tables, question: Question) -> np.ndarray:
    """Mean days between days of purchase before the cutoff, (n,); NaN with fewer than two of them."""
    purchases = tables[TABLE]
    past = purchases.filter(purchases.event_time < midnight(question.cutoff), IS_PURCHASE)
    bought_on = past.select("customer_id", day=_.event_time.truncate("D")).distinct()
    rhythm = bought_on.group_by("customer_id").aggregate(first=_.day.min(), last=_.day.max(), n_days=_.count())
    found = rhythm.filter(_.n_days > 1).to_pyarrow()
    span = (days(found["last"]) - days(found["first"])).astype(np.float64)
    return question.align(found, span / (numbers(found["n_days"]) - 1), np.nan)


def first_purchases(tables: Tables, question: Question) -> np.ndarray:
    """The day of each customer's first purchase in the window, (n,) datetime64[D]; NaT where there is none."""
    purchases = tables[TABLE]
    bought = purchases.filter(within(purchases.event_time, question.window), IS_PURCHASE)
    found = bought.group_by("customer_id").aggregate(first=_.event_time.min()).to_pyarrow()
    return question.align(found, days(found["first"]), np.datetime64("NaT", "D"))
