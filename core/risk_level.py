"""The risk level of a customer: a band of churn probability."""

from enum import StrEnum


class RiskLevel(StrEnum):
    """Band of churn probability, by the limits under [risk_levels]."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
