"""Splits of interactions into training data and held-out truth, and recommendations for the customers of a split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.interactions import Histories, Interactions, codes_of
from core.recommendations import Recommendations
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions

CUSTOMERS_AT_ONCE = 1024
"A block of customers: exclusions of a hundred thousand customers are slow to search, and single customers slower."


@dataclass(frozen=True, kw_only=True)
class Split:
    """What a recommender is fitted on, and what it is evaluated against."""

    training: Interactions
    "All that may be fitted on. Its items are the catalogue, so an item first sold in the truth counts as missed."
    histories: Histories
    "(n,) the customers to recommend to, with their lines of `training`."
    truth: Histories
    "(n,) what they bought afterwards, the same customers in the same order; at least one item each."
    cutoff: date
    "All of `training` lies before it."
    days: NDArray[np.datetime64]
    "(n,) datetime64[D]: the day to recommend for; the cutoff, unless each customer has a day of their own."
    masks_seen: bool
    "Whether items of the history are excluded; they are not in the truth either."

    def __len__(self) -> int:
        return len(self.truth)

    def mask_seen(self) -> Split:
        """The same where items bought before are neither recommended nor counted, as under the repeat policy `never`.

        Raises NotEnoughHistory where no customer bought another item.
        """
        truth = self.truth.keep(~is_repeat(self.truth, self.training.histories))
        rows = np.flatnonzero(np.diff(truth.indptr) > 0)
        if not len(rows):
            raise NotEnoughHistory(
                "customers of the test bought only items that they had bought before, and repeats do not count; state "
                'repeat_policy = "allow", or for fixed_split take another test file'
            )
        return replace(
            self, histories=self.histories.take(rows), truth=truth.take(rows), days=self.days[rows], masks_seen=True
        )


class EvaluationProtocol(Protocol):
    """A way to split interactions; one file in `protocols/` for each."""

    name: ClassVar[str]

    @property
    def description(self) -> str:
        """What is trained on, who is evaluated and what counts as a hit."""
        ...

    def split(self, interactions: Interactions) -> Split:
        """Split the interactions. Raises NotEnoughHistory where no customer can be evaluated."""
        ...


def make_split(
    training: Interactions, truth: Histories, *, cutoff: date, masks_seen: bool, own_days: bool = False
) -> Split:
    """The customers with both a history and a purchase in the truth.

    With `own_days` each customer's day is that of their first purchase in the truth. Raises NotEnoughHistory where
    there is no such customer.
    """
    has_both = (np.diff(truth.indptr) > 0) & np.isin(truth.customer_ids, training.customer_ids)
    if not has_both.any():
        raise NotEnoughHistory("no customer with a history bought an item in the test period; use a longer one")
    truth = truth.take(np.flatnonzero(has_both))
    histories = training.histories.take(np.searchsorted(training.customer_ids, truth.customer_ids))
    days = np.full(len(truth), np.datetime64(cutoff, "D"))
    if own_days:
        days = truth.times[truth.indptr[:-1]].astype("datetime64[D]")
    return Split(training=training, histories=histories, truth=truth, cutoff=cutoff, days=days, masks_seen=masks_seen)


def describe_repeats(*, masks_seen: bool) -> str:
    """Whether items bought before count, for the description of a protocol."""
    return "items bought before are neither recommended nor counted" if masks_seen else "repeat purchases count"


def generate_recommendations(
    model: Recommender, split: Split, *, k: int, discovery: float = 0.0, explains: bool = True
) -> Recommendations:
    """The k best items for every customer of a split, in its order; without seen items where the split masks them.

    `discovery` weighs new items against repeats, see `Exclusions`. Items have contributors only where it `explains`.
    """
    exclusions = Exclusions(seen=split.masks_seen, discovery=discovery)
    rows_by_day = [np.flatnonzero(split.days == day) for day in np.unique(split.days)]
    blocks = [
        rows[start : start + CUSTOMERS_AT_ONCE]
        for rows in rows_by_day
        for start in range(0, len(rows), CUSTOMERS_AT_ONCE)
    ]
    parts = [
        model.recommend(
            split.histories.take(rows),
            k,
            cutoff=cast(date, split.days[rows[0]].item()),
            exclusions=exclusions,
            explains=explains,
        )
        for rows in blocks
    ]
    return _concatenate(parts, np.argsort(np.concatenate(blocks), kind="stable"))


def is_repeat(later: Histories, past: Histories) -> NDArray[np.bool_]:
    """(lines,) whether the customer of a line has bought its item in the past; customer ids of both are sorted."""
    before, m = past.recode(later.item_ids), len(later.item_ids)
    rows = codes_of(before.customer_ids, later.customer_ids)[before.customers]
    seen = (rows.astype(np.int64) * m + before.items)[rows >= 0]
    return np.isin(later.customers * m + later.items, seen)


def drop_empty(interactions: Interactions) -> Interactions:
    """The interactions without customers and items that have no line."""
    histories = interactions.take(np.flatnonzero(np.diff(interactions.indptr) > 0))
    bought = np.unique(np.concatenate([histories.items, interactions.anonymous_items]))
    return interactions.with_histories(histories).recode(interactions.item_ids[bought])


def day_after(interactions: Interactions) -> date:
    """The day after the last line. Raises NotEnoughHistory where there is no line."""
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    if not len(times):
        raise NotEnoughHistory("no item was bought; recommendations need item_id in purchases")
    return times.max().astype("datetime64[D]").astype(date) + timedelta(days=1)


def _concatenate(parts: list[Recommendations], order: NDArray[np.int64]) -> Recommendations:
    """The rows of several recommendations of one model, in this order."""
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])[order]
        for name in ("customer_ids", "items", "scores", "stages", "contributors")
    }
    shortfalls = [reason for part in parts for reason in part.shortfalls]
    return replace(parts[0], **arrays, shortfalls=tuple(shortfalls[place] for place in order.tolist()))
