"""How long paying customers stay, and what they are worth over that time.

    episodes          |---- ended after 14 months ----|  |- runs on -   observed up to the cutoff
    expected months   1 / churn
    LTV               MRR x margin x expected months
    LTV from a curve  sum over months of S(t) x MRR x margin / (1 + discount) ** (t / 12)

A customer who comes back after the grace period begins a second episode.
Source: Gupta & Lehmann 2005, Managing Customers as Investments, ch. 2; the simple form takes churn as constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.survival import TimeToEvent
from core.window import DAYS_PER_MONTH
from tables.episodes import RUNS_ON, SubscriptionEpisodes

MIN_OBSERVED = 20
"Survival curves end where fewer episodes than this have been observed."
MONTHS_PER_YEAR = 12
ROUNDING = 1e-9
"A lifetime that falls short of a whole month by less than this counts as that month."


@dataclass(frozen=True, kw_only=True)
class SubscriberLifetimes:
    """Lengths of episodes; every array is (n,), by customer and then time."""

    customer_ids: NDArray[np.str_]
    months: NDArray[np.float64]
    "How long each lasted, or was observed."
    has_ended: NDArray[np.bool_]
    "Whether it has ended for certain; the others are censored."
    is_last: NDArray[np.bool_]
    "Whether it is the customer's newest."

    @classmethod
    def of(cls, episodes: SubscriptionEpisodes) -> SubscriberLifetimes:
        """Measure the episodes as known at `episodes.known_until`.

        A customer who may still renew is observed until the day on which the subscription stopped.
        """
        recorded_end = np.where(np.isnat(episodes.recorded_end), RUNS_ON, episodes.recorded_end)
        observed = np.minimum(recorded_end, episodes.known_until) - episodes.began_on
        ids = episodes.customer_ids
        return cls(
            customer_ids=ids,
            months=observed.astype(np.float64) / DAYS_PER_MONTH,
            has_ended=~np.isnat(episodes.ended_on),
            is_last=np.append(ids[1:] != ids[:-1], True)[: len(ids)],
        )

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SubscriberLifetimes:
        """The episodes that an index array or boolean mask picks."""
        return SubscriberLifetimes(**{name: column[rows] for name, column in vars(self).items()})

    def survival(self, n_months: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share that still pays after 0, 1 .. n_months months, for weights (samples, n): (samples, n_months + 1).

        NaN beyond the longest episode that a sample holds.
        """
        months = np.arange(n_months + 1)
        shares = TimeToEvent.of_one_cause(self.months, self.has_ended).kaplan_meier(weights).at(months)
        longest = np.where(weights > 0, self.months, 0.0).max(axis=1)
        return np.where(months <= longest[:, None], shares, np.nan)


def mean_lifetime_months(monthly_churn: float, *, whole_months: bool = False) -> float:
    """How long a customer stays on average; infinite without churn. Raises BadInput outside 0 to 1.

    With `whole_months` only completed months count: 33 of 33.3.
    """
    if not 0 <= monthly_churn <= 1:
        raise BadInput(f"monthly churn lies between 0 and 1, found {monthly_churn}")
    months = math.inf if monthly_churn == 0 else 1 / monthly_churn
    return float(count_whole_months(np.array(months))) if whole_months else months


def count_whole_months(months: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round each lifetime down to completed months; infinite ones stay infinite."""
    return np.floor(months + ROUNDING)


def lifetime_value(mrr: float, monthly_churn: float, *, margin: float = 1.0, whole_months: bool = False) -> float:
    """LTV of the simple form; with `whole_months` only completed months count."""
    return mrr * margin * mean_lifetime_months(monthly_churn, whole_months=whole_months)


def sum_discounted_months(survival: NDArray[np.float64], yearly_discount: float) -> NDArray[np.float64]:
    """Discounted months that customers stay within survival curves (..., months): (...,)."""
    months = np.arange(survival.shape[-1])
    return (survival / (1 + yearly_discount) ** (months / MONTHS_PER_YEAR)).sum(axis=-1)


def sum_tail_months(
    survival: NDArray[np.float64], monthly_churn: NDArray[np.float64], *, yearly_discount: float
) -> NDArray[np.float64]:
    """Discounted months after the end of survival curves (..., months), with constant churn from there on: (...,).

    Infinite where there is neither churn nor discount.
    """
    last = survival.shape[-1] - 1
    # A geometric series: each further month counts `per_month` times the one before it.
    per_month = (1 - monthly_churn) / (1 + yearly_discount) ** (1 / MONTHS_PER_YEAR)
    tail = np.divide(per_month, 1 - per_month, out=np.full(np.shape(per_month), np.inf), where=per_month < 1)
    return survival[..., -1] / (1 + yearly_discount) ** (last / MONTHS_PER_YEAR) * tail
