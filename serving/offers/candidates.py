"""The offers of a release for some customers at one moment: what each is worth, and why some are not allowed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.contact_state import FATIGUE_DAYS
from core.decisions import NoContact
from core.effects import outcome_of
from core.errors import NotFound
from core.interactions import codes_of, codes_of_ids
from core.rules.day_counts import count_days_from
from core.rules.rule import Column
from models.policies.candidates import ALLOWED, CustomerState, Option, code_of
from models.policies.contact_limits import limit_contacts
from models.policies.eligibility import EligibilityFacts, check_eligibility, find_owned
from models.policies.excluded_customers import combine_reasons
from models.policies.measured_effects import MeasuredEffects
from models.policies.option_values import ValuedOptions, ValueInputs, value_options
from serving.release.lookup import IdIndex
from serving.release.offer_part import OfferCustomers, OfferPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import Release


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When and where contacts are made."""

    moments: NDArray[np.datetime64]
    "(n,) local times, or (n, m) where they differ by option."
    day: date
    "Of the decision: variables that count days to something are those of this day."
    is_immediate: bool
    "Whether contacts are made at once, where quiet hours are a reason, or at a later hour."
    context: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    "Variables of the situation, by the names of `[decisions] context`."
    unavailable: Collection[str] = ()
    "Items that are out of stock or cannot be bought."
    bought: Collection[str] = ()
    "Items that the customer, of one request, has bought since the release."
    audiences: Mapping[str, str] = field(default_factory=dict[str, str])
    "The rule of each campaign's audience."

    @property
    def first_moments(self) -> NDArray[np.datetime64]:
        """(n,) the earliest time of a contact with each customer."""
        return self.moments if self.moments.ndim == 1 else self.moments.min(axis=1)


@dataclass(frozen=True, kw_only=True)
class OfferCandidates:
    """The options of n customers."""

    options: tuple[Option, ...]
    customers: OfferCustomers
    valued: ValuedOptions
    facts: EligibilityFacts
    codes: NDArray[np.int8]
    "(n, m) the first reason against each option, ALLOWED is 0; an option that does not pay is allowed."
    codes_outside_control: NDArray[np.int8]
    "(n, m) the same if there were no control group."
    members: NDArray[np.bool_]
    "(n,) customers of the permanent control group."
    promotional: NDArray[np.bool_]
    "(m,) options that the permanent control group does not get."

    @property
    def pays(self) -> NDArray[np.bool_]:
        """(n, m) whether an option is worth more than it costs."""
        return self.valued.values.value > 0

    def exclude_all(self, reason: NoContact) -> OfferCandidates:
        """The candidates with a reason against every option that no earlier one excludes."""
        every = np.full(self.codes.shape, code_of(reason), np.int8)
        return replace(
            self,
            codes=combine_reasons(self.codes, every),
            codes_outside_control=combine_reasons(self.codes_outside_control, every),
        )

    @property
    def keeps_other(self) -> NDArray[np.bool_]:
        """(n,) customers with a contact that pays and that the permanent control group gets, such as a renewal.

        A member gets that instead of promotions, so promotions to such customers have no control group.
        """
        return ((self.codes_outside_control == ALLOWED) & self.pays & ~self.promotional).any(axis=1)

    @property
    def withheld(self) -> NDArray[np.bool_]:
        """(n, m) options that nothing but a control group stops, and that compare with those that are made."""
        stopped = (self.codes_outside_control == ALLOWED) & (self.codes != ALLOWED)
        return stopped & ~((self.members & self.keeps_other)[:, None] & self.promotional)


def find_candidates(
    release: Release, customers: OfferCustomers, *, options: Sequence[Option], occasion: Occasion
) -> OfferCandidates:
    """Value the options of customers of the release's offers, and find the reasons against them."""
    part = offers_of(release)
    state = customer_state(release, customers.contacts.customer_ids)
    valued = value_options(state, options, inputs=_value_inputs(release, part, customers=customers, occasion=occasion))
    facts = EligibilityFacts(
        columns=_columns(part, customers, occasion=occasion, cutoff=release.description.cutoff),
        moments=occasion.moments,
        unavailable=occasion.unavailable,
        owned=_find_owned(release, options, customer_ids=customers.contacts.customer_ids, bought=occasion.bought),
        audiences=occasion.audiences,
    )
    left = part.book.remaining()
    used_up = np.array([left.get(option.offer.offer_id, 1) == 0 for option in options], dtype=bool)
    others = combine_reasons(
        check_eligibility(options, facts),
        np.where(valued.harms, code_of(NoContact.HARMFUL), ALLOWED),
        np.broadcast_to(np.where(used_up, code_of(NoContact.CAPACITY), ALLOWED), valued.harms.shape),
    )

    rules = part.terms.rules
    outside = combine_reasons(
        others,
        limit_contacts(
            options,
            customers.contacts,
            rules=rules.without_control(),
            moments=occasion.moments,
            is_immediate=occasion.is_immediate,
        ),
    )
    members, promotional = rules.control.members(customers.contacts.customer_ids), rules.is_promotional(options)
    in_control = np.where(members[:, None] & promotional, code_of(NoContact.CONTROL_GROUP), ALLOWED)
    return OfferCandidates(
        options=tuple(options),
        customers=customers,
        valued=valued,
        facts=facts,
        codes=combine_reasons(outside, in_control),
        codes_outside_control=outside,
        members=members,
        promotional=promotional,
    )


