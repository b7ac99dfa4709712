"""How long paying customers stay: the length of each episode, and the share that still pays after so many months.

    episodes   |---- ended after 14 months ----|  |- runs on -   observed for as long as it was seen

A customer who comes back after the grace period begins a second episode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.survival import TimeToEvent
from core.window import DAYS_PER_MONTH
from tables.episodes import RUNS_ON, SubscriptionEpisodes

MIN_OBSERVED = 20
"Curves reach as far as so many episodes have been observed."


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
        """The lengths as known at `episodes.known_until`.

        Who may still renew is observed until the day on which the subscription stopped.
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
