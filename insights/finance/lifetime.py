"""What a customer is worth over their life, what it costs to win one, and what would change if something changed.

    expected months   1 / churn                     LTV   MRR x margin x expected months
    with a curve      sum over months of S(t) x MRR x margin / (1 + discount) ** (t / 12)
    CAC payback       CAC / (MRR x margin), in months

Source: Gupta & Lehmann 2005, Managing Customers as Investments, ch. 2; the simple form takes churn as constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput

MONTHS_A_YEAR = 12
ROUNDING = 1e-9
"A lifetime that is less than this short of a whole month has finished it."


def expected_months(monthly_churn: float, whole_months: bool = False) -> float:
    """How long a customer stays on average; infinite where nobody leaves. Raises BadInput outside 0 to 1.

    With `whole_months` only finished months count: 33 of 33.3.
    """
    if not 0 <= monthly_churn <= 1:
        raise BadInput(f"monthly churn lies between 0 and 1, found {monthly_churn}")
    months = math.inf if monthly_churn == 0 else 1 / monthly_churn
    return float(finished(np.array(months))) if whole_months else months


def finished(months: np.ndarray) -> np.ndarray:
    """Of each lifetime the months that were finished; infinite ones stay so."""
    return np.floor(months + ROUNDING)


def lifetime_value(mrr: float, monthly_churn: float, margin: float = 1.0, whole_months: bool = False) -> float:
    """LTV of the simple form; `whole_months` counts finished months only."""
    return mrr * margin * expected_months(monthly_churn, whole_months)


def discounted_months(survival: np.ndarray, yearly_discount: float) -> np.ndarray:
    """Months that customers stay, later ones worth less, from curves (..., months): (...,)."""
    months = np.arange(survival.shape[-1])
    return (survival / (1 + yearly_discount) ** (months / MONTHS_A_YEAR)).sum(axis=-1)


def months_beyond(survival: np.ndarray, monthly_churn: np.ndarray, yearly_discount: float) -> np.ndarray:
    """The discounted months after the end of curves (..., months) where churn is constant from there on: (...,).

    Infinite where neither churn nor discount ever ends them.
    """
    last = survival.shape[-1] - 1
    each = (1 - monthly_churn) / (1 + yearly_discount) ** (1 / MONTHS_A_YEAR)
    ahead = np.divide(each, 1 - each, out=np.full(np.shape(each), np.inf), where=each < 1)
    return survival[..., -1] / (1 + yearly_discount) ** (last / MONTHS_A_YEAR) * ahead


@dataclass(frozen=True)
class Economics:
    """One average customer of a subscription business."""

    mrr: float
    monthly_churn: float
    margin: float = 1.0
    "Share of the revenue that is left after serving it, 0 to 1."
    acquisition_cost: float = 0.0
    "CAC."
    whole_months: bool = False
    "Whether a lifetime counts finished months only."

    @property
    def expected_months(self) -> float:
        """How long the customer stays."""
        return expected_months(self.monthly_churn, self.whole_months)

    @property
    def lifetime_value(self) -> float:
        """LTV of the simple form."""
        return lifetime_value(self.mrr, self.monthly_churn, self.margin, self.whole_months)

    @property
    def value_over_cost(self) -> float:
        """LTV/CAC; infinite where winning a customer costs nothing."""
        return self.lifetime_value / self.acquisition_cost if self.acquisition_cost > 0 else math.inf

    @property
    def payback_months(self) -> float:
        """Months until a customer has earned what it cost to win them; infinite where they earn nothing."""
        earned = self.mrr * self.margin
        return self.acquisition_cost / earned if earned > 0 else math.inf


def revenue_over(economics: Economics, n_customers: float, new_a_month: float, months: int = 36) -> np.ndarray:
    """Revenue of each coming month, (months,): today's customers and new ones, all leaving at the same rate."""
    staying = (1 - economics.monthly_churn) ** np.arange(months)
    customers = n_customers * staying + new_a_month * (np.cumsum(staying) - staying)
    return customers * economics.mrr
