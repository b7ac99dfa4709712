"""A shop whose regulars buy every week: ten stopped long ago, ten stop in October, thirty stay."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from core.config.training import ChurnDefinition
from features.cohort import select_cohort
from features.labels.labelling import label_outcomes
from features.pipeline import compute_features
from models.churn.recency import Recency
from tables.tables import Tables
from tests.worlds import config, frame, shop

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 30)
TRAINING_CUTOFFS = (date(2024, 5, 6), date(2024, 5, 20))
QUIET_SINCE, TODAY = date(2024, 10, 1), date(2024, 10, 22)
LEAVERS = [f"quiet{number:02d}" for number in range(10)]


def regulars(**changes) -> Tables:
    """Purchases; Ann owns the account of quiet00, and stays00 opted out of scoring."""
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
    """Trained in May, when the first ten had just stopped."""
    tables = regulars()
    cohort = select_cohort(tables, TRAINING_CUTOFFS)
    features, outcomes = compute_features(tables, cohort), label_outcomes(tables, cohort)
    assert 0 < np.mean(outcomes.churned) < 1
    return Recency(n_resamples=0, n_bins=6, prior_rows=1).fit(features, outcomes)
