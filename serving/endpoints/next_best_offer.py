"""POST /v1/next-best-offer: which offer to make to one customer now, if any."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from core.access import Scope
from core.config.decisions import MAX_PLANNING_DAYS
from core.decisions import NoContact
from core.errors import SourceUnavailable
from core.model_kinds import CHURN
from models.policies.candidates import ALLOWED, REASONS
from serving.decisions.store import ContactHistory, DecisionStore, is_storable_id
from serving.http.problems import Problem, ProblemType
from serving.http.schema import (
    Count,
    CustomerId,
    Endpoint,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.offers.candidates import OfferCandidates, unavailable_items
from serving.offers.choosing import OfferChoice, OfferRequest, choose_offer
from serving.offers.recent import add_if_unchanged, load_history_since

logger = logging.getLogger("kizuna.serving")

Channel = Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["mail"])]
ContextName = Annotated[str, msgspec.Meta(max_length=64)]
ContextText = Annotated[str, msgspec.Meta(max_length=1_024)]
MAX_CONTEXT = 32
CLOCK_TOLERANCE = timedelta(minutes=5)
"By how much the caller's clock may be behind."
MAX_CHOICES = 20
"For one request, of which each but the last was overtaken by another request of the same customer."


class NextBestOfferRequest(Request, frozen=True):
    """The customer, the channel, the situation, and how many offers to return."""

    customer_id: CustomerId
    channel: Channel | None = None
    k: Count = 3
    context: Annotated[dict[ContextName, float | ContextText], msgspec.Meta(max_length=MAX_CONTEXT)] = msgspec.field(
        default_factory=dict
    )
    "Variables of the situation that rules of offers use, as `[decisions] context` declares them; others are ignored."
    contact_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When the contact will be made, with an offset, at most 7 days from now; default: at once. Quiet hours, limits and
    the dates of offers are those of that moment."""
    record: bool = True
    "Whether to store the decision, so that its outcomes can be reported and its effect measured."
    excluded: bool = False
    "Whether to list the offers that the customer may not get, with the reasons."


class OfferValue(msgspec.Struct, frozen=True, kw_only=True):
    """Expected incremental value of an offer for one customer, base currency, and its parts.

    value = acceptance * margin + retained - cost - fatigue
    """

    value: float
    acceptance: float
    "P(the customer accepts), or its change by the offer: measured, or common to the measured offers."
    margin: float
    retained: float
    "Change in retention times the remaining value of the customer."
    cost: float
    fatigue: float
    "What is lost through customers who unsubscribe because of a contact."
    sources: dict[str, str]
    "Where each part comes from: measured, or assumed in the configuration."


class EligibleOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that this customer may receive, with its expected value to the business."""

    rank: int
    offer_id: str
    kind: str
    item_id: str | None
    category: str | None
    channel: str | None
    rule: str | None
    "The rule that allows it; null if it has none."
    expected_value: OfferValue


class ExcludedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that this customer may not receive now."""

    offer_id: str
    channel: str | None
    because: NoContact
    rule: str | None
    "The rule of the offer, where it excludes the customer."


class NextBestOfferResponse(Response, frozen=True, kw_only=True):
    """The decision, and the eligible offers."""

    decision_id: str
    customer_id: str
    known_customer: bool
    channel: str | None
    choice: Literal["offer", "nothing"]
    nothing_because: NoContact | None
    "Why there is no offer: the reason of the one that came closest."
    offer_id: str | None
    "The chosen offer."
    propensity: float
    "P(this choice), below 1 where `[decisions] exploration` leaves choices to chance."
    offers: list[EligibleOffer]
    "Eligible offers by expected value, at most k, including those that do not pay."
    recorded: bool
    "Whether the decision is stored; outcomes can be reported then. Nothing is stored where no offer is eligible."
    ignored_context: dict[str, str]
    "Variables of `context` that no rule can use, with the reason."
    excluded: list[ExcludedOffer] | msgspec.UnsetType = msgspec.UNSET
    "The other offers, if requested."


def handle(request: NextBestOfferRequest, context: RequestContext) -> NextBestOfferResponse:
    """Let the policy decide for this customer."""
    release = context.release
    part = release.offers
    if part is None:
        raise not_released(release, "offers")
    used, ignored = _read_context(request.context, part.terms.settings.context)
    zone = ZoneInfo(release.description.time_zone)
    now = datetime.now(zone).replace(tzinfo=None)
    live = context.journal.customer(request.customer_id)
    choice, recorded = _choose(
        OfferRequest(
            customer_id=part.find_id(request.customer_id if live is None else live.customer_id),
            live=live,
            now=now,
            contact_at=_read_moment(request.contact_at, zone, now=now),
            channel=request.channel,
            context=used,
            unavailable=unavailable_items(release, context.stock.now.unavailable, part=context.recommender),
            history=None,
        ),
        context,
        is_recorded=request.record,
    )
    chosen = choice.option
    return NextBestOfferResponse(
        **provenance_of(release, CHURN.name),
        decision_id=choice.decision_id,
        customer_id=request.customer_id,
        known_customer=part.is_customer(request.customer_id),
        channel=request.channel if chosen is None else chosen.channel,
        choice="nothing" if chosen is None else "offer",
        nothing_because=choice.nothing_because,
        offer_id=None if chosen is None else chosen.offer.offer_id,
        propensity=choice.choice_propensity,
        offers=[
            _eligible(choice.candidates, place, rank=rank) for rank, place in enumerate(choice.order[: request.k], 1)
        ],
        recorded=recorded,
        ignored_context=ignored,
        excluded=_list_excluded(choice) if request.excluded else msgspec.UNSET,
    )


