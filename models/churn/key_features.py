"""The features of which a churn model of a small firm expects most, before it sees any data.

The compiler computes the same count over five windows and of every kind of event, so that of 150 features most repeat
others. At a firm with a few dozen departures their chance correlations add up to more than what the few good ones say.
One feature for each thing that usually goes with churn keeps most of its weight there; the others need more evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core import feature_names as names
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn

KEY_FEATURES = frozenset(
    {
        # Recency, frequency, value, tenure and rhythm of purchases
        names.DAYS_SINCE_LAST_PURCHASE,
        names.ORDERS_365D,
        names.NET_SPEND_365D,
        names.DAYS_SINCE_FIRST_PURCHASE,
        names.RECENCY_VS_USUAL_GAP,
        # Recency, frequency, breadth and change of usage
        names.DAYS_SINCE_LAST_USAGE,
        names.USAGE_DAYS_90D,
        names.USAGE_KINDS_90D,
        names.USAGE_TREND_30D,
        names.ACTIVE_SEAT_SHARE_30D,
        names.USAGE_ERRORS_90D,
        # The contract
        names.MRR_NOW,
        names.SUBSCRIPTION_TENURE_DAYS,
        names.DAYS_TO_RENEWAL,
        names.MRR_CHANGE_365D,
        names.DOWNGRADES_365D,
        # Problems, and what customers say
        names.TICKETS_90D,
        names.HOURS_TO_ANSWER_90D,
        names.LAST_TICKET_SATISFACTION,
        names.LAST_NPS,
        # The history of a predicted event
        names.DAYS_SINCE_EVENT,
        names.EVENTS_365D,
    }
)


def prior_scales(columns: Sequence[FeatureColumn], *, others_penalty: float) -> NDArray[np.float64]:
    """What each feature is multiplied by, (m,), so that a ridge penalises others `others_penalty` times as strongly.

    All are 1 where none of the columns is a key feature, as in a cross-section, whose columns are attributes.
    """
    is_key = np.array([one.name in KEY_FEATURES and one.family != FeatureFamily.ATTRIBUTES for one in columns], bool)
    return np.where(is_key | ~is_key.any(), 1.0, others_penalty**-0.5)
