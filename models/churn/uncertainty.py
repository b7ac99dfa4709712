"""How sure a model is of a probability.

The model is fitted again on bootstrap samples of the customers, with the same
settings; the spread of the refits' log-odds, as that of a normal distribution
around the model's own, gives the 90 % interval. It says how much the
probability would move had other customers of the same kind been seen. It does
not say what one customer will do, nor cover what every refit gets wrong alike.

Twenty refits are too few for percentiles, but tell a standard deviation to
about a sixth of itself (1 / sqrt(2 * 19)).
"""

from __future__ import annotations

import numpy as np

STANDARD_DEVIATIONS = 1.6449
"Of a normal distribution on either side: 90 % lie within."


def bounds(log_odds: np.ndarray, resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high, (n,) each, around log-odds (n,) from those of the refits, (refits, n); at least two refits."""
    spread = STANDARD_DEVIATIONS * resampled.std(axis=0, ddof=1)
    return log_odds - spread, log_odds + spread
