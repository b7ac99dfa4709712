"""A synthetic release of churn scores, built by the classes that `kizuna release` uses, for the cost of requests."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.training import RiskLevels
from core.scores import Reason, Scores
from serving.release.churn_part import ChurnPart
from serving.release.release import Release, ReleaseDescription, ReleasedModel
from serving.release.releases import Activation

CUTOFF = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
RELEASE_ID = "bench"
ACTIVATION = Activation(release_id=RELEASE_ID, who="benchmark", why="", at=NOW)
REASON = Reason(
    code="recency",
    direction="up",
    weight=1.2,
    value=74.0,
    usual_value=21.0,
    en="Last purchase 74 days ago (this customer usually buys every 21 days)",
    ja="最終購入から74日(この顧客はふだん約21日ごとに購入)",
)


def customer_ids(n_customers: int) -> NDArray[np.str_]:
    """(n,) ids."""
    return np.char.add("customer-", np.char.zfill(np.arange(n_customers).astype(str), 7))


def score_release(n_customers: int) -> Release:
    """A release of churn scores with three reasons each."""
    probability = np.random.default_rng(0).random(n_customers)
    scores = Scores(
        customer_ids=customer_ids(n_customers),
        cutoffs=np.full(n_customers, np.datetime64(CUTOFF)),
        value=probability,
        horizon_days=90,
        low=probability,
        high=probability,
    )
    part = ChurnPart.of(
        scores,
        [(REASON,) * 3] * n_customers,
        short_history=np.zeros(n_customers, dtype=bool),
        risk_levels=RiskLevels(),
    )
    model = ReleasedModel(
        name="kizuna.bench.churn", version=1, model="logistic", cutoff=CUTOFF, card_digest="", features_digest="",
        data_digest="",
    )  # fmt: skip
    description = ReleaseDescription(
        release_id=RELEASE_ID, created_at=NOW, data_set="bench", time_zone="UTC", currency="EUR", cutoff=CUTOFF,
        data_digest="", models={"churn": model},
    )  # fmt: skip
    return Release(description, msgspec.Raw(b"{}"), churn=part)
