"""What a protocol makes of interactions: what may be learnt from, who is asked, and what they bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.errors import NotEnoughHistory
from core.interactions import Histories, Interactions


@dataclass(frozen=True)
class Split:
    """What a recommender may see and what it is judged by."""

    learnt_from: Interactions
    "All that may be fitted on; its catalogue is what it holds, so an item first sold in the truth counts as missed."
    asking: Histories
    "(n,) who is asked for, with their part of `learnt_from`."
    truth: Histories
    "(n,) what they bought then, the same customers in the same order; each at least one item."
    cutoff: date
    "All of `learnt_from` lies before it."
    asked_on: np.ndarray
    "(n,) datetime64[D]: the day on which each is asked; the cutoff, but where customers have their own."
    masks_seen: bool
    "Whether items of the history are never answers: they are not in the truth either."

    def __len__(self) -> int:
        return len(self.truth)


def split_of(known: Interactions, truth: Histories, cutoff: date, masks_seen: bool, own_days: bool = False) -> Split:
    """Those of the truth who have both a history and something bought."""
    judged = (np.diff(truth.indptr) > 0) & np.isin(truth.customer_ids, known.customer_ids)
    if not judged.any():
        raise NotEnoughHistory("nobody with a history bought an item in the truth; judge over a longer span")
    truth = truth.take(np.flatnonzero(judged))
    asking = known.histories.take(np.searchsorted(known.customer_ids, truth.customer_ids))
    days = np.full(len(truth), np.datetime64(cutoff, "D"))
    if own_days:
        days = truth.times[truth.indptr[:-1]].astype("datetime64[D]")
    return Split(known, asking, truth, cutoff, days, masks_seen)


def with_lines(interactions: Interactions) -> Interactions:
    """The same without customers and items that have no line."""
    kept = interactions.take(np.flatnonzero(np.diff(interactions.indptr) > 0))
    bought = np.unique(np.concatenate([kept.items, interactions.anonymous_items]))
    return with_histories(interactions, kept).recode(interactions.item_ids[bought])


def with_histories(interactions: Interactions, histories: Histories) -> Interactions:
    """Other histories of known customers beside the same anonymous lines."""
    return Interactions(
        histories.customer_ids, histories.item_ids, histories.indptr, histories.items, histories.times,
        histories.quantities, histories.orders, interactions.anonymous_items, interactions.anonymous_times,
    )  # fmt: skip


def day_after(interactions: Interactions) -> date:
    """The day after the last line."""
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    if not len(times):
        raise NotEnoughHistory("no item was bought; recommendations need item_id in purchases")
    return times.max().astype("datetime64[D]").astype(date) + timedelta(days=1)