def offers_of(release: Release) -> OfferPart:
    """The offers of a release. Raises NotFound, with the reason, for a release without offers."""
    if release.offers is None:
        description = release.description
        reason = description.missing.get("offers", "it was built without them")
        raise NotFound(f"release {description.release_id} has no offers: {reason}")
    return release.offers


def _find_owned(
    release: Release, options: Sequence[Option], *, customer_ids: NDArray[np.str_], bought: Collection[str]
) -> NDArray[np.bool_] | None:
    """(n, m) whether customers own an option's item; None where they may buy items again."""
    part = release.recommender
    if part is None or part.rules.repeat_policy != "never":
        return None
    histories = part.customers.histories
    if len(customer_ids) > 1:
        return find_owned(options, histories, customer_ids=customer_ids)
    own = histories.items[part.customers.lines(part.customers.index.find(customer_ids[0]))]
    items = codes_of_ids([option.offer.item_id or "" for option in options], histories.item_ids)
    since = codes_of_ids(list(bought), histories.item_ids)
    return (np.isin(items, own) | ((items >= 0) & np.isin(items, since)))[None]


def unavailable_items(
    release: Release, out_of_stock: Collection[str], *, part: RecommenderPart | None
) -> frozenset[str]:
    """The items of offers that are out of stock now, or that the recommender's part marks as unavailable."""
    items = {offer.item_id for offer in offers_of(release).book.offers if offer.item_id is not None}
    if part is None or not items:
        return frozenset(items.intersection(out_of_stock))
    codes = codes_of_ids(sorted(items), part.model.item_ids)
    marked = np.array(sorted(items))[np.isin(codes, part.items.unavailable)]
    return frozenset({*items.intersection(out_of_stock), *marked.tolist()})


def customer_state(release: Release, customer_ids: NDArray[np.str_]) -> CustomerState:
    """Churn probabilities and remaining values from the other parts of the release; NaN where unknown."""
    churn, value = release.churn, release.value
    unknown = np.full(len(customer_ids), np.nan)
    return CustomerState(
        customer_ids=customer_ids,
        churn_probabilities=unknown if churn is None else _pick(churn.probability, churn.index, ids=customer_ids),
        remaining_values=unknown if value is None else _pick(value.values_if_alive(), value.index, ids=customer_ids),
    )


def _pick(values: NDArray[np.floating], index: IdIndex, *, ids: NDArray[np.str_]) -> NDArray[np.float64]:
    """The value of each id, (n,); NaN for ids that the index lacks."""
    rows = np.array([index.find(ids[0])]) if len(ids) == 1 else codes_of(ids, index.names())
    return np.where(rows >= 0, values[rows] if len(values) else np.nan, np.nan).astype(np.float64)


def _value_inputs(release: Release, part: OfferPart, *, customers: OfferCustomers, occasion: Occasion) -> ValueInputs:
    terms, contacts = part.terms, customers.contacts.contacts
    is_recent = occasion.first_moments[contacts.rows] - contacts.times < np.timedelta64(FATIGUE_DAYS, "D")
    return ValueInputs(
        acceptance=customers.acceptance,
        assumptions=terms.assumptions,
        save=terms.save,
        fatigue=terms.fatigue,
        recent_contacts=np.bincount(contacts.rows[is_recent], minlength=len(customers)),
        channels=terms.settings.channels,
        channel_terms=terms.channels,
        channel_effects=customers.channel_effects,
        measured=_load_effects(release, customers.contacts.customer_ids),
    )


def _load_effects(release: Release, customer_ids: NDArray[np.str_]) -> MeasuredEffects | None:
    """The effects on these customers; None without an uplift model."""
    part, terms = release.uplift, offers_of(release).terms
    outcome = None if part is None else outcome_of(part.outcome)
    if part is None or outcome is None:
        return None
    rows = np.arange(len(part.index))
    if len(customer_ids) == 1:
        row = part.index.find(customer_ids[0])
        rows = np.array([row] if row >= 0 else [], dtype=np.int64)
    ids = np.char.decode(part.index.ids[rows], "utf-8")
    return MeasuredEffects(
        effects=replace(part.effects.take(rows), customer_ids=ids),
        common=None if part.common is None else replace(part.common.take(rows), customer_ids=ids),
        averages=part.averages,
        common_averages=part.common_averages,
        treatment=terms.treatment,
        outcome=outcome,
        margin_rate=terms.margin_rate,
        promotional_kinds=terms.policy.promotional_kinds,
    )


def _columns(part: OfferPart, customers: OfferCustomers, *, occasion: Occasion, cutoff: date) -> dict[str, Column]:
    """The variables of rules: those of the release, and those of the situation, which are missing where not given."""
    n, columns = len(customers), count_days_from(occasion.day, customers.variables, cutoff=cutoff)
    for name, kind in part.terms.settings.context.items():
        value = occasion.context.get(name)
        columns[name] = (
            np.full(n, "" if value is None else str(value))
            if kind == "text"
            else np.full(n, np.nan if value is None else float(value))
        )
    for name in part.numbers.keys() | part.texts.keys():
        columns.setdefault(name, np.full(n, "") if name in part.texts else np.full(n, np.nan))
    return columns or {"": np.full(n, np.nan)}
