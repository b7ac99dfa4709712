"""`[contact_policy]` and `[decisions]`: who may be contacted how often, and how offers are chosen."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from msgspec import Meta, field

from core.config.section import NonNegativeDays, NonNegativeFloat, NonNegativeInt, PositiveInt, Section, Share
from core.errors import did_you_mean
from core.i18n.translation import languages
from core.offers import PROMOTIONAL_KINDS

MAX_PLANNING_DAYS = 7
"A weekday comes back after as many days."


class ContactPolicy(Section, frozen=True):
    """Limits on contacts, and the permanent control group."""

    max_per_day: PositiveInt = 1
    "Contacts that a customer gets in a day, over all channels."
    max_per_week: PositiveInt = 2
    "Contacts that a customer gets in 7 days, over all channels."
    quiet_from: time | None = time(21, 0)
    "Local time at which no contact is made any more, until `quiet_until`; later ones wait."
    quiet_until: time | None = time(9, 0)
    "Local time from which contacts are made again."
    complaint_days: NonNegativeDays = 14
    "Days after a complaint without promotional contacts; there are none while a ticket is open either."
    other_campaign_days: NonNegativeDays = 3
    "Days between promotional contacts of different campaigns."
    control_share: Share = 0.05
    """\
    Share of the customers who never get promotional contacts, so that the effect of all of them together can be
    measured. Off below 1,000 customers who may be contacted. Renewal, service, legal and health contacts are made."""
    control_salt: str = ""
    "Changes who is of the control group. Default: the name of the data set."
    promotional_kinds: tuple[str, ...] = PROMOTIONAL_KINDS
    "Kinds of offers that the control group does not get, and that wait after complaints."
    priority: tuple[str, ...] = ()
    "Kinds of offers that go before all others where they pay at all, the first kind first, e.g. 'renewal'."

    def __post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until belong together; give both or set neither")
        if self.control_share > 0.5:
            raise ValueError(f"control_share is the smaller part, at most 0.5; found {self.control_share}")


class ChannelSettings(Section, frozen=True):
    """A channel, such as mail or phone."""

    cost: NonNegativeFloat = 0.0
    "Of one contact, base currency; added to the cost of the offer."
    max_per_day: PositiveInt | None = None
    "Contacts that a customer gets in a day through this channel."
    max_per_week: PositiveInt | None = None
    "Contacts that a customer gets in 7 days through this channel."
    capacity: NonNegativeInt | None = None
    "Contacts that the channel can make in one run of `kizuna decide`."
    quiet_hours: bool = True
    """\
    Whether the quiet hours of `[contact_policy]` hold here. Set false for a site or an app, where customers come by
    themselves and no contact wakes them."""
    kinds: tuple[str, ...] = ()
    "Kinds of offers that use this channel, for offers without a channel of their own; empty means all."


class DecisionSettings(Section, frozen=True):
    """How offers are chosen."""

    budget: NonNegativeFloat | None = None
    "Of one run of `kizuna decide`, base currency; `--budget` goes before it."
    exploration: Literal["none", "epsilon", "thompson"] = "none"
    """\
    Whether some choices are left to chance, so that effects can be learned. epsilon: a share of them, evenly over the
    allowed offers and no offer. thompson: by drawing acceptance from its posterior."""
    epsilon: Share = 0.05
    "Share of choices that exploration = 'epsilon' leaves to chance."
    fatigue: NonNegativeFloat = 0.0
    """\
    P(a customer unsubscribes because of one contact), where `contacts` do not show it. Costs this share of the
    customer's remaining value."""
    planning_days: Annotated[int, Meta(ge=1, le=MAX_PLANNING_DAYS)] = MAX_PLANNING_DAYS
    """\
    Days, today included, in which `kizuna decide` may plan a promotional contact for the customer's best weekday. Where
    that day comes later, or after the offer ends, the contact is made in the best hour of the first day."""
    context: dict[str, Literal["number", "text"]] = field(default_factory=dict)
    """\
    Variables that requests for the next best offer may send and rules of offers may use, e.g.
    `context = { cart_value = "number", page = "text" }`. In `kizuna decide` they are missing."""
    language: str = "en"
    "Language of sentences to customers without a `language` of their own: en or ja."
    sentences: dict[str, dict[str, str]] = field(default_factory=dict)
    """\
    Your own sentences, by language and then by offer id or kind: `[decisions.sentences.en]` with
    `discount = "10 % off until {until}"`. {item}, {category} and {until} are filled in."""
    channels: dict[str, ChannelSettings] = field(default_factory=dict)
    "Channels by name: `[decisions.channels.mail]`. Without any, offers have no channel."

    def __post_init__(self) -> None:
        for language in (self.language, *self.sentences):
            if language not in languages():
                raise ValueError(f"no language '{language}'{did_you_mean(language, languages())}")
