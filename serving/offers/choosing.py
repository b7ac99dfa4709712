"""Chooses the next best offer for one customer now, at the prices of the latest allocation to all customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from core.decisions import NoContact
from core.ids import digest_of
from models.policies.allocation.problem import NOTHING
from models.policies.candidates import ALLOWED, REASONS, Option, code_of
from models.policies.contact_choice import choose_for_request
from serving.offers.candidates import Occasion, OfferCandidates, find_candidates, offers_of
from serving.offers.options import list_options
from serving.offers.stating import state_problem
from serving.release.release import Release


@dataclass(frozen=True, kw_only=True)
class OfferRequest:
    """What is asked for."""

    customer_id: str
    now: datetime
    "Local time."
    channel: str | None = None
    context: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    unavailable: Collection[str] = ()
    "Items that are out of stock."


@dataclass(frozen=True, kw_only=True)
class OfferChoice:
    """The choice for one customer; arrays of the candidates have one row."""

    decision_id: str
    candidates: OfferCandidates
    choice: int
    "The option, or NOTHING."
    choice_propensity: float
    is_control: bool
    "Whether the customer is of the control group, and would get `choice`."

    @property
    def order(self) -> list[int]:
        """The allowed options by value, the highest first."""
        allowed = np.flatnonzero(self.candidates.codes[0] == ALLOWED)
        return allowed[np.argsort(-self.candidates.valued.values.value[0, allowed], kind="stable")].tolist()

    @property
    def option(self) -> Option | None:
        """The option that the customer gets."""
        return None if self.choice == NOTHING or self.is_control else self.candidates.options[self.choice]

    @property
    def nothing_because(self) -> NoContact | None:
        """Why the customer gets nothing: the reason of the option that came closest."""
        if self.option is not None:
            return None
        if self.is_control:
            return NoContact.CONTROL_GROUP
        codes = np.where(self.candidates.codes[0] == ALLOWED, code_of(NoContact.DOES_NOT_PAY), self.candidates.codes[0])
        return REASONS[int(codes.max()) - 1] if len(codes) else NoContact.NOT_ELIGIBLE


def choose_offer(release: Release, request: OfferRequest) -> OfferChoice:
    """Value the offers of the release for one customer, and choose."""
    part = offers_of(release)
    terms, customer = part.terms, part.customer(request.customer_id)
    options = list_options(part.book.offers, terms.settings.channels, only=request.channel)
    occasion = Occasion(
        moments=np.array([np.datetime64(request.now, "s")]),
        is_immediate=True,
        context=request.context,
        unavailable=request.unavailable,
    )
    candidates = find_candidates(release, customer, options=options, occasion=occasion)
    identity = (terms.data_set, request.customer_id, request.now, request.channel, dict(request.context))
    problem = state_problem(terms, candidates, seed=int(digest_of(identity), 16))
    choices = choose_for_request(problem, terms.prices)
    return OfferChoice(
        decision_id=digest_of(identity),
        candidates=candidates,
        choice=int(choices.choice[0]),
        choice_propensity=float(choices.propensity[0]),
        is_control=bool(problem.in_control[0]) and int(choices.choice[0]) != NOTHING,
    )
