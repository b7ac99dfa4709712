"""Past contacts of offers that shall keep customers, and who stayed: what a save rate is measured on.

contact                contact + horizon of [churn]      cutoff
|-----------------------------)                            |
no churn in here is staying, in both groups alike
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.contact_answers import SaveRows
from core.errors import DataError
from core.window import Cohort
from features.contact_features import place_in_cohort
from features.contact_outcomes import ContactLog, find_orders, find_stayed, load_contact_rows
from features.daily_memo import DailyMemo, key_of_customers
from tables.tables import Tables

MAX_DAYS = 60
"Days of contacts that are labelled, those with the most contacts: each takes a query."
MAX_AGE_DAYS = 730
YEAR_DAYS = 365


def load_save_rows(tables: Tables, cutoff: date, *, memo: DailyMemo | None = None) -> SaveRows | None:
    """The contacts of `saving_kinds` that chance decided, whose horizon is over at midnight of the cutoff.

    None where there are none: without a table of contacts, without control groups, or without a recorded propensity.
    `memo` keeps the labels of each day.
    """
    kinds = tables.config.offers.saving_kinds
    if "contacts" not in tables or "offers" not in tables or not kinds:
        return None
    try:
        log = load_contact_rows(tables, treatment="kind")
    except DataError:
        return None
    ends = log.days + np.timedelta64(tables.config.label_duration.days, "D")
    today = np.datetime64(cutoff, "D")
    is_recent = (ends <= today) & (log.days > today - np.timedelta64(MAX_AGE_DAYS, "D"))
    is_chance = (log.propensities > 0) & (log.propensities < 1)
    log = _keep_largest_days(log.take(is_recent & is_chance & np.isin(log.treatments, kinds)))
    if log.treated.all() or not log.treated.any():
        return None
    cohort, places = place_in_cohort(log.customer_ids, log.days, cutoffs=np.unique(log.days))
    stayed = _find_stayed(tables, cohort, memo=memo)[places]
    is_known = ~np.isnan(stayed)
    log = log.take(is_known)
    return SaveRows(
        customer_ids=log.customer_ids,
        treated=log.treated,
        propensities=log.propensities,
        stayed=stayed[is_known] == 1,
        before=_measure_before(tables, log),
    )


def _find_stayed(tables: Tables, cohort: Cohort, *, memo: DailyMemo | None) -> NDArray[np.float64]:
    if memo is None:
        return find_stayed(tables, cohort)
    stayed = np.empty(len(cohort))
    for day in np.unique(cohort.cutoffs):
        rows = np.flatnonzero(cohort.cutoffs == day)
        part = Cohort(cohort.customer_ids[rows], cohort.cutoffs[rows])
        key = ("stayed", day.item(), key_of_customers(part.customer_ids))
        stayed[rows] = memo.recall(key, lambda part=part: find_stayed(tables, part))
    return stayed


def _keep_largest_days(log: ContactLog) -> ContactLog:
    days, counts = np.unique(log.days, return_counts=True)
    kept = days[np.argsort(-counts, kind="stable")][:MAX_DAYS]
    return log.take(np.isin(log.days, kept))


def _measure_before(tables: Tables, log: ContactLog) -> NDArray[np.float64]:
    """(n, 2) whether each customer ordered in the horizon before the contact, and in the year; (n, 0) without orders.

    It explains most of who stays anyway, which makes intervals narrower.
    """
    if "purchases" not in tables or tables.is_undated("purchases"):
        return np.empty((len(log), 0))
    return np.column_stack(
        [
            find_orders(tables, replace(log, sent_at=(log.days - np.timedelta64(n, "D")).astype("M8[s]")), n_days=n)
            for n in (tables.config.label_duration.days, YEAR_DAYS)
        ]
    )
