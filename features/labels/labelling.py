"""What happened to each customer of a cohort after its cutoff: the labels.

      lookback              cutoff   gap        horizon
  [----------------------------)[------)[----------------)
                                        facts that labels see

Labels read the tables as finally known: ids that were merged later and lines
that were recorded late are what they turned out to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import msgspec
import numpy as np
from ibis import _

from core.catalogue import Catalogue
from core.cohort import Cohort
from core.config.learning import ChurnDefinition
from core.errors import DataError
from core.labels import Labels
from features.labels import no_purchase, no_usage, overdue, subscription_ended
from features.labels.label_result import LabelResult, Question
from features.labels.merged import known_now_as
from tables.currencies import in_base_currency
from tables.engines.arrays import numbers, within
from tables.tables import Tables


@dataclass(frozen=True)
class Label:
    """One definition of churn."""

    table: str
    "The table that it reads; its watermark says what is observed."
    says: Callable[[ChurnDefinition], str]
    "The definition in words."
    fate: Callable[[Tables, Question], LabelResult]
    lifetime: Callable[[Tables, Question, Question], LabelResult]
    "The fate of who is followed beyond the horizon: the question as the business asks it, and over the longer time."
    waits_for_renewal: bool = False
    "Whether an end is certain only after the grace period."


Told = Callable[[Tables, Question], tuple[LabelResult, np.ndarray]]
"The fates of those asked about, and the amounts after."

LABELS: Catalogue[Label] = Catalogue(
    "features.labels",
    {
        "no_purchase": Label(no_purchase.TABLE, no_purchase.says, no_purchase.fate, no_purchase.lifetime),
        "overdue": Label(overdue.TABLE, overdue.says, overdue.fate, overdue.lifetime),
        "subscription_ended": Label(
            subscription_ended.TABLE,
            subscription_ended.says,
            subscription_ended.fate,
            subscription_ended.lifetime,
            waits_for_renewal=True,
        ),
        "no_usage": Label(no_usage.TABLE, no_usage.says, no_usage.fate, no_usage.lifetime),
    },
)


def outcomes_of(tables: Tables, cohort: Cohort) -> Labels:
    """The outcome of each row of the cohort, in its order, under the data set's definition of churn.

    Raises DataError where the table that the definition reads is missing.
    """
    label, churn = _label_for(tables), tables.config.churn

    def told(known: Tables, question: Question) -> tuple[LabelResult, np.ndarray]:
        return label.fate(known, question), _amount_after(known, question)

    return _outcomes(tables, cohort, told, churn.horizon_days, definition_of(churn))


def lifetimes_of(tables: Tables, cohort: Cohort, follow_days: int) -> Labels:
    """When each row of the cohort was lost, followed for so many days beyond the gap, as far as records go.

    The horizon is `follow_days`; rows are not mature where records end before it, and hold what was seen by then.
    A day of leaving is so told that whoever left within h days has `churned_at` before the h-th day after the start,
    also where leaving is a silence: then it is the silence's last day. `amount_after` is not told.
    """
    label, churn = _label_for(tables), tables.config.churn

    def told(known: Tables, question: Question) -> tuple[LabelResult, np.ndarray]:
        followed = replace(question, churn=msgspec.structs.replace(churn, horizon_days=follow_days))
        return label.lifetime(known, question, followed), np.full(len(question.customer_ids), np.nan)

    found = _outcomes(tables, cohort, told, follow_days, f"{definition_of(churn)}; followed for {follow_days} days")
    return found.known_at(np.datetime64(observed_until(tables), "D"))


def _outcomes(
    tables: Tables,
    cohort: Cohort,
    told: Told,
    horizon_days: int,
    definition: str,
) -> Labels:
    known = tables.latest()
    customer_ids = known_now_as(tables, cohort.customer_ids)
    answers = [_answer(told, known, customer_ids, cohort.cutoffs == day, day) for day in np.unique(cohort.cutoffs)]
    fate, amount_after = _in_order(answers, len(cohort))
    return Labels(
        customer_ids=cohort.customer_ids,
        cutoffs=cohort.cutoffs,
        churned=fate.churned,
        churned_at=fate.churned_at,
        cause=fate.cause,
        amount_after=amount_after,
        observed_until=np.where(fate.subject, np.datetime64(observed_until(tables), "D"), cohort.cutoffs),
        horizon_days=horizon_days,
        gap_days=tables.config.churn.gap_days,
        definition=definition,
    )


def definition_of(churn: ChurnDefinition) -> str:
    """The definition in words, the gap included."""
    begins = f", counted from {churn.gap_days} days after the cutoff" if churn.gap_days else ""
    return LABELS[churn.definition].says(churn) + begins


def observed_until(tables: Tables) -> date:
    """The first day of which the data set's label cannot yet be sure; a label's window must end by it."""
    return tables.watermark(_label_for(tables).table) - certain_after(tables)


def certain_after(tables: Tables) -> timedelta:
    """How long after a day it is certain who left on it: the grace period where a renewal may still come."""
    label = _label_for(tables)
    return timedelta(days=tables.config.churn.grace_days if label.waits_for_renewal else 0)


def recorded_since(tables: Tables) -> date:
    """The first day of the table that the data set's label reads. Raises DataError where it holds no time."""
    label = _label_for(tables)
    first = tables.intake(label.table).first
    if first is None:
        raise DataError(f"{label.table} holds no time to tell its first day from; is it empty?")
    return first.date()


def _label_for(tables: Tables) -> Label:
    churn = tables.config.churn
    label = LABELS[churn.definition]
    if label.table not in tables:
        raise DataError(
            f"churn.definition '{churn.definition}' reads the table {label.table}, which is missing; "
            f"add it or choose a definition that fits {', '.join(sorted(tables.names))}"
        )
    return label


def _answer(
    told: Told,
    known: Tables,
    customer_ids: np.ndarray,
    rows: np.ndarray,
    day: np.datetime64,
) -> tuple[np.ndarray, LabelResult, np.ndarray]:
    """The rows of one cutoff with their fates and amounts; two ids that became one customer share a fate."""
    unique_ids, owners = np.unique(customer_ids[rows], return_inverse=True)
    question = Question(unique_ids, day.astype(date), known.config.churn)
    fate, amounts = told(known, question)
    return np.flatnonzero(rows), fate.take(owners), amounts[owners]


def _in_order(answers: list[tuple[np.ndarray, LabelResult, np.ndarray]], n_rows: int) -> tuple[LabelResult, np.ndarray]:
    back = np.empty(n_rows, np.int64)
    back[np.concatenate([np.empty(0, np.int64), *(rows for rows, _, _ in answers)])] = np.arange(n_rows)
    amounts = np.concatenate([np.empty(0), *(amounts for _, _, amounts in answers)])
    return LabelResult.joined([fate for _, fate, _ in answers]).take(back), amounts[back]


def _amount_after(tables: Tables, question: Question) -> np.ndarray:
    """Net amount bought in the window, base currency, returns taken off; zero for nothing bought.

    NaN without a purchases table.
    """
    if "purchases" not in tables:
        return np.full(len(question.customer_ids), np.nan)
    purchases = in_base_currency(tables["purchases"], "amount", tables)
    after = purchases.filter(within(purchases.event_time, question.window))
    sums = after.group_by("customer_id").aggregate(amount=_.amount.sum()).to_pyarrow()
    return question.align(sums, numbers(sums["amount"]), 0.0)
