"""What leaving means to a business, and how leaving and buying are learnt."""

from __future__ import annotations

from datetime import date
from typing import Literal

from core.config.section import Section

Definition = Literal["no_purchase", "overdue", "subscription_ended", "no_usage"]


class ChurnDefinition(Section, frozen=True):
    """What leaving means for this business."""

    definition: Definition = "no_purchase"
    horizon_days: int = 90
    gap_days: int = 0
    "Between cutoff and horizon: the time the business needs to act."
    overdue_multiple: float = 3.0
    "overdue: no purchase within this many of the customer's own usual gaps."
    grace_days: int = 30
    "subscription_ended: a renewal within so many days is no churn."
    each_subscription: bool = False
    "subscription_ended: whether the end of one counts though the customer's others run on."

    def __post_init__(self) -> None:
        if self.horizon_days < 1 or self.gap_days < 0:
            raise ValueError("horizon_days is at least 1 and gap_days at least 0")
        if self.overdue_multiple <= 0 or self.grace_days < 0:
            raise ValueError("overdue_multiple is above 0 and grace_days at least 0")


class Cutoffs(Section, frozen=True):
    """The days at which the past ends; where none is stated, they are taken from the history."""

    train: tuple[date, ...] = ()
    test: date | None = None

    step_days: int = 14
    "Spacing of the training cutoffs where none is stated."
    max_cutoffs: int = 6
    "How many training cutoffs are then taken."


class RiskLevels(Section, frozen=True):
    """From which churn probability a customer counts as at risk; probabilities survive a retraining."""

    medium: float = 0.3
    high: float = 0.6

    def __post_init__(self) -> None:
        if not 0 < self.medium < self.high < 1:
            raise ValueError("risk_levels need 0 < medium < high < 1")


class HazardSettings(Section, frozen=True):
    """How it is learnt when customers leave; without this section it is not."""

    models: tuple[str, ...] = ()
    "Which of models.hazard.catalogue are tried; none named is all. kaplan_meier, the bar, is tried anyhow."
    horizon_months: int = 12
    "How far ahead, in months of 30 days; less where the history is too short to judge it."
    period_days: int = 30
    "Within a period the risk of who is still there counts as constant."
    step_days: int = 30
    "Spacing of the cutoffs, before as many are taken as `max_cutoffs` says, evenly."
    max_cutoffs: int = 12
    "How many training cutoffs are taken."

    def __post_init__(self) -> None:
        if min(self.horizon_months, self.period_days, self.step_days, self.max_cutoffs) < 1:
            raise ValueError("horizon_months, period_days, step_days and max_cutoffs are at least 1")
        if self.horizon_months * 30 < self.period_days:
            raise ValueError("horizon_months holds at least one period of period_days")


class RecommenderSettings(Section, frozen=True):
    """How recommendations are judged and filled."""

    k: int = 10
    horizon_days: int = 28
    "Purchases within so many days after the cutoff are what a recommender should have found."
    popularity_half_life_days: float = 30.0
    models: tuple[str, ...] = ()
    "Which of the shelf are tried; none named is all of them. Popularity, the bar for the others, is tried anyhow."
    trend_window_days: int = 14
    "What is on the rise is told from so many days, against as many before them."
    bought_together_orders: int = 5
    "Two items are said to be bought together from so many orders with both on."

    def __post_init__(self) -> None:
        if min(self.k, self.horizon_days, self.trend_window_days, self.bought_together_orders) < 1:
            raise ValueError("k, horizon_days, trend_window_days and bought_together_orders are at least 1")
        if self.popularity_half_life_days <= 0:
            raise ValueError("popularity_half_life_days is above 0")
