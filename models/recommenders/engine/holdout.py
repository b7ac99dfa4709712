"""Hold-out folds for models that fit in two steps: blend weights and reranking trees are fitted on the later step.

    last_days      [ everything before ------------)[ the last days )
    last_basket    each customer's purchase days but one, [ their last ]
    share          where times do not vary: a random share of each customer's items; seen items do not count

Seen items do not count either where lists leave them out, or repeats are rare.

Component models that are fitted on `training` know nothing of what the fold holds out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from core.errors import UnknownName, did_you_mean
from core.ids import digest_of
from core.interactions import Histories, Interactions, has_rare_repeats

FoldKind = Literal["last_days", "last_basket"]
"Ways to hold out, by name."
LAST_DAYS, LAST_BASKET = FOLDS = get_args(FoldKind)
SHARE = 0.2
"Of each customer's different items, where times do not vary."


@dataclass(frozen=True, kw_only=True)
class HoldoutFold:
    """What may be fitted on, and what some customers bought afterwards; all but `training` have the same rows."""

    training: Interactions
    cutoff: date
    "The cutoff of component models."
    histories: Histories
    "(n,) what the customers of the fold bought before."
    truth: Histories
    "(n,) what they bought afterwards."
    days: NDArray[np.datetime64]
    "(n,) datetime64[D]: the day to recommend for, for each customer."
    new_only: bool = False
    "Whether only items count that a customer had not bought before."

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def is_bought(self) -> NDArray[np.bool_]:
        """(n, m) which items each customer bought afterwards; without seen ones where only new items count."""
        is_bought = np.zeros((len(self), len(self.truth.item_ids)), dtype=bool)
        is_bought[self.truth.customers, self.truth.items] = True
        if self.new_only:
            is_bought[self.histories.customers, self.histories.items] = False
        return is_bought

    def zero_out_seen(self, scores_by_model: list[NDArray[np.float32]]) -> None:
        """Set the (n, m) scores of seen items to zero, in place, where only new items count."""
        if self.new_only:
            for scores in scores_by_model:
                scores[self.histories.customers, self.histories.items] = 0

    def take(self, rows: NDArray[np.integer]) -> HoldoutFold:
        """The fold of some customers."""
        return replace(self, histories=self.histories.take(rows), truth=self.truth.take(rows), days=self.days[rows])

    def sample(self, n_customers: int, seed: int) -> HoldoutFold:
        """The fold of at most this many customers, drawn by seed."""
        if len(self) <= n_customers:
            return self
        return self.take(np.sort(np.random.default_rng(seed).choice(len(self), n_customers, replace=False)))

    def blocks(self, n_at_once: int) -> Iterator[HoldoutFold]:
        """The fold in blocks of a few customers; all customers of a block have the same day."""
        for day in np.unique(self.days):
            rows = np.flatnonzero(self.days == day)
            for start in range(0, len(rows), n_at_once):
                yield self.take(rows[start : start + n_at_once])


class JudgedByFold(Protocol):
    """A model with the settings that say which folds its weights are fitted on."""

    judged_on: FoldKind
    judged_days: int
    only_new: bool | None
    seed: int
    cutoff_: date


def folds_of_model(model: JudgedByFold, interactions: Interactions, *, n_folds: int = 1) -> list[HoldoutFold]:
    """The folds that a model's own settings ask for; see `holdout_folds`."""
    return holdout_folds(
        model.judged_on,
        interactions,
        cutoff=model.cutoff_,
        days=model.judged_days,
        n_folds=n_folds,
        seed=model.seed,
        only_new=model.only_new,
    )


