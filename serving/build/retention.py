"""Builds what retention contacts of the scored customers are worth: the terms, the cheapest offer for each, their rank.

net value = churn probability * save rate * value - cost     see `core.retention`

The capacity goes to the customers with the highest net value who may be contacted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.contact_answers import SaveRows
from core.interactions import codes_of
from core.model_kinds import CHURN, UPLIFT, VALUE
from core.offers import Offer
from core.retention import RetentionTerms, median_of_positive, net_value_at_capacity, rank_by_net_value
from core.segmentation import CustomerWorthKind
from models.policies.candidates import ALLOWED, Option
from models.policies.eligibility import EligibilityFacts, check_eligibility
from models.policies.save_rate import judge_save_rate
from serving.build.inputs import BuildInputs, BuiltPart
from serving.build.offer_rules import missing_situation, read_offer_variables
from serving.release.churn_part import ChurnPart
from serving.release.lookup import TextColumn
from serving.release.release import ReleasePart
from serving.release.retention_part import NO_OFFER, RetentionAssumptions, RetentionPart, SavingOffer
from serving.release.segment_part import SegmentPart
from serving.release.uplift_part import UpliftPart
from serving.release.value_part import ValuePart
from tables.assortment import load_offer_book


class CustomerValues(NamedTuple):
    """What customers are worth who stay."""

    kind: CustomerWorthKind | Literal["stated"]
    amounts: NDArray[np.float64]
    "(n,) base currency; NaN if unknown."


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Price a contact of every scored customer; no part where no customer is scored."""
    churn, segments = parts.get(CHURN.name), parts.get("segments")
    if not isinstance(churn, ChurnPart) or not len(churn.index):
        return BuiltPart(None)
    customer_ids = churn.index.names()
    segments = segments if isinstance(segments, SegmentPart) else None
    worth = collect_values(inputs.config, parts.get(VALUE.name), segments=segments, customer_ids=customer_ids)
    offers = load_saving_offers(inputs)
    return BuiltPart(
        price_contacts(
            inputs.config,
            churn.probability,
            worth=worth,
            offers=[describe_offer(offer, inputs.config) for offer in offers],
            allowed=find_eligible(inputs, parts, offers=offers, customer_ids=customer_ids),
            segments=segments,
            customer_ids=customer_ids,
            save_rows=inputs.save_rows,
        )
    )


def collect_values(
    config: Config, value: ReleasePart | None, *, segments: SegmentPart | None, customer_ids: NDArray[np.str_]
) -> CustomerValues:
    """What each customer is worth who stays: stated, predicted, or what they brought in within the last year."""
    n_customers, stated_value = len(customer_ids), config.retention.customer_value
    if stated_value is not None:
        return CustomerValues("stated", np.full(n_customers, stated_value))
    worth = CustomerValues("", np.full(n_customers, np.nan))
    if isinstance(value, ValuePart):
        amounts = np.append(value.values_if_alive(), np.nan)
        worth = CustomerValues("predicted", amounts[codes_of(customer_ids, value.index.names())])
    elif segments is not None:
        amounts = np.append(segments.yearly_value, np.nan)
        worth = CustomerValues(segments.yearly_value_kind, amounts[codes_of(customer_ids, segments.index.names())])
    if np.isnan(median_of_positive(worth.amounts)) and config.offers.customer_value > 0:
        return CustomerValues("stated", np.full(n_customers, config.offers.customer_value))
    return worth


def price_contacts(
    config: Config,
    probability: NDArray[np.float64],
    *,
    customer_ids: NDArray[np.str_],
    worth: CustomerValues,
    offers: Sequence[SavingOffer],
    allowed: NDArray[np.bool_],
    segments: SegmentPart | None,
    save_rows: SaveRows | None = None,
) -> RetentionPart:
    """The part, for n customers; `allowed`, (n, offers), says which offers a customer may get."""
    median = median_of_positive(worth.amounts)
    terms = RetentionTerms.of(config.retention, config.offers, median_value=median)
    save = judge_save_rate(save_rows, stated_rate=terms.save_rate)
    if save.rate != terms.save_rate:
        terms = terms.with_save_rate(max(save.rate, 0.0), source=save.source)
    costs = np.where(allowed, [offer.cost for offer in offers], np.inf)
    has_offer = allowed.any(axis=1)
    cheapest = np.where(has_offer, costs.argmin(axis=1) if len(offers) else NO_OFFER, NO_OFFER)
    net_values = terms.net_values(probability, worth.amounts)
    if len(offers):
        with_offer = terms.with_cost(0.0).net_values(probability, worth.amounts) - costs.min(axis=1)
        net_values = np.fmax(net_values, with_offer)
    may_contact = ~_refuses_contact(segments, customer_ids)
    net_values = np.where(may_contact, net_values, np.nan)
    assumptions = RetentionAssumptions(
        terms=terms,
        value_kind=worth.kind,
        capacity=config.retention.capacity,
        min_net_value=round(net_value_at_capacity(net_values, config.retention.capacity), config.n_decimals),
    )
    return RetentionPart(
        assumptions=None if np.isnan(median) else assumptions,
        offers=tuple(offers),
        offer=cheapest.astype(np.int16),
        segment_actions=TextColumn.of(_name_segment_actions(segments, customer_ids)),
        values=worth.amounts,
        rank=rank_by_net_value(net_values).astype(np.int32),
        may_contact=may_contact,
    )


