"""Learns P(accept): by offer, or by customer and offer where later contacts show that it predicts better.

    contacts        older, a part of the customers | older, the others | newest
    fits            deviations                       their slope         judged by log loss
    candidates      by offer, logistic regression, boosted trees: the simplest within one standard error of the best

The slope turns a deviation into a calibrated one (Platt 1999); 0 is no deviation. The chosen candidate is fitted again
on all contacts. Contacts whose answer was not due when the newest ones began are left out of the older ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.choosing import choose_simplest
from core.config.money import OfferAssumptions
from core.contact_answers import MIN_ANSWERS, AcceptanceRows, can_tell_customers_apart
from core.control_group import hash_shares
from core.feature_table import FeatureTable
from core.offers import Offer, OfferBook
from models.policies.acceptance.customer_models import (
    BoostedCustomerModel,
    ContactDesign,
    ContactInputs,
    CustomerModel,
    LinearCustomerModel,
)
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.levels import fit_levels
from models.policies.acceptance.rates import Acceptance, estimate_acceptance

BY_OFFER = "by offer"
CANDIDATES: Mapping[str, type[LinearCustomerModel] | type[BoostedCustomerModel]] = {
    "logistic regression": LinearCustomerModel,
    "boosted trees": BoostedCustomerModel,
}
"Simplest first."
SHARE_NEWEST, SHARE_FOR_SLOPE = 0.3, 1 / 3


@dataclass(frozen=True)
class PersonalAcceptance:
    """P(accept) = expit(level of the offer + slope * deviation of the customer)."""

    name: str
    model: CustomerModel
    slope: float
    levels: Mapping[str, float]
    design: ContactDesign

    def log_odds(
        self, features: FeatureTable, offers: Sequence[Offer], *, tastes: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Of n customers and k offers with their tastes, (n, k) each."""
        values = self.design.values_of(features)
        log_odds = np.empty((len(values), len(offers)))
        for place, offer in enumerate(offers):
            inputs = self.design.join(values, [offer.offer_id] * len(values), tastes=tastes[:, place])
            log_odds[:, place] = self.levels[offer.offer_id] + self.slope * self.model.predict(inputs)
        return log_odds


@dataclass(frozen=True)
class LearnedAcceptance:
    """P(accept) of the offers of a book, and why it is by offer or by customer."""

    offers: tuple[Offer, ...]
    by_offer: Mapping[str, Acceptance]
    sentence: str
    "What was chosen, and why."
    personal: PersonalAcceptance | None = None
    log_losses: Mapping[str, float] = field(default_factory=dict[str, float])
    "Of the newest contacts, by candidate."

    def estimate(self, features: FeatureTable, *, tastes: NDArray[np.float64] | None = None) -> AcceptanceEstimates:
        """P(accept) of these customers; `tastes` are (n, k), for the offers in their order, None where unknown."""
        if self.personal is None:
            return AcceptanceEstimates.of_rates(self.by_offer, n_customers=len(features))
        tastes = np.full((len(features), len(self.offers)), np.nan) if tastes is None else tastes
        return AcceptanceEstimates(
            offer_ids=tuple(self.by_offer),
            by_offer=tuple(self.by_offer.values()),
            probability=expit(self.personal.log_odds(features, self.offers, tastes=tastes)),
            is_personal=np.ones(len(features), dtype=bool),
        )


def learn_acceptance(
    rows: AcceptanceRows | None, book: OfferBook, *, assumptions: OfferAssumptions, seed: int
) -> LearnedAcceptance:
    """Choose the candidate on the newest contacts and fit it on all of them."""
    by_offer = estimate_acceptance(book, assumptions)
    if rows is None:
        return LearnedAcceptance(book.offers, by_offer, f"by offer: {_explain_no_rows(book)}")
    split = _split(rows)
    if isinstance(split, str):
        return LearnedAcceptance(book.offers, by_offer, f"by offer: {split}")
    study = _Study(rows, book.offers, assumptions.acceptance_probability, seed)
    losses, slopes = study.judge(split)
    chosen = choose_simplest(
        rows.customer_ids[split.newest], {name: -by_contact for name, by_contact in losses.items()}
    )
    means = {name: float(by_contact.mean()) for name, by_contact in losses.items()}
    personal = None if chosen == BY_OFFER else study.fit_final(chosen, slope=slopes[chosen])
    sentence = _explain(chosen, means, n_newest=int(split.newest.sum()))
    return LearnedAcceptance(book.offers, by_offer, sentence, personal, means)


@dataclass(frozen=True)
class _Split:
    """Masks of contacts, (n,)."""

    fitted: NDArray[np.bool_]
    for_slope: NDArray[np.bool_]
    newest: NDArray[np.bool_]


