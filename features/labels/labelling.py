"""Labels the rows of a cohort: what happened to each customer after the cutoff.

      lookback              cutoff   gap        horizon
  [----------------------------)[------)[----------------)
                                        facts that labels see

Labels read the tables as they are known now: ids that were merged and lines that were recorded after the cutoff count
as what they turned out to be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.config.data_set import Config
from core.config.training import ChurnDefinition
from core.errors import DataError
from core.i18n.message import Message
from core.interactions import codes_of
from core.labels import Labels
from core.model_kinds import CHURN
from core.window import Cohort
from features.labels.events import EventLabel
from features.labels.protocol import Label, LabelQuery, LabelResult
from tables.currencies import convert_to_base_currency
from tables.engines.arrays import numbers, texts, within
from tables.identities import newest_links, resolve_chains
from tables.tables import Tables

LABELS: Catalogue[Label] = Catalogue.of_folder("features.labels", attribute="LABEL")

LabelCutoff = Callable[[Tables, LabelQuery], tuple[LabelResult, NDArray[np.float64]]]
"Labels the customers of one cutoff; also returns the amounts that they bought after it, (n,)."


def label_outcomes(tables: Tables, cohort: Cohort) -> Labels:
    """Label each row of the cohort, in its order, under the data set's definition of churn.

    Raises DataError where the table that the definition reads is missing.
    """
    label, churn = _label_of(tables), tables.config.churn

    def label_cutoff(latest: Tables, query: LabelQuery) -> tuple[LabelResult, NDArray[np.float64]]:
        return label.label(latest, query), _amount_after(latest, query)

    return _label_cohort(
        tables, cohort, label_cutoff=label_cutoff, horizon_days=churn.horizon_days, definition=_describe(label, churn)
    )


def can_churn(tables: Tables, cohort: Cohort) -> NDArray[np.bool_]:
    """Whether the definition of churn applies to each row, (n,): whose subscription has ended cannot end it again.

    Only such rows have labels, so models know nothing of the others and must not score them.
    """
    label, applies = _label_of(tables), np.zeros(len(cohort), np.bool_)
    for day in np.unique(cohort.cutoffs):
        rows, cutoff = np.flatnonzero(cohort.cutoffs == day), day.astype(date)
        unique_ids, owners = np.unique(cohort.customer_ids[rows], return_inverse=True)
        query = LabelQuery(unique_ids, cutoff, tables.config.churn)
        applies[rows] = label.label(tables.at(cutoff), query).applies[owners]
    return applies


def label_lifetimes(tables: Tables, cohort: Cohort, *, follow_days: int) -> Labels:
    """Label when each row of the cohort churned, followed for `follow_days` beyond the gap or to the end of the record.

    The horizon is `follow_days`. Rows are not mature where the record ends before it; they hold what was seen by then.
    A customer who churned within h days has a `churned_at` before the h-th day after the start; with an inactivity,
    it is the last day of that. `amount_after` is NaN.
    """
    label, churn = _label_of(tables), tables.config.churn

    def label_cutoff(latest: Tables, query: LabelQuery) -> tuple[LabelResult, NDArray[np.float64]]:
        no_amounts = np.full(len(query.customer_ids), np.nan)
        return label.label_lifetimes(latest, query, follow_days=follow_days), no_amounts

    definition = f"{_describe(label, churn)}; followed for {follow_days} days"
    lifetimes = _label_cohort(
        tables, cohort, label_cutoff=label_cutoff, horizon_days=follow_days, definition=definition
    )
    return lifetimes.censor(np.datetime64(label_watermark(tables), "D"))


def describe_churn(churn: ChurnDefinition) -> str:
    """The definition of churn in words, the gap included."""
    return _describe(LABELS[churn.definition], churn)


def explain_other_churn(predicted: str, config: Config) -> str:
    """Why a champion that predicts this label does not predict what `[churn]` says today; '' if it does.

    An old champion may have no label, and a cross-section has no definition of churn.
    """
    today = "" if config.cross_section else describe_churn(config.churn)
    if not today or predicted in ("", today):
        return ""
    return (
        f"the champion predicts '{predicted}', but [churn] says '{today}'; run `{CHURN.train_command}`, then "
        f'`{CHURN.promote_command}` (with --force "another definition" if the gate keeps the champion)'
    )


def _describe(label: Label, churn: ChurnDefinition) -> str:
    gap = f", counted from {churn.gap_days} days after the cutoff" if churn.gap_days else ""
    return label.describe(churn) + gap


def label_watermark(tables: Tables) -> date:
    """The first day for which labels are not certain yet. The window of a mature label ends by it."""
    return tables.watermark(_label_of(tables).table) - confirmation_delay(tables)


def is_daily(tables: Tables) -> bool:
    """Whether it is known day by day who churned; see `Label.is_daily`."""
    return _label_of(tables).is_daily


def confirmation_delay(tables: Tables) -> timedelta:
    """How long after a day it is certain who churned on it: the grace period where a renewal may still come."""
    return timedelta(days=tables.config.churn.grace_days if _label_of(tables).waits_for_renewal else 0)


def record_start(tables: Tables) -> date:
    """The first day of the table that the data set's label reads. Raises DataError where it has no time."""
    label = _label_of(tables)
    first = tables.load_report(label.table).first
    if tables.is_undated(label.table):
        raise DataError(f"{label.table} has no event_time; churn needs it: map it under [tables.{label.table}.columns]")
    if first is None:
        raise DataError(f"{label.table} has no row with a time, so its first day is unknown; is the table empty?")
    return first.date()