def load_saving_offers(inputs: BuildInputs) -> list[Offer]:
    """The offers of `saving_kinds` that have capacity left."""
    if "offers" not in inputs.tables:
        return []
    book, kinds = load_offer_book(inputs.tables, inputs.cutoff), inputs.config.offers.saving_kinds
    made = {offer_id: contacts.made for offer_id, contacts in book.contacts.items()}
    return [
        offer
        for offer in book.offers
        if offer.kind in kinds and (offer.capacity is None or made.get(offer.offer_id, 0) < offer.capacity)
    ]


def describe_offer(offer: Offer, config: Config) -> SavingOffer:
    """The offer with its cost, that of its channel included."""
    channel = config.decisions.channels.get(offer.channel or "")
    return SavingOffer(
        offer_id=offer.offer_id, kind=offer.kind, cost=offer.cost + (0.0 if channel is None else channel.cost)
    )


def find_eligible(
    inputs: BuildInputs,
    parts: Mapping[str, ReleasePart | None],
    *,
    offers: Sequence[Offer],
    customer_ids: NDArray[np.str_],
) -> NDArray[np.bool_]:
    """(n, offers) whether dates and rule of an offer allow it for each customer, and it is not known to harm them."""
    if not offers:
        return np.zeros((len(customer_ids), 0), np.bool_)
    n = len(inputs.features)
    facts = EligibilityFacts(
        columns=read_offer_variables(offers, inputs, parts=parts) | missing_situation(inputs.config, n),
        moments=np.full(n, np.datetime64(inputs.cutoff, "s")),
    )
    options = [Option(offer=offer, channel=offer.channel) for offer in offers]
    order = np.argsort(inputs.features.customer_ids)
    rows = order[codes_of(customer_ids, inputs.features.customer_ids[order])]
    is_allowed = check_eligibility(options, facts)[rows] == ALLOWED
    return is_allowed & ~_is_harmful(parts.get(UPLIFT.name), offers, customer_ids=customer_ids)


def _is_harmful(
    uplift: ReleasePart | None, offers: Sequence[Offer], *, customer_ids: NDArray[np.str_]
) -> NDArray[np.bool_]:
    """(n, offers) whether the measured effect of an offer on a customer is below zero, its interval included."""
    harmful = np.zeros((len(customer_ids), len(offers)), np.bool_)
    if not isinstance(uplift, UpliftPart):
        return harmful
    rows = codes_of(customer_ids, uplift.index.names())
    never_send = np.vstack([uplift.effects.never_send, np.zeros(len(uplift.effects.treatments), np.bool_)])[rows]
    for place, offer in enumerate(offers):
        for column, treatment in enumerate(uplift.effects.treatments):
            if treatment in (offer.offer_id, offer.kind):
                harmful[:, place] |= never_send[:, column]
    return harmful


def _name_segment_actions(segments: SegmentPart | None, customer_ids: NDArray[np.str_]) -> list[str]:
    """What the first segment with an action says of each customer; '' for none."""
    if segments is None:
        return [""] * len(customer_ids)
    return [segments.action_of(row) for row in codes_of(customer_ids, segments.index.names()).tolist()]


def _refuses_contact(segments: SegmentPart | None, customer_ids: NDArray[np.str_]) -> NDArray[np.bool_]:
    refusing = None if segments is None else segments.opted_out.get("contact")
    return np.zeros(len(customer_ids), np.bool_) if refusing is None else np.isin(customer_ids, refusing.names())
