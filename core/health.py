"""Health of customers: its dimensions, its four bands, and the record of a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from core.i18n.translation import JAPANESE, translate


class Dimension(StrEnum):
    """A dimension of customer health."""

    USAGE = "usage"
    "How often and how lately the product is used."
    DEPTH = "depth"
    "How much of it is used, and by how many people."
    SUPPORT = "support"
    "Errors and tickets."
    SENTIMENT = "sentiment"
    "Survey scores and satisfaction with tickets."
    BILLING = "billing"
    "What the customer pays."
    RELATIONSHIP = "relationship"
    "Tenure, contacts, points, referrals, stated preferences and attributes."
    COMMUNITY = "community"
    "Posts, answers and events: what customers do for each other. Unknown without `[report] community_events`."


DIMENSIONS = tuple(Dimension)


class Band(StrEnum):
    """A band of health scores, from worst to best."""

    CRITICAL = "critical"
    AT_RISK = "at risk"
    WATCH = "watch"
    HEALTHY = "healthy"


BANDS = tuple(Band)

ACTIONS: Mapping[str, str] = {
    Dimension.USAGE: "call and ask what keeps them from using the product",
    Dimension.DEPTH: "show them the features they pay for but do not use yet",
    Dimension.SUPPORT: "review what went wrong and agree on a date for the fix",
    Dimension.SENTIMENT: "ask in person what they are unhappy with",
    Dimension.BILLING: "review plan and price with them before the renewal",
    Dimension.RELATIONSHIP: "introduce yourself to the decision maker and arrange a meeting",
    Dimension.COMMUNITY: "invite them to the next event, or ask them to share what they know",
}
"The suggested action for a business customer by the dimension that dropped most, unless the TOML names another."

BUYER_ACTIONS: Mapping[str, str] = {
    **ACTIONS,
    Dimension.USAGE: "call and ask what keeps them from ordering",
    Dimension.DEPTH: "show them what they have not ordered yet",
    Dimension.BILLING: "review prices and terms with them",
}
"The same for a business customer who only buys, without usage or a subscription."

CONSUMER_ACTIONS: Mapping[str, str] = {
    Dimension.USAGE: "send a message with a reason to come back that fits their habits",
    Dimension.DEPTH: "recommend something they have not tried yet",
    Dimension.SUPPORT: "write what went wrong and when it is fixed",
    Dimension.SENTIMENT: "send a short survey and answer their complaint",
    Dimension.BILLING: "send an offer that fits what they usually spend",
    Dimension.RELATIONSHIP: "send a personal welcome with what suits them",
    Dimension.COMMUNITY: "show them what is new in the community, and thank them for what they wrote",
}
"The same for a consumer: hundreds of them cannot be called."

NO_CONTACT_ACTION = "do not contact (refused); find out from the records what went wrong"
"For a customer who has refused to be contacted."


def suggest_action(
    dimension: str, *, own_actions: Mapping[str, str], is_business: bool, only_buys: bool, may_contact: bool
) -> str:
    """The suggested action for a drop in a dimension; `own_actions` are those of the TOML."""
    if not may_contact:
        return NO_CONTACT_ACTION
    of_business = BUYER_ACTIONS if only_buys else ACTIONS
    return own_actions.get(dimension) or (of_business if is_business else CONSUMER_ACTIONS)[dimension]


def action_in_japanese(action: str) -> str:
    """The suggested action in Japanese; a business's own words stay unchanged."""
    built_in = {*ACTIONS.values(), *BUYER_ACTIONS.values(), *CONSUMER_ACTIONS.values(), NO_CONTACT_ACTION}
    return translate(action, JAPANESE) if action in built_in else action


class HealthRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a customer on the last day that was scored."""

    scored_on: date
    health: float
    "0 (about to churn) to 100 (safe)."
    band: Band
    band_since: date
    change_7d: float | None
    "Change since 7 days before; null if they were no customer then."
    change_28d: float | None
    "Change since 28 days before."
    dimensions: dict[str, float | None]
    "By dimension: 0 to 100, the health of a customer who is average in all others; null without features."
    dropped_most: str
    "The dimension in which the risk rose most."
    dropped_on: date | None
    "Day of the last drop that opened a task."
    reasons_en: str
    "Why it changed, the largest contribution first; '' if nothing did."
    reasons_ja: str
    model_version: int | None
    "Version of the churn champion."


def newest_health_file(folder: Path, until: date) -> Path | None:
    """The file of the newest scored day up to and including `until`; None if there is none."""
    days = (path for path in folder.glob("????-??-??.parquet") if path.stem <= until.isoformat())
    return max(days, default=None)


def health_file_before(folder: Path, day: date) -> Path | None:
    """The file of the newest scored day before a day; None if there is none."""
    return newest_health_file(folder, day - timedelta(days=1))
