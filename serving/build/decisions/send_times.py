"""When each contact is made: in the customer's best hour, on their best weekday where the contact can wait for it.

    now       best hour today      best hour of the best weekday        planning_days
     |------------|------------------------|-----------------------------|
      renewals, service, campaigns,         promotional offers, as long as they are valid
      rules that count days to something

Where nothing is known of the hours, contacts are made at once, or when the quiet hours are over.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from core.rules.day_counts import is_day_count
from core.rules.rule import parse_rule
from models.policies.candidates import Option
from models.policies.contact_limits import next_allowed_times
from models.policies.habits import UNKNOWN
from models.policies.timing import find_allowed_hours, next_send_times
from serving.release.offer_part import OfferCustomers, OfferTerms


def plan_send_times(
    customers: OfferCustomers, options: tuple[Option, ...], *, terms: OfferTerms, now: datetime
) -> NDArray[np.datetime64]:
    """The moment of each contact with each customer, (n, m) datetime64[s], local."""
    planned = [_plan(customers, option, terms=terms, after=np.datetime64(now, "s")) for option in options]
    return np.column_stack(planned) if planned else np.empty((len(customers), 0), "datetime64[s]")


def _plan(
    customers: OfferCustomers, option: Option, *, terms: OfferTerms, after: np.datetime64
) -> NDArray[np.datetime64]:
    slots, policy = customers.slots_of(option.channel), terms.rules.policy_of(option)
    if slots is None:
        return next_allowed_times(np.full(len(customers), after), policy)
    allowed = find_allowed_hours(policy)
    at_once = np.full(len(customers), UNKNOWN)
    first = next_send_times(after, slots.hours, weekdays=at_once, allowed=allowed)
    if not can_wait(option, terms):
        return first
    span = terms.settings.planning_days
    later = next_send_times(after, slots.hours, weekdays=slots.weekdays, allowed=allowed, within_days=span)
    ends_at = option.offer.ends_at
    return later if ends_at is None else np.where(later < np.datetime64(ends_at, "s"), later, first)


def can_wait(option: Option, terms: OfferTerms) -> bool:
    """Whether a contact may wait for a weekday: a promotional offer that no campaign has due, and no count of days."""
    names = parse_rule(option.offer.rule).names() if option.offer.rule else frozenset[str]()
    is_promotional = option.offer.kind in terms.policy.promotional_kinds
    return is_promotional and option.campaign_id is None and not any(map(is_day_count, names))
