"""Decisions: which contact a customer gets, with which probability, or why none; and what came of it.

    audience -> consent, control group, contact policy, eligibility -> expected value -> budget, capacities -> contact
                |                                                      |                 |
                no_consent, control_group, complaint, ...              does_not_pay      capacity, budget

A decision is stored with its propensity, so that what it changed can be estimated later.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from core.ids import Id

POLICY_NAME = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class NoContact(StrEnum):
    """Why a customer is not contacted with an option, in the order in which reasons are looked for.

    A customer who gets nothing has the last of the reasons of all options: the one that came closest to a contact.
    """

    NO_CONSENT = "no_consent"
    "The customer refuses contact, at all or through the channel."
    CONTROL_GROUP = "control_group"
    "The customer is of the permanent control group, or of the control group of the campaign."
    COMPLAINT = "complaint"
    "A ticket is open, or a complaint is recent."
    CONTACTS_UNKNOWN = "contacts_unknown"
    "The database of decisions does not respond, so that recent contacts and refusals are unknown."
    CAP = "cap"
    "The customer has had as many contacts as a day or a week allows."
    FREQUENCY = "frequency"
    "One more contact in 30 days was shown to lose money, for the customer's segment or for all customers."
    OTHER_CAMPAIGN = "other_campaign"
    "Another campaign has contacted the customer too recently."
    QUIET_HOURS = "quiet_hours"
    NOT_VALID = "not_valid"
    "The offer's dates exclude the moment."
    NOT_ELIGIBLE = "not_eligible"
    "The rule of the offer or of the campaign excludes the customer."
    HARMFUL = "harmful"
    "The measured effect of the offer on this customer is below zero, its interval included."
    DOES_NOT_PAY = "does_not_pay"
    CAPACITY = "capacity"
    "The offer or its channel has no capacity left; others are worth more."
    BUDGET = "budget"
    "The budget is spent on contacts that are worth more for their cost."
    EXPLORATION = "exploration"
    "A contact pays; the customer is left out at random, so that effects stay measurable."


class OutcomeKind(StrEnum):
    """What came of a decision."""

    SENT = "sent"
    SHOWN = "shown"
    "An exposure: the customer saw the offer."
    OPENED = "opened"
    CLICKED = "clicked"
    CONVERTED = "converted"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"


CONTACT_KINDS = (OutcomeKind.SENT, OutcomeKind.SHOWN, OutcomeKind.OPENED, OutcomeKind.CLICKED)
"Outcomes that a customer of a control group cannot have, if it was left alone."


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is stored: what was done with one customer, and what would have been done by chance."""

    decision_id: Id
    customer_id: Id
    decided_at: datetime
    "Local time."
    offer_id: Id | None = None
    "The offer that is made, or would have been made to a customer of a control group; None is no offer."
    channel: str | None = None
    campaign_id: Id | None = None
    stage_percent: int | None = None
    "The stage of the campaign's roll-out."
    step: int | None = None
    "The place of the offer among the steps of the campaign's journey, from 0; None without a journey."
    treated: bool = True
    "False for a customer of a control group, who gets nothing."
    propensity: float = 1.0
    "P(treated | the offer is chosen), as in `contacts`: 1 less the share of the control group; 1 without one."
    choice_propensity: float = 1.0
    "P(this offer, or nothing, is chosen for this customer), above 0; below 1 where choices are left to chance."
    no_contact: NoContact | None = None
    "Why the customer gets nothing."
    expected_value: float = 0.0
    "Base currency."
    cost: float = 0.0
    "Of the contact, base currency."
    send_at: datetime | None = None
    "Local time; of a customer of a control group, when the contact would have been made."
    policy: POLICY_NAME = "expected_value"
    release_id: str | None = None


class DecisionOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came of a decision. The same outcome_id twice is one outcome."""

    outcome_id: Id
    decision_id: Id
    kind: OutcomeKind
    event_time: datetime
    "Local time."
    amount: float | None = None
    "Of a conversion, base currency."
