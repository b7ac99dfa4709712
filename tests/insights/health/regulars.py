"""A shop of regulars who buy every week: ten left long ago, ten stop in October, thirty stay."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from core.config.learning import ChurnDefinition
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.recency import Recency
from tables.tables import Tables
from tests.worlds import config, frame, shop

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 30)
LEARNT = (date(2024, 5, 6), date(2024, 5, 20))
QUIET_SINCE, JUDGED = date(2024, 10, 1), date(2024, 10, 22)
LEAVERS = [f"quiet{number:02d}" for number in range(10)]


def regulars(**changes) -> Tables:
    """Their purchases; Quiet00's account is Ann's, and Stays00 refused to be scored."""
    until = {"gone": date(2024, 5, 1), "quiet": QUIET_SINCE, "stays": LAST}
    many = {"gone": 10, "quiet": 10, "stays": 30}
    lines = [
        f"{kind}{number:02d} {FIRST + timedelta(days=back)}"
        for kind, last in until.items()
        for number in range(many[kind])
        for back in range(number % 7, (last - FIRST).days, 7)
    ]
    settings = config(active_days=60, watermark=LAST, churn=ChurnDefinition(horizon_days=30), **changes)
    return shop(
        *lines,
        settings=settings,
        customers=frame({"customer_id": "quiet00", "account_id": "acme"}),
        accounts=frame({"account_id": "acme", "owner": "ann"}),
        consents=frame({"customer_id": "stays00", "purpose": "score", "granted": False, "event_time": "2024-01-01"}),
    )


@cache
def champion() -> Recency:
    """Learnt in May, when the first ten had just left."""
    tables = regulars()
    cohort = select_cohort(tables, LEARNT)
    features, outcomes = compute_features(tables, cohort), label_outcomes(tables, cohort)
    assert 0 < np.mean(outcomes.churned) < 1
    return Recency(n_resamples=0, n_bins=6, prior_rows=1).fit(features, outcomes)
