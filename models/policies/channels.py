"""How much more, or less, often each customer responds in each channel than over all channels.

    nothing -> all customers -> segment -> customer       each level's rates are the prior of the next one

    rate in a channel = (responses + weight x rate of the level above) / (contacts + weight)
    effect            = odds in the channel / odds of the mean rate over the channels, as they were used

The effect multiplies the odds of P(accept), which is learned over all channels. Responses are conversions, or clicks
where not every channel has conversions; opens say little of who accepts. The weight of a customer's prior, in contacts,
is the one under which the responses of all customers are most likely: a beta prior for each channel, estimated like the
Dirichlet prior of `models.policies.habits`.

Which level is used is decided on later contacts, by the log-likelihood of their responses. The simplest level within
one standard error of the best one wins; the simplest of all is that channels do not differ. Every level knows how often
the customer responds over all channels, because customers who respond a lot do so in any channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.choosing import choose_simplest
from core.customer_moments import ChannelContacts
from core.interactions import codes_of
from models.policies.customer_segments import number_segments
from models.policies.habits import COMMON, DECIDING_SHARE, GROUP_WEIGHT, MIN_DECIDING, fit_prior_weight

ALIKE, SEGMENT, OWN = "alike", "segment", "own"
ASSUMED_ALIKE = "channels were not shown to differ"
USED = ("converted_at", "clicked_at")
RESPONDED = 1
"Place of contacts with a response in counts."


class ChannelTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all customers, those without a record included."""

    channels: tuple[str, ...] = ()
    effects: tuple[float, ...] = ()
    "Of all customers, by channel."
    response: str = ""
    "What counts as a response: converted or clicked."

    def place_of(self, channel: str | None) -> int | None:
        """The place of a channel; None for one without a record."""
        return self.channels.index(channel) if channel in self.channels else None


@dataclass(frozen=True, kw_only=True)
class ChannelEffects:
    """The effects on each customer."""

    customer_ids: NDArray[np.str_]
    "(n,)"
    effects: NDArray[np.float64]
    "(n, channels) by which the odds of P(accept) are multiplied."
    sources: NDArray[np.str_]
    "(n,) 'own: 12 contacts', 'segment: gold', 'all customers', or that channels were not shown to differ."
    terms: ChannelTerms
    level: str
    log_likelihoods: Mapping[str, float]
    "Mean over later contacts, by level; empty where they are too few to decide."

    def ranking(self) -> NDArray[np.int64]:
        """(n, channels) places of the channels, best first; in the order of their names where they do not differ."""
        return np.argsort(-self.effects, axis=1, kind="stable")


def learn_channel_effects(
    contacts: ChannelContacts,
    customer_ids: NDArray[np.str_],
    *,
    segments: Mapping[str, NDArray[np.str_]] | None = None,
) -> ChannelEffects:
    """Learn from all contacts, and answer for these customers, (n,). `segments` are customer ids by segment."""
    is_usable = len(contacts) > 0 and contacts.response in USED
    channels, codes = np.unique(contacts.channels, return_inverse=True) if is_usable else (np.empty(0, "U1"), None)
    if codes is None or len(channels) < 2:
        return _nothing(customer_ids)
    everyone = np.unique(np.concatenate([customer_ids, contacts.customer_ids]))
    log = _Log(
        rows=codes_of(contacts.customer_ids, everyone).astype(np.int64),
        codes=codes,
        responded=contacts.responded,
        groups=number_segments(everyone, segments or {}),
        n_groups=len(segments or {}) + 1,
    )
    level, scores = _choose_level(log)
    effects = log.effects(np.ones(len(codes), bool))
    common = effects[ALIKE if level == ALIKE else COMMON][0]
    answered = codes_of(customer_ids, everyone)
    return ChannelEffects(
        customer_ids=customer_ids,
        effects=effects[level][answered],
        sources=_describe(log, level, names=tuple(segments or {}))[answered],
        terms=ChannelTerms(
            channels=tuple(channels.tolist()),
            effects=tuple(common.tolist()),
            response=contacts.response.removesuffix("_at"),
        ),
        level=level,
        log_likelihoods=scores,
    )


def _nothing(customer_ids: NDArray[np.str_]) -> ChannelEffects:
    n = len(customer_ids)
    return ChannelEffects(
        customer_ids=customer_ids,
        effects=np.ones((n, 0)),
        sources=np.full(n, ASSUMED_ALIKE),
        terms=ChannelTerms(),
        level=ALIKE,
        log_likelihoods={},
    )