def _choose(request: OfferRequest, context: RequestContext, *, is_recorded: bool) -> tuple[OfferChoice, bool]:
    """The choice, and whether it is stored; chosen anew where another request has stored one of the customer.

    A customer gets the offer, too, where the database does not respond. Raises Problem where others are always faster.
    """
    for _ in range(MAX_CHOICES):
        history = _load_history(request.customer_id, context)
        choice = choose_offer(context.release, replace(request, history=history))
        if not (is_recorded and choice.is_evidence and is_storable_id(request.customer_id)):
            return choice, False
        try:
            if _store(choice, context):
                return choice, True
        except SourceUnavailable as error:
            logger.error("%s", error)
            return choice, False
    detail = f"{MAX_CHOICES} other requests of this customer were decided in the meantime; send the request again"
    raise Problem(ProblemType.DECISIONS_UNAVAILABLE, detail)


def _load_history(customer_id: str, context: RequestContext) -> ContactHistory | None:
    """What was stored of the customer since the release; None where the database does not respond."""
    store = DecisionStore(context.decisions, context.release.description.data_set)
    try:
        return load_history_since(store, context.release, customer_id=customer_id)
    except SourceUnavailable as error:
        logger.error("%s", error)
        return None


def _store(choice: OfferChoice, context: RequestContext) -> bool:
    """Store the decision, unless the customer has got others since their history was loaded."""
    release = context.release
    store = DecisionStore(context.decisions, release.description.data_set)
    decision = choice.to_row(release.description.release_id)
    if choice.request.history is None:
        return store.add([decision]) > 0
    return add_if_unchanged(store, decision, release=release, history=choice.request.history)


def _read_moment(contact_at: datetime | None, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The local time of a contact that is made later. Raises Problem where it is over, or too far ahead."""
    if contact_at is None:
        return None
    try:
        local = contact_at.astimezone(zone).replace(tzinfo=None)
    except OverflowError:  # the first or the last day of the calendar, at the other side of the date line
        local = contact_at.replace(tzinfo=None)
    if not now - CLOCK_TOLERANCE <= local <= now + timedelta(days=MAX_PLANNING_DAYS):
        detail = f"contact_at is over, or more than {MAX_PLANNING_DAYS} days from now"
        raise Problem(ProblemType.TIME_OUT_OF_RANGE, detail, field="$.contact_at")
    return max(local, now)


def _read_context(
    context: dict[str, float | str], declared: dict[str, Literal["number", "text"]]
) -> tuple[dict[str, float | str], dict[str, str]]:
    """The variables that rules may use, and why others are ignored."""
    used: dict[str, float | str] = {}
    ignored: dict[str, str] = {}
    for name, value in context.items():
        if name not in declared:
            ignored[name] = "[decisions] context does not declare it"
        elif (declared[name] == "text") != isinstance(value, str):
            ignored[name] = f"it is no {declared[name]}"
        else:
            used[name] = value
    return used, ignored


def _eligible(candidates: OfferCandidates, place: int, *, rank: int) -> EligibleOffer:
    option, values = candidates.options[place], candidates.valued.values
    parts = {name: float(getattr(values, name)[0, place]) for name in OfferValue.__struct_fields__ if name != "sources"}
    offer = option.offer
    return EligibleOffer(
        rank=rank,
        offer_id=offer.offer_id,
        kind=offer.kind,
        item_id=offer.item_id,
        category=offer.category,
        channel=option.channel,
        rule=offer.rule,
        expected_value=OfferValue(
            **parts, sources=values.sources[place] | {"channel": candidates.customers.describe_channel(0)}
        ),
    )


def _list_excluded(choice: OfferChoice) -> list[ExcludedOffer]:
    """The offers that are not allowed, in the order of the offers."""
    candidates = choice.candidates
    excluded: list[ExcludedOffer] = []
    for place in np.flatnonzero(candidates.codes[0] != ALLOWED).tolist():
        option, because = candidates.options[place], REASONS[int(candidates.codes[0, place]) - 1]
        rule = option.offer.rule if because == NoContact.NOT_ELIGIBLE else None
        excluded.append(
            ExcludedOffer(offer_id=option.offer.offer_id, channel=option.channel, because=because, rule=rule)
        )
    return excluded


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/next-best-offer",
    request=NextBestOfferRequest,
    response=NextBestOfferResponse,
    handle=handle,
    summary="The offer to make to a customer, or none",
    scope=Scope.DECIDE,
    blocking=True,
    problems=(ProblemType.TIME_OUT_OF_RANGE, ProblemType.DECISIONS_UNAVAILABLE),
)