def _split(rows: AcceptanceRows) -> _Split | str:
    """The parts of the contacts, or why there are too few."""
    ordered = np.sort(rows.days)
    first_newest = ordered[int((1 - SHARE_NEWEST) * (len(ordered) - 1))]
    newest = rows.days >= first_newest
    older = rows.days + np.timedelta64(rows.answer_days, "D") <= first_newest
    for part, name in ((older, "older"), (newest, "newest")):
        n_accepted = int((rows.accepted & part).sum())
        n_fewer = min(n_accepted, int(part.sum()) - n_accepted)
        if n_fewer < MIN_ANSWERS:
            return _explain_too_few(n_accepted, f"the {int(part.sum()):,} {name} contacts", needed=MIN_ANSWERS)
    for_slope = older & (hash_shares("acceptance", rows.customer_ids) < SHARE_FOR_SLOPE)
    return _Split(older & ~for_slope, for_slope, newest)


def _explain_too_few(n_accepted: int, contacts: str, *, needed: int) -> str:
    return (
        f"{n_accepted:,} of {contacts} were accepted, and at least {needed} accepted and as many others are needed to "
        "tell customers apart"
    )


def _explain_no_rows(book: OfferBook) -> str:
    n_accepted, n_contacts = (
        sum(getattr(one, name) for one in book.contacts.values()) for name in ("accepted", "matured")
    )
    if not n_contacts or can_tell_customers_apart(n_accepted, n_contacts):
        return "contacts do not show who accepted which offer"
    return _explain_too_few(n_accepted, f"{n_contacts:,} contacts", needed=2 * MIN_ANSWERS)


@dataclass(frozen=True)
class _Study:
    rows: AcceptanceRows
    offers: tuple[Offer, ...]
    assumed: float
    seed: int

    @property
    def design(self) -> ContactDesign:
        """The inputs: offers without contacts are unknown words."""
        seen = set(np.unique(self.rows.offer_ids).tolist())
        return ContactDesign(self.rows.features.columns, tuple(one for one in self.offers if one.offer_id in seen))

    def judge(self, split: _Split) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
        """The log loss of each newest contact by candidate, (newest,), and each candidate's slope on all held out."""
        fitted, older, newest = (
            self.rows.take(part) for part in (split.fitted, split.fitted | split.for_slope, split.newest)
        )
        held_out = split.for_slope | split.newest
        levels = self._levels(np.zeros(len(fitted)), fitted)
        inputs = ContactInputs.of(self.design, fitted, levels=levels)
        everything = ContactInputs.of(self.design, self.rows, levels=self._levels(np.zeros(len(older)), older))
        losses = {BY_OFFER: _log_loss(everything.offsets[split.newest], newest.accepted)}
        slopes: dict[str, float] = {}
        for name, kind in CANDIDATES.items():
            deviations = kind.fit(inputs, seed=self.seed).predict(everything.values)
            slope = everything.fit_slope(deviations, part=split.for_slope)
            own = self._levels(slope * deviations[split.fitted | split.for_slope], older)
            levels_of_newest = np.array([own[offer_id] for offer_id in newest.offer_ids.tolist()])
            losses[name] = _log_loss(levels_of_newest + slope * deviations[split.newest], newest.accepted)
            slopes[name] = everything.fit_slope(deviations, part=held_out)
        return losses, slopes

    def fit_final(self, name: str, *, slope: float) -> PersonalAcceptance:
        """Fit on all contacts."""
        levels = self._levels(np.zeros(len(self.rows)), self.rows)
        inputs = ContactInputs.of(self.design, self.rows, levels=levels)
        model = CANDIDATES[name].fit(inputs, seed=self.seed)
        own = self._levels(slope * model.predict(inputs.values), self.rows)
        return PersonalAcceptance(name, model, slope, own, self.design)

    def _levels(self, deviations: NDArray[np.float64], rows: AcceptanceRows) -> Mapping[str, float]:
        return fit_levels(deviations, rows.accepted, offer_ids=rows.offer_ids, offers=self.offers, assumed=self.assumed)


def _log_loss(log_odds: NDArray[np.float64], accepted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each contact, (n,)."""
    return np.logaddexp(0.0, log_odds) - accepted * log_odds


def _explain(chosen: str, losses: Mapping[str, float], *, n_newest: int) -> str:
    others = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
    which = "by offer" if chosen == BY_OFFER else f"by customer and offer ({chosen})"
    return f"{which}: log loss on the newest {n_newest:,} contacts: {others}; the simplest within one standard error"
