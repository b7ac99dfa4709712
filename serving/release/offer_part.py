"""The offers of a release: the offers, P(accept), what their rules use, and what limits contacts with customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.decisions import ContactPolicy, DecisionSettings
from core.config.money import OfferAssumptions
from core.contact_state import ContactState, RecentContacts
from core.control_group import PermanentControlGroup
from core.ids import canonical_id
from core.offers import Offer, OfferBook
from core.rules.rule import Column
from models.artifact import Artifact
from models.policies.acceptance.estimates import NO_ROW, AcceptanceEstimates
from models.policies.candidates import Option
from models.policies.channels import ASSUMED_ALIKE, ChannelTerms
from models.policies.contact_limits import ContactRules
from models.policies.fatigue import Fatigue
from models.policies.frequency_limits import UNLIMITED, MonthlyLimit, find_common_place, limits_at
from models.policies.habits import COMMON
from models.policies.save_rate import SaveRate
from serving.release.lookup import IdIndex, TextColumn
from serving.release.refusals import Refusals
from serving.release.send_slots import SendSlots, StoredSendSlots

NAME, ACCEPTANCE = "offers", "offer_acceptance"
STATE_ARRAYS = ("refuses", "has_open_ticket", "last_complaint_at")
CONTACT_ARRAYS = tuple(one.name for one in fields(RecentContacts))


class OfferTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The offers, and what the configuration and the contacts say of all customers."""

    data_set: str
    book: OfferBook
    assumptions: OfferAssumptions
    settings: DecisionSettings
    policy: ContactPolicy
    control: PermanentControlGroup
    fatigue: Fatigue
    save: SaveRate | None = None
    "What offers of `saving_kinds` save; None is nothing."
    acceptance_choice: str = ""
    "How P(accept) was chosen, in words."
    treatment: Literal["offer_id", "kind", "campaign_id", "channel", "contact"] = "offer_id"
    "What the measured effects are effects of; see `[uplift] treatment`."
    margin_rate: float = 1.0
    "Margin as a share of an amount."
    campaign_offers: tuple[str, ...] = ()
    "Offers that only campaigns make."
    channels: ChannelTerms = ChannelTerms()
    "How channels differ for all customers."
    monthly_limits: tuple[MonthlyLimit, ...] = ()
    "Contacts in 30 days after which one more was shown to lose money."
    prices: dict[str, float] = {}
    "What one more unit of a budget or capacity is worth, by the allocation to all customers at the cutoff."
    share_at_price: float = 0.0
    "Of the customers to whom a contact is worth these prices and no more, as all are who are alike: who get one."

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The offers that need no campaign."""
        return tuple(offer for offer in self.book.offers if offer.offer_id not in self.campaign_offers)

    @property
    def rules(self) -> ContactRules:
        """What limits contacts with customers."""
        return ContactRules(policy=self.policy, channels=self.settings.channels, control=self.control)

    def is_controlled(self, option: Option) -> bool:
        """Whether a control group does not get the option, so that its effect can be measured."""
        return self.control.is_on and option.offer.kind in self.policy.promotional_kinds


@dataclass(frozen=True, kw_only=True)
class OfferCustomers:
    """What decisions use of n customers, besides scores and values; arrays are (n,), in the order of `contacts`."""

    contacts: ContactState
    acceptance: AcceptanceEstimates
    variables: Mapping[str, Column]
    "The variables that the offers' rules use: numbers (NaN is missing) or texts ('' is missing)."
    languages: NDArray[np.str_]
    "'' where unknown."
    line_user_ids: NDArray[np.str_]
    "Ids in LINE; '' for none."
    send_slots: Mapping[str, SendSlots] = field(default_factory=dict[str, SendSlots])
    "When to contact the customers, by channel; '' is over all channels. Empty where nothing is known, or needed."
    channel_effects: NDArray[np.float64] | None = None
    "(n, channels) as in `OfferTerms.channels`; None where no channel was shown to differ from others."
    channel_sources: NDArray[np.str_] | None = None
    "What the effects of channels come from, in words."
    limit_places: NDArray[np.int64] | None = None
    "The place of each customer's limit in `OfferTerms.monthly_limits`, UNLIMITED for none; None limits no customer."

    def __len__(self) -> int:
        return len(self.contacts)

    def slots_of(self, channel: str | None) -> SendSlots | None:
        """When to contact the customers in a channel; None where nothing is known."""
        return self.send_slots.get(channel or "", self.send_slots.get(""))

    def describe_send_time(self, row: int, *, channel: str | None) -> str:
        """What the time of a contact comes from."""
        slots = self.slots_of(channel)
        return "" if slots is None else slots.describe(row)

    def describe_limit(self, row: int, *, limits: tuple[MonthlyLimit, ...]) -> str:
        """How many contacts in 30 days pay, and what that comes from; '' where no limit was measured."""
        place = UNLIMITED if self.limit_places is None else int(self.limit_places[row])
        return "" if place == UNLIMITED else str(limits[place])

    def describe_channel(self, row: int) -> str:
        """What the effects of channels on a customer come from."""
        return ASSUMED_ALIKE if self.channel_sources is None else str(self.channel_sources[row])

    @classmethod
    def unknown(cls, customer_ids: NDArray[np.str_], acceptance: AcceptanceEstimates) -> OfferCustomers:
        """Customers without any record; `acceptance` may be of any customers."""
        nothing = np.full(len(customer_ids), "")
        return cls(
            contacts=ContactState.unknown(customer_ids),
            acceptance=acceptance.take(np.full(len(customer_ids), NO_ROW)),
            variables={},
            languages=nothing,
            line_user_ids=nothing,
        )


@dataclass(frozen=True, kw_only=True)
class OfferPart:
    """What decisions need for any customer; row i of every array belongs to the i-th id of the index."""

    terms: OfferTerms
    index: IdIndex
    contacts: ContactState
    "Its ids are empty: the index has them."
    acceptance: AcceptanceEstimates
    numbers: Mapping[str, NDArray[np.float64]]
    texts: Mapping[str, TextColumn]
    "Variables of rules, by name."
    languages: TextColumn
    line_user_ids: TextColumn
    send_slots: Mapping[str, StoredSendSlots]
    "By channel; '' is over all channels."
    channel_effects: NDArray[np.float32]
    "(n, channels)"
    channel_sources: TextColumn
    limit_places: NDArray[np.int16]
    "(n,) as in `OfferCustomers`."
    refusals: Refusals

    @classmethod
    def of(cls, terms: OfferTerms, customers: OfferCustomers, *, refusals: Refusals) -> OfferPart:
        """Store the customers in the order of their ids."""
        index, order = IdIndex.of(customers.contacts.customer_ids)
        columns = {name: np.asarray(column)[order] for name, column in sorted(customers.variables.items())}
        return cls(
            terms=terms,
            index=index,
            contacts=customers.contacts.reorder(order),
            acceptance=customers.acceptance.take(order),
            numbers={name: one.astype(np.float64) for name, one in columns.items() if one.dtype.kind != "U"},
            texts={name: TextColumn.of(one.tolist()) for name, one in columns.items() if one.dtype.kind == "U"},
            languages=TextColumn.of(customers.languages[order].tolist()),
            line_user_ids=TextColumn.of(customers.line_user_ids[order].tolist()),
            send_slots={name: StoredSendSlots.of(slots, order) for name, slots in customers.send_slots.items()},
            channel_effects=(
                np.ones((len(order), 0)) if customers.channel_effects is None else customers.channel_effects[order]
            ).astype(np.float32),
            channel_sources=TextColumn.of([customers.describe_channel(row) for row in order.tolist()]),
            limit_places=(
                np.full(len(order), UNLIMITED) if customers.limit_places is None else customers.limit_places[order]
            ).astype(np.int16),
            refusals=refusals,
        )

    @property
    def book(self) -> OfferBook:
        """The offers and their contacts."""
        return self.terms.book

    def is_customer(self, customer_id: str) -> bool:
        """Whether the customer was in the cohort at the cutoff."""
        return self.index.find(customer_id) >= 0

    def find_id(self, customer_id: str) -> str:
        """The id under which a customer is stored, however a request writes it."""
        row = self.index.find(customer_id)
        return canonical_id(customer_id) if row < 0 else self.index.ids[row].decode("utf-8")

    def may_contact(self, customer_id: str) -> bool:
        """Whether the customer has not refused contact; a customer without a recorded consent has not."""
        return self.refusals.may_contact(customer_id)

    def customer(self, customer_id: str) -> OfferCustomers:
        """One customer, n = 1; of an unknown one only a refusal is known."""
        row = self.index.find(customer_id)
        if row < 0:
            nothing = OfferCustomers.unknown(np.array([customer_id]), self.acceptance)
            places = find_common_place(self.terms.monthly_limits)
            stored = np.array([canonical_id(customer_id).encode("utf-8", "surrogatepass")])
            contacts = replace(
                nothing.contacts,
                refuses=np.array([not self.may_contact(customer_id)]),
                refuses_channel=self.refusals.find_channels(stored),
                max_per_month=limits_at(places, self.terms.monthly_limits),
            )
            common = np.array([self.terms.channels.effects])
            return replace(nothing, contacts=contacts, channel_effects=common, channel_sources=np.array([COMMON]))
        return self._customers(np.array([row]), contacts=self.contacts.take(row))

    def all_customers(self) -> OfferCustomers:
        """All customers of the cohort, in the order of the index, with the times of contacts that can wait."""
        rows = np.arange(len(self.index))
        slots = {name: one.take(rows) for name, one in self.send_slots.items()}
        return replace(self._customers(rows, contacts=self.contacts), send_slots=slots)

    def _customers(self, rows: NDArray[np.int64], *, contacts: ContactState) -> OfferCustomers:
        places, ids = self.limit_places[rows].astype(np.int64), self.index.ids[rows]
        return OfferCustomers(
            contacts=replace(
                contacts,
                customer_ids=np.char.decode(ids, "utf-8"),
                refuses_channel=self.refusals.find_channels(ids),
                max_per_month=limits_at(places, self.terms.monthly_limits),
            ),
            limit_places=places,
            acceptance=self.acceptance.take(rows),
            variables={name: one[rows] for name, one in self.numbers.items()}
            | {name: one.take(rows) for name, one in self.texts.items()},
            languages=self.languages.take(rows),
            line_user_ids=self.line_user_ids.take(rows),
            channel_effects=self.channel_effects[rows].astype(np.float64),
            channel_sources=self.channel_sources.take(rows),
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as folders of a release."""
        state = {"terms": msgspec.to_builtins(self.terms)}
        state |= {name: list(getattr(self, name)) for name in ("numbers", "texts", "send_slots")}
        state["refused_channels"] = list(self.refusals.by_channel)
        arrays: dict[str, NDArray[Any]] = {"ids": self.index.ids, **self.refusals.to_arrays()}
        arrays |= {name: getattr(self.contacts, name) for name in STATE_ARRAYS}
        arrays |= {f"contact_{name}": getattr(self.contacts.contacts, name) for name in CONTACT_ARRAYS}
        arrays |= {f"number_{place}": values for place, values in enumerate(self.numbers.values())}
        arrays |= {"channel_effects": self.channel_effects, "limit_places": self.limit_places}
        columns = {
            "language": self.languages, "line_user_id": self.line_user_ids, "channel_source": self.channel_sources,
        }  # fmt: skip
        columns |= {f"text_{place}": column for place, column in enumerate(self.texts.values())}
        for name, column in columns.items():
            arrays |= column.to_arrays(name)
        for place, slots in enumerate(self.send_slots.values()):
            arrays |= slots.to_arrays(f"slots_{place}")
        return {NAME: Artifact(NAME, state, arrays), ACCEPTANCE: self.acceptance.to_artifact()}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> OfferPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        of_contacts: dict[str, Any] = {name: arrays[name] for name in STATE_ARRAYS}
        column = partial(TextColumn.from_arrays, arrays)
        return cls(
            terms=msgspec.convert(state["terms"], OfferTerms),
            index=IdIndex(arrays["ids"]),
            contacts=ContactState(
                customer_ids=np.empty(0, "U1"),
                **of_contacts,
                contacts=_read_contacts(arrays),
            ),
            acceptance=AcceptanceEstimates.from_artifact(artifacts[ACCEPTANCE]),
            numbers={name: arrays[f"number_{place}"] for place, name in enumerate(state["numbers"])},
            texts={name: column(f"text_{place}") for place, name in enumerate(state["texts"])},
            languages=column("language"),
            line_user_ids=column("line_user_id"),
            send_slots={
                name: StoredSendSlots.from_arrays(arrays, f"slots_{place}")
                for place, name in enumerate(state["send_slots"])
            },
            channel_effects=arrays["channel_effects"],
            limit_places=arrays["limit_places"],
            channel_sources=column("channel_source"),
            refusals=Refusals.from_arrays(arrays, state.get("refused_channels", ())),
        )


def _read_contacts(arrays: Mapping[str, NDArray[Any]]) -> RecentContacts:
    """The contacts as stored; releases of earlier versions have only those that were made."""
    stored = {name: arrays[f"contact_{name}"] for name in CONTACT_ARRAYS if f"contact_{name}" in arrays}
    stored.setdefault("made", np.ones(len(stored["rows"]), np.bool_))
    return RecentContacts(**stored)