def describe_short_history(config: Config, *, first: date, test: date) -> Message:
    """Why a history that begins on `first` has no training cutoff before the test cutoff, and what would help."""
    label_days = config.label_duration.days
    return Message(
        "the history from {first} leaves no training cutoff before the test cutoff {test}: {needed} days before it are "
        "needed (active_days and {label_days} of a label), there are {days}; shorten horizon_days or active_days, or "
        "state cutoffs",
        {
            "first": first.isoformat(),
            "test": test.isoformat(),
            "needed": config.active_days + label_days,
            "label_days": label_days,
            "days": max((test - first).days, 0),
        },
    )


def _label_of(tables: Tables) -> Label:
    if tables.event is not None:
        return EventLabel(tables.event)
    churn = tables.config.churn
    label = LABELS[churn.definition]
    if label.table not in tables:
        raise DataError(
            f"churn.definition '{churn.definition}' reads the table {label.table}, which is missing; "
            f"add it or choose a definition that fits {', '.join(sorted(tables.names))}"
        )
    return label


def _label_cohort(
    tables: Tables, cohort: Cohort, *, label_cutoff: LabelCutoff, horizon_days: int, definition: str
) -> Labels:
    latest = tables.latest()
    customer_ids = resolve_ids(tables, cohort.customer_ids)
    rows, results, amounts = [np.empty(0, np.int64)], list[LabelResult](), [np.empty(0)]
    for day in np.unique(cohort.cutoffs):
        rows.append(np.flatnonzero(cohort.cutoffs == day))
        # Two ids of the cohort that became one customer share its label.
        unique_ids, owners = np.unique(customer_ids[rows[-1]], return_inverse=True)
        result, amount_after = label_cutoff(latest, LabelQuery(unique_ids, day.astype(date), latest.config.churn))
        results.append(result.take(owners))
        amounts.append(amount_after[owners])
    # The results are in the order of cutoffs; this brings them back into the order of the cohort.
    order = np.empty(len(cohort), np.int64)
    order[np.concatenate(rows)] = np.arange(len(cohort))
    labels = LabelResult.concatenate(results).take(order)
    return Labels(
        customer_ids=cohort.customer_ids,
        cutoffs=cohort.cutoffs,
        churned=labels.churned,
        churned_at=labels.churned_at,
        cause=labels.cause,
        amount_after=np.concatenate(amounts)[order],
        observed_until=np.where(labels.applies, np.datetime64(label_watermark(tables), "D"), cohort.cutoffs),
        horizon_days=horizon_days,
        gap_days=tables.config.churn.gap_days,
        is_event=tables.event is not None,
        is_daily=_label_of(tables).is_daily,
        definition=definition,
    )


def resolve_ids(tables: Tables, customer_ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The id that each customer's facts have in `tables.latest()`, (n,).

    A store card that was a customer of its own at a cutoff, and later turned out to be ada's, is ada.
    """
    if "identities" not in tables:
        return customer_ids
    chains = resolve_chains(newest_links(tables["identities"]))
    merged = chains.filter(~_.open_ended).to_pyarrow()
    aliases, owners = texts(merged["alias_id"]), texts(merged["customer_id"])
    order = np.argsort(aliases)
    places = codes_of(customer_ids, aliases[order])
    return np.where(places >= 0, np.append(owners[order], "")[places], customer_ids)


def _amount_after(tables: Tables, query: LabelQuery) -> NDArray[np.float64]:
    """Net amount bought in the window in the base currency, less returns; 0 without a purchase, (n,).

    NaN without a purchases table, or without amounts in it.
    """
    if "purchases" not in tables or not tables.has_amounts:
        return np.full(len(query.customer_ids), np.nan)
    purchases = convert_to_base_currency(tables["purchases"], "amount", tables=tables)
    in_window = purchases.filter(within(purchases.event_time, query.window))
    sums = in_window.group_by("customer_id").aggregate(amount=_.amount.sum()).to_pyarrow()
    return query.align(sums, numbers(sums["amount"]), missing=0.0)
