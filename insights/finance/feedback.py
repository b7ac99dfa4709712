"""Survey and support figures: NPS, CSAT, response rates and waiting times.

NPS is the share of promoters (9, 10) minus the share of detractors (0 to 6), in points. Its interval is the adjusted
Wald interval of Agresti & Min (2005), as in Sauro & Lewis 2016, Quantifying the User Experience, ch. 3. It adds a
quarter of z squared responses as promoters, as many as detractors, and half of z squared as passives; its coverage
holds even for few responses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import HALF_WIDTH, Estimate

PROMOTER, DETRACTOR = 9, 6
NPS_SCORES = (0, 10)
SATISFIED_SHARE = 0.8
"A CSAT response counts as satisfied from this share of the scale on: 4 of 5."


@dataclass(frozen=True, kw_only=True)
class SurveyResponses:
    """Surveys sent, with the responses; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    scores: NDArray[np.float64]
    "NaN where the customer did not respond."
    days: NDArray[np.datetime64]
    "datetime64[D], the day on which the survey was sent."

    @classmethod
    def empty(cls) -> SurveyResponses:
        """No surveys."""
        return cls(customer_ids=np.empty(0, "U1"), scores=np.empty(0), days=np.empty(0, "M8[D]"))

    @property
    def has_response(self) -> NDArray[np.bool_]:
        """Whether the customer responded, (n,)."""
        return ~np.isnan(self.scores)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SurveyResponses:
        """The surveys that an index array or boolean mask picks."""
        return SurveyResponses(customer_ids=self.customer_ids[rows], scores=self.scores[rows], days=self.days[rows])


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Waiting times of tickets; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    hours: NDArray[np.float64]
    days: NDArray[np.datetime64]
    "datetime64[D], the day on which the ticket was opened."

    @classmethod
    def empty(cls) -> Waits:
        """No tickets."""
        return cls(customer_ids=np.empty(0, "U1"), hours=np.empty(0), days=np.empty(0, "M8[D]"))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Waits:
        """The waits that an index array or boolean mask picks."""
        return Waits(customer_ids=self.customer_ids[rows], hours=self.hours[rows], days=self.days[rows])


def net_promoter_score(scores: NDArray[np.float64]) -> Estimate:
    """NPS in points, -100 to 100, with its adjusted Wald interval; NaN without a score from 0 to 10."""
    valid = scores[~np.isnan(scores) & (scores >= NPS_SCORES[0]) & (scores <= NPS_SCORES[1])]
    if not len(valid):
        return Estimate()
    promoters, detractors = float((valid >= PROMOTER).sum()), float((valid <= DETRACTOR).sum())
    n = len(valid) + HALF_WIDTH**2
    promoter_share, detractor_share = (promoters + HALF_WIDTH**2 / 4) / n, (detractors + HALF_WIDTH**2 / 4) / n
    centre = promoter_share - detractor_share
    half_width = HALF_WIDTH * math.sqrt((promoter_share + detractor_share - centre**2) / n)
    value = (promoters - detractors) / len(valid)
    return Estimate(100 * value, 100 * max(-1.0, centre - half_width), 100 * min(1.0, centre + half_width))


def is_satisfied(responses: SurveyResponses, best: float = 5.0) -> NDArray[np.bool_]:
    """Whether the customer responded with at least `SATISFIED_SHARE` of the best score, (n,)."""
    return responses.has_response & (responses.scores >= SATISFIED_SHARE * best)


def median_hours(hours: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted median of waiting times (n,) for weights (samples, n): (samples,); NaN where all weights are 0."""
    order = np.argsort(hours, kind="stable")
    # The NaN at the end is what a sample without weight reads.
    ascending = np.append(hours[order], np.nan)
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    lower, upper = (reached < half).sum(axis=1), (reached <= half).sum(axis=1)
    return np.where(half[:, 0] > 0, (ascending[lower] + ascending[upper]) / 2, np.nan)
