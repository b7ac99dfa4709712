"""States the problem of choosing contacts: values, reasons, limits and exploration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.config.decisions import DecisionSettings
from models.policies.candidates import ALLOWED, Option
from models.policies.contact_choice import ChoiceProblem
from models.policies.exploration import EpsilonExploration, Exploration, ThompsonExploration, Uncertainty
from models.policies.spending_limits import SpendingLimits
from serving.offers.candidates import OfferCandidates
from serving.release.offer_part import OfferTerms


def state_problem(
    terms: OfferTerms, candidates: OfferCandidates, *, seed: int, budget: float | None = None
) -> ChoiceProblem:
    """The problem for these customers; `budget` goes before that of the configuration."""
    withheld = candidates.withheld
    return ChoiceProblem(
        options=candidates.options,
        values=candidates.valued.values.value,
        costs=candidates.valued.values.cost,
        codes=np.where(withheld, ALLOWED, candidates.codes),
        withheld=withheld,
        limits=spending_limits(terms, budget=budget),
        ranks=_rank(terms, candidates.options),
        explore=_exploration_of(terms.settings, candidates.valued.uncertainty, seed=seed),
    )


def _rank(terms: OfferTerms, options: Sequence[Option]) -> NDArray[np.int64]:
    """(m,) kinds with priority go first, then campaigns, then other offers."""
    ranks = 2 * terms.rules.priority_ranks(options)
    return ranks + np.array([option.campaign_id is None for option in options], dtype=np.int64)


def spending_limits(terms: OfferTerms, *, budget: float | None = None) -> SpendingLimits:
    """The budget, and what is left of the capacities."""
    channels = {name: one.capacity for name, one in terms.settings.channels.items() if one.capacity is not None}
    return SpendingLimits(
        budget=terms.settings.budget if budget is None else budget,
        offers=terms.book.remaining(),
        channels=channels,
    )


def _exploration_of(settings: DecisionSettings, uncertainty: Uncertainty, *, seed: int) -> Exploration | None:
    """How choices are left to chance; None where none is."""
    match settings.exploration:
        case "epsilon":
            return EpsilonExploration(settings.epsilon, seed)
        case "thompson":
            return ThompsonExploration(uncertainty, seed)
        case _:
            return None
