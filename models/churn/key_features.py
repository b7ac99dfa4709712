"""What a churn model of a small firm expects of the features before it sees any data.

The compiler computes the same count over five windows and of every kind of event, so that of 150 features most repeat
others. At a firm with a few dozen departures their chance correlations add up to more than what the few good ones say.
One feature for each thing that usually goes with churn keeps most of its weight there; the others need more evidence.

Of most key features the direction is known too: a customer who uses or buys less, complains more or is about to renew
is more likely to leave (Buckinx and Van den Poel 2005; Knox and van Oest 2014). With few observations, equal weights in
the known directions predict better than fitted ones (Dawes 1979, The robust beauty of improper linear models). So all
key features share one fitted weight, and each departs from it only as far as the data show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core import feature_names as names
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn
from models.churn.design_matrix import NUMBER, DesignMatrix

KEY_FEATURES = {
    # Recency, frequency, value, tenure and rhythm of purchases
    names.DAYS_SINCE_LAST_PURCHASE: 1,
    names.ORDERS_365D: -1,
    names.NET_SPEND_365D: -1,
    names.DAYS_SINCE_FIRST_PURCHASE: -1,
    names.RECENCY_VS_USUAL_GAP: 1,
    # Recency, frequency, breadth and change of usage
    names.DAYS_SINCE_LAST_USAGE: 1,
    names.USAGE_DAYS_90D: -1,
    names.USAGE_KINDS_90D: -1,
    names.USAGE_TREND_30D: -1,
    names.ACTIVE_SEAT_SHARE_30D: -1,
    names.USAGE_ERRORS_90D: 1,
    # The contract
    names.MRR_NOW: -1,
    names.SUBSCRIPTION_TENURE_DAYS: -1,
    names.DAYS_TO_RENEWAL: -1,
    names.MRR_CHANGE_365D: 0,
    names.DOWNGRADES_365D: 1,
    # Problems, and what customers say
    names.TICKETS_90D: 1,
    names.HOURS_TO_ANSWER_90D: 1,
    names.LAST_TICKET_SATISFACTION: -1,
    names.LAST_NPS: -1,
    # The history of a predicted event
    names.DAYS_SINCE_EVENT: 1,
    names.EVENTS_365D: -1,
}
"""1 where more of it usually goes with churn, -1 where it goes with staying, 0 where it may do either: MRR rises by a
larger order and by a higher price. The shared weight may be negative, as that of an event which active customers do."""


@dataclass(frozen=True)
class Penalties:
    """The penalties of a ridge: half of each times the squared weight is added to the total log loss."""

    regularization: float
    "On the weight of a key feature; where there are none, as in a cross-section, of any feature."
    others_penalty: float = 1.0
    "How many times as strong it is on the other features."
    shared_penalty: float | None = None
    """On the weight that the key features share: that of their mean, each in its direction. Each moves away from it by
    a weight of its own. None: they share none."""


@dataclass(frozen=True)
class RidgePrior:
    """What a ridge expects of the weights of p design columns:

    weight of a column = own weight + direction * shared weight
    """

    penalties: NDArray[np.float64]
    "(p,) of the own weights or, with that of the shared weight last, (p + 1,)."
    directions: NDArray[np.float64] | None = None
    "(p,) 0 for columns without; None: there is no shared weight."

    @classmethod
    def of(cls, columns: Sequence[FeatureColumn], matrix: DesignMatrix, *, penalties: Penalties) -> Self:
        """Apply the penalties to the columns of a design matrix."""
        directions = np.array([_direction_of(column) for column in columns])[matrix.owners]
        is_key = ~np.isnan(directions)
        own = penalties.regularization * np.where(is_key | ~is_key.any(), 1.0, penalties.others_penalty)
        shared = np.where((matrix.kinds == NUMBER) & is_key, directions, 0.0)
        if penalties.shared_penalty is None or not shared.any():
            return cls(own)
        return cls(np.append(own, penalties.shared_penalty), shared / np.abs(shared).sum())

    def expand(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        """The design columns, (n, p) or, with the mean of the key features last, (n, p + 1)."""
        return design if self.directions is None else np.column_stack([design, design @ self.directions])

    def combine(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weights of the design columns and the intercept, (p + 1,), from those of the expanded columns."""
        if self.directions is None:
            return weights
        return np.append(weights[:-2] + weights[-2] * self.directions, weights[-1])


def _direction_of(column: FeatureColumn) -> float:
    """The direction of a key feature; NaN for any other."""
    is_attribute = column.family == FeatureFamily.ATTRIBUTES
    return float("nan") if is_attribute else float(KEY_FEATURES.get(column.name, "nan"))
