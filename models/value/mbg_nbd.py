"""MBG/NBD (Batislam, Denizel & Filiztekin 2007): BG/NBD in which a customer may leave after the first order already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, expit, gammaln

from models.value.process_model import ProcessModel
from models.value.purchase_process import OrderRecords, PurchaseProcess, predict_until_dropout


class MbgNbdProcess(PurchaseProcess):
    """Its parameters are r, alpha, a and b, with the meaning that they have in BG/NBD."""

    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    def log_likelihood(self, records: OrderRecords) -> NDArray[np.float64]:
        """Equation (5) of the paper."""
        r, alpha, a, b = self.parameters
        x = records.frequency
        ordered = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x + 1.0) - betaln(a, b)
        return ordered - (r + x) * np.log(alpha + records.age_weeks) + np.logaddexp(0.0, self._log_odds_left(records))

    def p_alive(self, records: OrderRecords) -> NDArray[np.float64]:
        """Below 1 for every customer."""
        return expit(-self._log_odds_left(records))

    def predict_if_alive(self, records: OrderRecords, weeks: float) -> NDArray[np.float64]:
        """As in BG/NBD; a living customer has stayed after x + 1 orders."""
        r, alpha, a, b = self.parameters
        x = records.frequency
        return predict_until_dropout(
            dropout_a=a, dropout_b=b + x + 1.0, shape=r + x, scale=alpha + records.age_weeks, weeks=weeks
        )

    def _log_odds_left(self, records: OrderRecords) -> NDArray[np.float64]:
        r, alpha, a, b = self.parameters
        x = records.frequency
        silence = np.log(alpha + records.age_weeks) - np.log(alpha + records.recency_weeks)
        return np.log(a) - np.log(b + x) + (r + x) * silence


@dataclass(eq=False)
class MbgNbd(ProcessModel):
    """Value by MBG/NBD and Gamma-Gamma."""

    name: ClassVar[str] = "mbg_nbd"
    process_type: ClassVar[type[PurchaseProcess]] = MbgNbdProcess


MODEL = MbgNbd
