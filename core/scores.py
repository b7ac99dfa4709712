"""What a model says of each customer: a number, its uncertainty, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec
import numpy as np


class RiskLevel(StrEnum):
    """How urgent a risk is, by the limits that the data set's TOML states."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reason(msgspec.Struct, frozen=True):
    """One family of features that moved one customer's score, in words that can be read to them."""

    code: str
    "The family: recency, frequency, spend, ..."
    direction: str
    "'up' raises the risk, 'down' lowers it."
    weight: float
    "Contribution in log-odds; reasons are sorted by its size."
    value: float | str | None
    "The customer's own value of the family's strongest feature."
    usual_value: float | str | None
    "That feature's usual value: the customer's own where known, otherwise the cohort's median."
    en: str
    ja: str


@dataclass(frozen=True)
class Scores:
    """One value per (customer, cutoff); every array is (n,). What it measures is named."""

    customer_ids: np.ndarray
    cutoffs: np.ndarray
    value: np.ndarray
    horizon_days: int
    measure: str = "churn_probability"
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    "Bounds of a 90 % bootstrap interval, where the model gives one."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: np.ndarray) -> Scores:
        """Some rows, by index or mask."""
        low, high = (None if bound is None else bound[rows] for bound in (self.low, self.high))
        return replace(
            self, customer_ids=self.customer_ids[rows], cutoffs=self.cutoffs[rows], value=self.value[rows],
            low=low, high=high,
        )  # fmt: skip
