"""Standard segments that `kizuna init` writes, so that `kizuna segments` has an answer from the first day.

    days since the last purchase   0 ------- half a horizon ------- horizon ------- active_days
    of who came more than once       loyal                   at risk          lapsed

Where subscriptions decide, customers are new, paying, at risk or cancelled instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.i18n.translation import ENGLISH, JAPANESE, translate
from tables.contract import CONTRACT
from tables.discovery.guesses import TableGuess
from tables.discovery.proposal import Setting

NEW_DAYS = 30
LOYAL_ORDERS, LOYAL_USAGE_DAYS = 3, 12
"Orders, or days with usage where nothing is bought, of a loyal customer within 365 days."
SUBSCRIPTIONS = "subscriptions"
ACTIVITY = ("purchases", "usage", SUBSCRIPTIONS)

Segments = Mapping[str, tuple[Setting, ...]]
"By name: the keys of `[segments.<name>]`."


def standard_segments(
    tables: Mapping[str, TableGuess], *, churn: Collection[Setting], language: str | None
) -> Segments:
    """The segments of a data set with these tables, named in Japanese where its columns are, otherwise in English.

    None without times, which every rule needs.
    """
    if all(CONTRACT[name].happens_at not in guess.columns for name, guess in tables.items() if name in ACTIVITY):
        return {}
    settings = {setting.key: setting.value for setting in churn}
    is_subscribed = SUBSCRIPTIONS in tables and (
        settings["definition"] == "subscription_ended" or not {"purchases", "usage"} & set(tables)
    )
    horizon = int(str(settings["horizon_days"]))
    rules = _subscriber_rules(tables) if is_subscribed else _buyer_rules(tables, horizon=horizon)
    into = JAPANESE if language == "ja" else ENGLISH
    return {
        translate(f"segment.{name}", into): (
            Setting("rule", rule),
            Setting("action", translate(f"action.{name}", into)),
        )
        for name, rule in rules.items()
    }


def _buyer_rules(tables: Collection[str], *, horizon: int) -> dict[str, str]:
    half, orders = horizon // 2, LOYAL_ORDERS if "purchases" in tables else LOYAL_USAGE_DAYS
    return {
        "new": f"tenure_days <= {min(NEW_DAYS, horizon)}",
        "loyal": f"frequency >= {orders} and recency_days < {half}",
        "at_risk": f"frequency >= 2 and recency_days >= {half} and recency_days < {horizon}",
        "lapsed": f"recency_days >= {horizon}",
    }


def _subscriber_rules(tables: Mapping[str, TableGuess]) -> dict[str, str]:
    """Health is known once `kizuna release` has scored the customers."""
    is_recorded = "cancel_requested_at" in tables[SUBSCRIPTIONS].columns
    requested = ["cancellations_requested > 0"] if is_recorded else []
    # Without purchases and usage, customers whose last subscription has ended are no customers any more.
    ended = ["subscriptions_running == 0"] if {"purchases", "usage"} & set(tables) else []
    rules = {
        "new": f"mrr > 0 and tenure_days <= {NEW_DAYS}",
        "paying": "mrr > 0",
        "at_risk": "mrr > 0 and health < 40",
    }
    return rules | ({"cancelled": " or ".join([*ended, *requested])} if ended or requested else {})
