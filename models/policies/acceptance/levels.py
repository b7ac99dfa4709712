"""The log-odds of each offer, shrunk from offer to kind to all offers, given what customers differ in.

    log-odds of a contact = level of its offer + deviation of its customer

A level is found step by step: that of all offers from the assumption, of each kind from the level of all, of each offer
from that of its kind. Each step adds PRIOR_CONTACTS contacts that were accepted as often as the step before expects.
Without deviations this is exactly the beta shrinkage of `models.policies.acceptance.rates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from core.offers import Offer
from models.calibration import log_odds_of
from models.policies.acceptance.rates import PRIOR_CONTACTS

MAX_SHIFT = 40.0
"In log-odds."


def fit_levels(
    deviations: NDArray[np.float64],
    accepted: NDArray[np.bool_],
    *,
    offer_ids: NDArray[np.str_],
    offers: Sequence[Offer],
    assumed: float,
) -> Mapping[str, float]:
    """The level of each offer, by id, from contacts with their deviations, (n,)."""
    start = float(log_odds_of(np.array([assumed]))[0])
    overall = start + find_shift(start + deviations, accepted)
    kinds = {offer.offer_id: offer.kind for offer in offers}
    kind_of_row = np.array([kinds[offer_id] for offer_id in offer_ids.tolist()], dtype=str)
    of_kind = {
        kind: overall + find_shift(overall + deviations[kind_of_row == kind], accepted[kind_of_row == kind])
        for kind in sorted(set(kinds.values()))
    }
    levels: dict[str, float] = {}
    for offer in offers:
        rows, base = offer_ids == offer.offer_id, of_kind[offer.kind]
        levels[offer.offer_id] = base + find_shift(base + deviations[rows], accepted[rows])
    return levels


def find_shift(log_odds: NDArray[np.float64], accepted: NDArray[np.bool_]) -> float:
    """What to add to the log-odds of contacts, (n,), so that as many accept as did; 0 without contacts.

    PRIOR_CONTACTS more of them are accepted as often as expected.
    """
    if not len(log_odds):
        return 0.0
    typical = float(log_odds.mean())
    n_accepted = float(accepted.sum()) + PRIOR_CONTACTS * expit(typical)

    def excess(shift: float) -> float:
        return float(expit(log_odds + shift).sum() + PRIOR_CONTACTS * expit(typical + shift)) - n_accepted

    return float(brentq(excess, -MAX_SHIFT, MAX_SHIFT, xtol=1e-9))
