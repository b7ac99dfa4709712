"""Chooses the next best offer for one customer now, at the prices of the latest allocation to all customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.control_group import hash_share
from core.decisions import DecisionRow, NoContact
from core.ids import digest_of
from models.policies.allocation.problem import NOTHING
from models.policies.candidates import ALLOWED, REASONS, Option
from models.policies.contact_choice import choose_for_request, explain_choice
from serving.decisions.store import ContactHistory
from serving.journal.customer import LiveCustomer
from serving.offers.candidates import Occasion, OfferCandidates, find_candidates, offers_of
from serving.offers.options import list_options
from serving.offers.recent import add_consents, add_history
from serving.offers.stating import state_problem
from serving.release.offer_part import OfferTerms
from serving.release.release import Release


@dataclass(frozen=True, kw_only=True)
class OfferRequest:
    """What is asked for."""

    customer_id: str
    now: datetime
    "Local time."
    contact_at: datetime | None = None
    "Local time of a contact that is made later; None: at once."
    channel: str | None = None
    context: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    unavailable: Collection[str] = ()
    "Items that are out of stock."
    history: ContactHistory | None
    "What was stored of the customer since the cutoff of the release; None where the database does not respond."
    live: LiveCustomer | None = None
    "The customer's events since the release."

    @property
    def moment(self) -> datetime:
        """When the contact is made, local time."""
        return self.contact_at or self.now


@dataclass(frozen=True, kw_only=True)
class OfferChoice:
    """The choice for one customer; arrays of the candidates have one row."""

    decision_id: str
    request: OfferRequest
    terms: OfferTerms
    candidates: OfferCandidates
    choice: int
    "The option, or NOTHING."
    choice_propensity: float
    codes: NDArray[np.int8]
    "(m,) why each option is not made, with the reasons of the choice; see `explain_choice`."
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
        return REASONS[int(self.codes.max()) - 1] if len(self.codes) else NoContact.NOT_ELIGIBLE

    @property
    def is_evidence(self) -> bool:
        """Whether something can be learned from the decision: a contact, a control group, or a choice by chance."""
        return self.choice != NOTHING or self.choice_propensity < 1

    def to_row(self, release_id: str) -> DecisionRow:
        """The decision as it is stored."""
        option = None if self.choice == NOTHING else self.candidates.options[self.choice]
        values, terms = self.candidates.valued.values, self.terms
        is_controlled = option is not None and terms.is_controlled(option) and not self.candidates.keeps_other[0]
        return DecisionRow(
            decision_id=self.decision_id,
            customer_id=self.request.customer_id,
            decided_at=self.request.now,
            offer_id=None if option is None else option.offer.offer_id,
            channel=self.request.channel if option is None else option.channel,
            treated=not self.is_control,
            propensity=1.0 - terms.control.share if is_controlled else 1.0,
            choice_propensity=self.choice_propensity,
            no_contact=self.nothing_because,
            expected_value=0.0 if option is None else float(values.value[0, self.choice]),
            cost=0.0 if option is None or self.is_control else float(values.cost[0, self.choice]),
            send_at=self.request.contact_at,
            policy=terms.settings.exploration if terms.settings.exploration != "none" else "expected_value",
            release_id=release_id,
        )


def choose_offer(release: Release, request: OfferRequest) -> OfferChoice:
    """Value the offers of the release for one customer, and choose."""
    part = offers_of(release)
    terms, customer = part.terms, part.customer(request.customer_id)
    options = list_options(part.terms.offers, terms.settings.channels, only=request.channel)
    occasion = Occasion(
        moments=np.array([np.datetime64(request.moment, "s")]),
        day=request.moment.date(),
        is_immediate=True,
        context=request.context,
        unavailable=request.unavailable,
        bought=() if request.live is None else tuple(one.item_id for one in request.live.purchases),
    )
    if request.live is not None:
        customer = add_consents(customer, {request.customer_id: request.live.consents})
    if request.history is not None:
        customer = add_history(customer, request.history, terms=terms)
    candidates = find_candidates(release, customer, options=options, occasion=occasion)
    if request.history is None:
        candidates = candidates.exclude_all(NoContact.CONTACTS_UNKNOWN)
    identity = (terms.data_set, request.customer_id, request.now, request.channel, dict(request.context))
    problem = state_problem(terms, candidates, seed=int(digest_of(identity), 16))
    # Of customers who are alike, other ones on other days.
    lot = hash_share(f"{terms.data_set}:{occasion.day}:price", request.customer_id)
    choices = choose_for_request(problem, terms.prices, gets_at_price=lot < terms.share_at_price)
    return OfferChoice(
        decision_id=digest_of(identity),
        request=request,
        terms=terms,
        candidates=candidates,
        choice=int(choices.choice[0]),
        choice_propensity=float(choices.propensity[0]),
        codes=explain_choice(problem, choices.choice, drawn=choices.choice, prices=terms.prices)[0],
        is_control=bool(problem.withholds(choices.choice)[0]),
    )
