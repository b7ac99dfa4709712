"""Past contacts with the features of their customers: what P(accept) is learned from.

cutoff         contact          answer_days          now
|--------------|------- accepted, or not -----|      |
features, tastes                                     only contacts whose time to answer is over count
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from core.contact_answers import AcceptanceRows, can_tell_customers_apart
from core.feature_table import FeatureTable
from core.offers import Offer
from features.contact_features import choose_cutoffs, compute_contact_features
from features.daily_memo import DailyMemo, key_of_customers
from features.offer_tastes import measure_tastes
from tables.engines.arrays import midnight, numbers, seconds, texts
from tables.tables import Tables

MAX_CONTACTS = 100_000
"The newest ones."


def load_acceptance_rows(
    tables: Tables,
    cutoff: date,
    *,
    offers: Sequence[Offer],
    like: FeatureTable | None = None,
    memo: DailyMemo | None = None,
) -> AcceptanceRows | None:
    """The newest treated contacts before midnight of the cutoff with one of the offers.

    None where the tables do not show who accepted which offer, or where too few did to tell customers apart.

    `like` are the features that the learned model will read: rows get no others, and the same words. Features of
    `exclude_features` are left out. `memo` keeps what is computed at each cutoff of features.
    """
    contacts = _select_treated(tables, cutoff, offers=offers)
    if contacts is None:
        return None
    newest = contacts.order_by([ibis.desc("event_time"), "customer_id", "offer_id"]).limit(MAX_CONTACTS).to_pyarrow()
    accepted = numbers(newest["accepted"]) == 1
    if not can_tell_customers_apart(int(accepted.sum()), len(accepted)):
        return None
    days = seconds(newest["event_time"]).astype("datetime64[D]")
    features = compute_contact_features(
        tables,
        texts(newest["customer_id"]),
        days=days,
        cutoffs=choose_cutoffs(days, tables.config.uplift.max_cutoffs),
        vocabularies=None if like is None else like.vocabularies,
        names=None if like is None else like.names,
        memo=memo,
    )
    excluded = set(tables.config.exclude_features)
    offer_ids = texts(newest["offer_id"])
    return AcceptanceRows(
        features=features.select([name for name in features.names if name not in excluded]),
        offer_ids=offer_ids,
        tastes=_tastes_of_contacts(tables, features, offer_ids=offer_ids, offers=offers, memo=memo),
        accepted=accepted,
        days=days,
        answer_days=tables.config.offers.answer_days,
    )


def _select_treated(tables: Tables, cutoff: date, *, offers: Sequence[Offer]) -> ir.Table | None:
    """The contacts that may be rows, with `accepted`; None where the tables do not show who accepted."""
    view = tables.at(cutoff)
    if "contacts" not in view or not {"offer_id", "converted_at"} <= set(view["contacts"].columns) or not offers:
        return None
    answer_days = tables.config.offers.answer_days
    due = view["contacts"].filter(
        _.treated,
        _.customer_id.notnull(),
        _.offer_id.isin([offer.offer_id for offer in offers]),
        _.event_time < midnight(cutoff - timedelta(days=answer_days)),
    )
    is_in_time = due.converted_at < due.event_time + ibis.interval(days=answer_days)
    return due.select("customer_id", "event_time", "offer_id", accepted=ibis.ifelse(is_in_time, 1, 0))


def _tastes_of_contacts(
    tables: Tables,
    features: FeatureTable,
    *,
    offer_ids: NDArray[np.str_],
    offers: Sequence[Offer],
    memo: DailyMemo | None,
) -> NDArray[np.float64]:
    """The taste of each contact's customer for its offer, at the cutoff of its features, (n,)."""
    places = {offer.offer_id: place for place, offer in enumerate(offers)}
    columns = np.array([places[offer_id] for offer_id in offer_ids.tolist()])
    tastes = np.full(len(features), np.nan)
    for day in np.unique(features.cutoffs):
        rows = np.flatnonzero(features.cutoffs == day)
        customer_ids, owners = np.unique(features.customer_ids[rows], return_inverse=True)
        measure = partial(measure_tastes, tables, customer_ids, cutoff=day.item(), offers=offers)
        key = ("tastes", day.item(), key_of_customers(customer_ids), tuple(offers))
        at_cutoff = measure() if memo is None else memo.recall(key, measure)
        tastes[rows] = at_cutoff[owners, columns[rows]]
    return tastes