def holdout_folds(
    kind: str,
    interactions: Interactions,
    *,
    cutoff: date,
    days: int,
    n_folds: int,
    seed: int,
    only_new: bool | None = None,
) -> list[HoldoutFold]:
    """At most `n_folds` folds, the latest first, each before the previous one; none where no customer came back.

    `only_new` says whether seen items do not count; None: where repeats are rare.
    Raises UnknownName for an unknown kind.
    """
    if kind not in FOLDS:
        raise UnknownName(f"no hold-out fold '{kind}'{did_you_mean(kind, FOLDS)}")
    if not times_vary(interactions):
        fold = _split(interactions, draw_items(interactions, SHARE, seed=seed), cutoff=cutoff, new_only=True)
        return [fold] if len(fold) else []
    new_only = has_rare_repeats(interactions) if only_new is None else only_new
    folds: list[HoldoutFold] = []
    while len(folds) < n_folds:
        if kind == LAST_DAYS:
            cutoff -= timedelta(days=days)
            fold = _split(interactions, interactions.times >= np.datetime64(cutoff, "s"), cutoff=cutoff)
        else:
            fold = _split(interactions, in_last_basket(interactions), cutoff=cutoff)
            fold = replace(fold, days=fold.truth.times[fold.truth.indptr[:-1]].astype("datetime64[D]"))
        if not len(fold):
            break
        folds.append(replace(fold, new_only=new_only))
        interactions = fold.training
    return folds


def times_vary(interactions: Interactions) -> bool:
    """Whether there are purchases at different times."""
    return len(interactions.times) > 0 and bool((interactions.times != interactions.times[0]).any())


def days_of(histories: Histories) -> NDArray[np.int64]:
    """(lines,) day of each line, counted from 1970; the purchases of a customer on one day are one basket."""
    return histories.times.astype("datetime64[D]").astype(np.int64)


def in_last_basket(histories: Histories) -> NDArray[np.bool_]:
    """(lines,) whether a line is from the last purchase day of a customer with more than one."""
    days, has_lines = days_of(histories), np.diff(histories.indptr) > 0
    first, last = np.zeros(len(histories), dtype=np.int64), np.zeros(len(histories), dtype=np.int64)
    first[has_lines] = days[histories.indptr[:-1][has_lines]]
    last[has_lines] = days[histories.indptr[1:][has_lines] - 1]
    rows = histories.customers
    return (days == last[rows]) & (last > first)[rows]


def draw_items(histories: Histories, share: float, *, seed: int) -> NDArray[np.bool_]:
    """(lines,) whether a line's item is among floor(share * items) items drawn from its customer's different items.

    The draw goes by a hash of customer, item and seed, so that further customers and items change no other customer's.
    """
    m = max(1, len(histories.item_ids))
    pairs, places = np.unique(histories.customers * m + histories.items, return_inverse=True)
    rows = pairs // m
    order = np.lexsort((_hash_pairs(histories, pairs, seed=seed), rows))
    n_items = np.bincount(rows, minlength=len(histories))
    nth = np.empty(len(pairs), dtype=np.int64)
    nth[order] = np.arange(len(pairs)) - (np.cumsum(n_items) - n_items)[rows[order]]
    # Without the 1e-9, 0.29 * 100 would be 28.
    return (nth < np.floor(share * n_items + 1e-9)[rows])[places]


def _hash_pairs(histories: Histories, pairs: NDArray[np.integer], *, seed: int) -> NDArray[np.uint64]:
    """(pairs,) a hash of the ids of each customer and item, row * items + item (splitmix64, Steele et al. 2014)."""
    rows, items = np.divmod(pairs, max(1, len(histories.item_ids)))
    customers, things = (
        np.array([int(digest_of(name), 16) % 2**64 for name in ids.tolist()], dtype=np.uint64)
        for ids in (histories.customer_ids, histories.item_ids)
    )
    mixed = customers[rows] + things[items] * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _split(
    interactions: Interactions, is_later: NDArray[np.bool_], *, cutoff: date, new_only: bool = False
) -> HoldoutFold:
    """Lines with `is_later` are the truth; anonymous lines from the cutoff on are dropped."""
    before, truth = interactions.histories.keep(~is_later), interactions.histories.keep(is_later)
    rows = np.flatnonzero((np.diff(before.indptr) > 0) & (np.diff(truth.indptr) > 0))
    is_earlier = interactions.anonymous_times < np.datetime64(cutoff, "s")
    return HoldoutFold(
        training=interactions.with_histories(before, anonymous=is_earlier),
        cutoff=cutoff,
        histories=before.take(rows),
        truth=truth.take(rows),
        days=np.full(len(rows), np.datetime64(cutoff, "D")),
        new_only=new_only,
    )
