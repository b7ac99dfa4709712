"""What customers say: NPS, CSAT, who answers at all, and how long they wait for us.

NPS is the share of promoters (9, 10) less that of detractors (0 to 6), in points. Its interval is the adjusted Wald
of Agresti & Min (2005) as in Sauro & Lewis 2016, Quantifying the User Experience, ch. 3: a quarter of z squared answers
are added as a promoter and as a detractor, half of it in between, which keeps its promise even for few answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.intervals import Estimate

Z = 1.6449
"Of a 90 % interval."
PROMOTER, DETRACTOR = 9, 6
NPS_SCORES = (0, 10)
SATISFIED_SHARE = 0.8
"A CSAT answer counts as satisfied from this share of the scale on: 4 of 5."


@dataclass(frozen=True)
class SurveyResponses:
    """Surveys sent; every array is (n,)."""

    customer_ids: np.ndarray
    scores: np.ndarray
    "float64; NaN was not answered."
    days: np.ndarray
    "datetime64[D], when asked."

    @property
    def answered(self) -> np.ndarray:
        """(n,) bool."""
        return ~np.isnan(self.scores)

    def take(self, rows: np.ndarray) -> SurveyResponses:
        """The surveys that an index array or boolean mask picks."""
        return SurveyResponses(self.customer_ids[rows], self.scores[rows], self.days[rows])


@dataclass(frozen=True)
class Waits:
    """How long customers waited for us; every array is (n,)."""

    customer_ids: np.ndarray
    hours: np.ndarray
    days: np.ndarray
    "datetime64[D], when the ticket was opened."

    def take(self, rows: np.ndarray) -> Waits:
        """The waits that an index array or boolean mask picks."""
        return Waits(self.customer_ids[rows], self.hours[rows], self.days[rows])


def net_promoter_score(scores: np.ndarray) -> Estimate:
    """NPS in points, -100 to 100, with its adjusted-Wald interval; NaN without an answer between 0 and 10."""
    known = scores[~np.isnan(scores) & (scores >= NPS_SCORES[0]) & (scores <= NPS_SCORES[1])]
    if not len(known):
        return Estimate()
    promoters, detractors = float((known >= PROMOTER).sum()), float((known <= DETRACTOR).sum())
    n = len(known) + Z**2
    for_us, against = (promoters + Z**2 / 4) / n, (detractors + Z**2 / 4) / n
    centre = for_us - against
    half = Z * math.sqrt((for_us + against - centre**2) / n)
    value = (promoters - detractors) / len(known)
    return Estimate(100 * value, 100 * max(-1.0, centre - half), 100 * min(1.0, centre + half))


def satisfied(answers: SurveyResponses, best: float = 5.0) -> np.ndarray:
    """(n,) bool: answered with `SATISFIED_SHARE` of the best score or more."""
    return answers.answered & (answers.scores >= SATISFIED_SHARE * best)


def median_hours(hours: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The median of waiting times for weights (samples, n), how often each counts: (samples,); NaN where none does."""
    order = np.argsort(hours, kind="stable")
    rising = np.append(hours[order], np.nan)
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    lower, upper = (reached < half).sum(axis=1), (reached <= half).sum(axis=1)
    return np.where(half[:, 0] > 0, (rising[lower] + rising[upper]) / 2, np.nan)