@dataclass(frozen=True)
class _Log:
    """Contacts by numbers; arrays are (contacts,) but `groups`, (customers,)."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    responded: NDArray[np.bool_]
    groups: NDArray[np.int64]
    n_groups: int

    @property
    def n_channels(self) -> int:
        """How many channels there are."""
        return int(self.codes.max()) + 1

    def counts(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Contacts without and with a response, (customers, channels, 2)."""
        cells = (self.rows * self.n_channels + self.codes) * 2 + self.responded
        shape = (len(self.groups), self.n_channels, 2)
        return np.bincount(cells[used], minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)

    def effects(self, used: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """The effects by level, (customers, channels), from the simplest to the most personal."""
        counts = self.counts(used)
        totals = counts.sum(axis=0)
        mix = totals.sum(axis=1) / totals.sum()
        overall = _rate(totals.sum(axis=0))
        common = (totals[:, RESPONDED] + GROUP_WEIGHT * overall) / (totals.sum(axis=1) + GROUP_WEIGHT)
        rates = {ALIKE: np.full(counts.shape[:2], overall), COMMON: np.broadcast_to(common, counts.shape[:2])}
        above = rates[COMMON]
        if self.n_groups > 1:
            of_group = np.zeros((self.n_groups, *counts.shape[1:]))
            np.add.at(of_group, self.groups, counts)
            shrunk = (of_group[..., RESPONDED] + GROUP_WEIGHT * common) / (of_group.sum(axis=2) + GROUP_WEIGHT)
            above = rates[SEGMENT] = shrunk[self.groups]
        rates[OWN] = np.column_stack(
            [_shrink(counts[:, channel], above[:, channel]) for channel in range(self.n_channels)]
        )
        return {name: _odds(one) / _odds(one @ mix)[:, None] for name, one in rates.items()}

    def base_rates(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How often each customer responds over all channels, (customers,), shrunk to all customers."""
        counts = self.counts(used).sum(axis=1)
        return _shrink(counts, np.full(len(counts), _rate(counts.sum(axis=0))))


def apply_effect(probability: NDArray[np.float64], effect: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The probability whose odds are multiplied by the effect."""
    return probability * effect / (1.0 - probability + probability * effect)


def _odds(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    return rate / (1.0 - rate)


def _rate(counts: NDArray[np.float64]) -> float:
    """A share with half a response added to each side."""
    return float((counts[RESPONDED] + 0.5) / (counts.sum() + 1.0))


def _shrink(counts: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rate of each customer, (customers,), from counts, (customers, 2), and a prior, (customers,)."""
    weight = fit_prior_weight(counts, np.stack([1 - prior, prior], axis=1))
    return (counts[:, RESPONDED] + weight * prior) / (counts.sum(axis=1) + weight)


def _choose_level(log: _Log) -> tuple[str, dict[str, float]]:
    """The level to use, and the log-likelihood of each one on the later contacts of customers with earlier ones."""
    is_past = np.arange(len(log.rows)) < round((1 - DECIDING_SHARE) * len(log.rows))
    later = np.flatnonzero(~is_past & np.isin(log.rows, log.rows[is_past]))
    if len(later) < MIN_DECIDING:
        return ALIKE, {}
    rows, base = log.rows[later], log.base_rates(is_past)
    scores = dict[str, NDArray[np.float64]]()
    for name, effects in log.effects(is_past).items():
        rates = apply_effect(base[rows], effects[rows, log.codes[later]])
        scores[name] = np.log(np.where(log.responded[later], rates, 1 - rates))
    best = choose_simplest(rows.astype(str), scores)
    return best, {name: float(one.mean()) for name, one in scores.items()}


def _describe(log: _Log, level: str, *, names: tuple[str, ...]) -> NDArray[np.str_]:
    """What the effects on each customer come from, (customers,)."""
    if level == ALIKE:
        return np.full(len(log.groups), ASSUMED_ALIKE)
    shared = np.array([*(f"segment: {name}" for name in names), COMMON])[log.groups]
    if level == COMMON:
        return np.full(len(log.groups), COMMON)
    if level == SEGMENT:
        return shared
    n_own = np.bincount(log.rows, minlength=len(log.groups))
    own = np.char.add(np.char.mod("own: %d contact", n_own), np.where(n_own == 1, "", "s"))
    return np.where(n_own > 0, own, shared)
