"""How well the relationship with a customer is doing, from 0 (about to end) to 100 (safe)."""

from __future__ import annotations

import numpy as np


def health_of(churn_probability: np.ndarray) -> np.ndarray:
    """Health from calibrated risk, (n,) float64; NaN where the risk is unknown."""
    return 100.0 * (1.0 - churn_probability)
