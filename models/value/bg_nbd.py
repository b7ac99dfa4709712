"""BG/NBD (Fader, Hardie & Lee 2005): a customer may leave after each repeat order.

rate of orders a week    lambda ~ Gamma(r, alpha)
P(leaves after an order) p ~ Beta(a, b)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, gammaln

from models.value.process_model import ProcessModel
from models.value.purchase_process import OrderRecords, PurchaseProcess, predict_until_dropout


class BgNbdProcess(PurchaseProcess):
    """Its parameters are r, alpha, a and b."""

    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    def log_likelihood(self, records: OrderRecords) -> NDArray[np.float64]:
        """Equation (6) of the paper."""
        r, alpha, a, b = self.parameters
        x = records.frequency
        ordered = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        return ordered - (r + x) * np.log(alpha + records.age_weeks) + np.logaddexp(0.0, self._log_odds_left(records))

    def p_alive(self, records: OrderRecords) -> NDArray[np.float64]:
        """1 for customers without a repeat order: they have had no occasion to leave."""
        return expit(-self._log_odds_left(records))

    def predict_if_alive(self, records: OrderRecords, weeks: float) -> NDArray[np.float64]:
        """Equation (10) of the paper, without P(alive)."""
        r, alpha, a, b = self.parameters
        x = records.frequency
        return predict_until_dropout(
            dropout_a=a, dropout_b=b + x, shape=r + x, scale=alpha + records.age_weeks, weeks=weeks
        )

    def _log_odds_left(self, records: OrderRecords) -> NDArray[np.float64]:
        r, alpha, a, b = self.parameters
        x = records.frequency
        silence = np.log(alpha + records.age_weeks) - np.log(alpha + records.recency_weeks)
        log_odds = np.log(a) - np.log(np.maximum(b + x - 1.0, 1e-12)) + (r + x) * silence
        return np.where(x > 0, log_odds, -np.inf)


@dataclass(eq=False)
class BgNbd(ProcessModel):
    """Value by BG/NBD and Gamma-Gamma."""

    name: ClassVar[str] = "bg_nbd"
    process_type: ClassVar[type[PurchaseProcess]] = BgNbdProcess


MODEL = BgNbd
