"""Through which channel to contact each customer: where they respond most often.

    rate of a customer in a channel = (responses + weight x rate of all customers) / (contacts + weight)

The weight of the prior, in contacts, is the one under which the responses of all customers are most likely: a beta
prior for each channel, estimated like the Dirichlet prior of `models.policies.habits`.

Own rates are used where they pay on later contacts: customers who were contacted both through their own best channel
and through that of all customers have to respond more often in their own, by one standard error. Each customer is
compared with themselves, because customers who respond a lot do so in any channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.choosing import mean_with_standard_error
from core.customer_moments import ChannelContacts
from core.interactions import codes_of
from models.policies.habits import COMMON, DECIDING_SHARE, fit_prior_weight

MIN_COMPARED = 30
"Customers with later contacts in both channels that a decision needs."
RESPONDED = 1
"Place of contacts with a response in counts."


@dataclass(frozen=True, kw_only=True)
class ChannelRanking:
    """Channels in the order in which each customer is expected to respond."""

    customer_ids: NDArray[np.str_]
    "(n,)"
    channels: tuple[str, ...]
    "m channels by name."
    rates: NDArray[np.float64]
    "(n, m) expected share of the contacts with a response."
    order: NDArray[np.int64]
    "(n, m) places of the channels, best first."
    sources: NDArray[np.str_]
    "(n,) 'own: 12 contacts' or 'all customers'."
    own_gain: float
    "Own best channel less that of all customers, response rate on later contacts; NaN where it could not be compared."

    def best(self) -> NDArray[np.str_]:
        """The first channel of each customer, (n,); '' without channels."""
        if not self.channels:
            return np.full(len(self.customer_ids), "")
        return np.array(self.channels)[self.order[:, 0]]


def rank_channels(contacts: ChannelContacts, customer_ids: NDArray[np.str_]) -> ChannelRanking:
    """Rank the channels for these customers, (n,)."""
    channels, codes = np.unique(contacts.channels, return_inverse=True)
    if not contacts.response:
        channels, codes = channels[:0], codes[:0]
    everyone, rows = np.unique(np.concatenate([customer_ids, contacts.customer_ids]), return_inverse=True)
    rows = rows[len(customer_ids) :]
    everything = np.ones(len(codes), bool)
    answered = codes_of(customer_ids, everyone)
    log = _Log(rows[: len(codes)], codes, contacts.responded[: len(codes)], n_customers=len(everyone))
    gain, is_shown = _judge_own(log)
    rates = (log.own_rates(everything) if is_shown else log.common_rates(everything))[answered]
    n_own = np.bincount(log.rows, minlength=len(everyone))[answered] if is_shown else np.zeros(len(answered), np.int64)
    return ChannelRanking(
        customer_ids=customer_ids,
        channels=tuple(channels.tolist()),
        rates=rates,
        order=np.argsort(-rates, axis=1, kind="stable"),
        sources=np.where(
            n_own > 0, np.char.add(np.char.mod("own: %d contact", n_own), np.where(n_own == 1, "", "s")), COMMON
        ),
        own_gain=gain,
    )


@dataclass(frozen=True)
class _Log:
    """Contacts by numbers; arrays are (contacts,)."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    responded: NDArray[np.bool_]
    n_customers: int

    @property
    def n_channels(self) -> int:
        """How many channels there are."""
        return int(self.codes.max(initial=-1)) + 1

    def counts(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Contacts without and with a response, (customers, channels, 2)."""
        cells = (self.rows * self.n_channels + self.codes) * 2 + self.responded
        shape = (self.n_customers, self.n_channels, 2)
        return np.bincount(cells[used], minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)

    def common_rates(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The rate of all customers in each channel, (customers, channels), with half a response added to each side."""
        totals = self.counts(used).sum(axis=0) + 0.5
        rates = totals[:, RESPONDED] / totals.sum(axis=1)
        return np.broadcast_to(rates, (self.n_customers, self.n_channels))

    def own_rates(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The rate of each customer in each channel, shrunk to that of all, (customers, channels)."""
        counts, common = self.counts(used), self.common_rates(used)
        rates = np.empty(common.shape)
        for channel in range(self.n_channels):
            prior = np.stack([1 - common[:, channel], common[:, channel]], axis=1)
            weight = fit_prior_weight(counts[:, channel], prior)
            n = counts[:, channel].sum(axis=1)
            rates[:, channel] = (counts[:, channel, RESPONDED] + weight * common[:, channel]) / (n + weight)
        return rates


def _judge_own(log: _Log) -> tuple[float, bool]:
    """What own channels gain on later contacts, and whether that is more than one standard error."""
    if log.n_channels < 2:
        return float("nan"), False
    is_past = np.arange(len(log.rows)) < round((1 - DECIDING_SHARE) * len(log.rows))
    own = log.own_rates(is_past).argmax(axis=1)
    common = log.common_rates(is_past).argmax(axis=1)
    later = log.counts(~is_past)
    everyone = np.arange(log.n_customers)
    in_own, in_common = later[everyone, own], later[everyone, common]
    compared = np.flatnonzero((own != common) & (in_own.sum(axis=1) > 0) & (in_common.sum(axis=1) > 0))
    if len(compared) < MIN_COMPARED:
        return float("nan"), False
    own_rate, common_rate = (arm[compared, RESPONDED] / arm[compared].sum(axis=1) for arm in (in_own, in_common))
    gain = mean_with_standard_error(compared.astype(str), own_rate - common_rate)
    return gain.value, gain.value > gain.standard_error
