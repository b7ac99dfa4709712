"""How many contacts a month pay before fatigue costs more, from contacts with a control group.

    net value of one more contact = (P(act) with it - P(act) without it) x margin - cost - P(unsubscribe by it) x value

It is measured by the number of contacts that the customer had in the 30 days before: at each number, chance decided who
got one more. The limit is the first number at which one more contact was shown to lose money: the 90 % interval of its
net value lies below 0. Where no number was, the limits of `[contact_policy]` hold, and the answer says why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.config.decisions import ContactPolicy
from core.contact_answers import UnsubscribeRows
from core.intervals import HALF_WIDTH, Estimate
from models.policies.fatigue import MIN_CONTACTS, STEPS, estimate_fatigue

MONTH_DAYS = 30


class FrequencySource(StrEnum):
    """Where a limit comes from."""

    NONE_PAYS = "none_pays"
    "Even a customer's first contact in 30 days was shown to lose money on average, as customers were chosen so far."
    MEASURED = "measured"
    "One more contact was shown to lose money."
    NOT_SHOWN = "not_shown"
    "No number of contacts was shown to lose money: the configured limits hold."
    TOO_FEW = "too_few"
    "Fewer than 100 contacts, or 100 customers of the control group: the configured limits hold."
    NO_CONTROL_GROUP = "no_control_group"
    "No customer was left out by chance: the configured limits hold."


@dataclass(frozen=True, kw_only=True)
class FrequencyTerms:
    """What a contact may bring and cost, base currency."""

    margin: float
    "Of a customer who acts."
    cost: float
    "Of a contact."
    remaining_value: float
    "Lost with a customer who unsubscribes."
    assumed_fatigue: float
    "`[decisions] fatigue`, to which measured unsubscriptions are shrunk."


@dataclass(frozen=True, kw_only=True)
class NextContact:
    """One more contact for customers with a number of contacts in the 30 days before."""

    contacts_before: int
    "From this number on, up to that of the next step."
    n_treated: int
    n_control: int
    net_value: Estimate
    "Base currency."


@dataclass(frozen=True, kw_only=True)
class FrequencyLimit:
    """How many contacts a month pay."""

    contacts_per_month: int
    source: FrequencySource
    steps: tuple[NextContact, ...] = ()


def limit_frequency(
    rows: UnsubscribeRows, acted: NDArray[np.bool_], *, terms: FrequencyTerms, policy: ContactPolicy
) -> FrequencyLimit:
    """The contacts a month that pay for these customers; `acted`, (n,), is measured alike in both groups."""
    configured = contacts_allowed(policy)
    if not rows.has_control:
        return FrequencyLimit(contacts_per_month=configured, source=FrequencySource.NO_CONTROL_GROUP)
    by_chance = rows.arm_weights > 0
    rows, acted = rows.take(by_chance), acted[by_chance]
    starts = _choose_starts(rows)
    if not starts:
        return FrequencyLimit(contacts_per_month=configured, source=FrequencySource.TOO_FEW)
    steps = _measure_steps(rows, acted, starts=starts, terms=terms)
    losing = [step.contacts_before for step in steps if step.net_value.high < 0]
    if not losing:
        return FrequencyLimit(contacts_per_month=configured, source=FrequencySource.NOT_SHOWN, steps=steps)
    source = FrequencySource.MEASURED if losing[0] else FrequencySource.NONE_PAYS
    return FrequencyLimit(contacts_per_month=min(configured, losing[0]), source=source, steps=steps)


def contacts_allowed(policy: ContactPolicy) -> int:
    """The contacts in 30 days that the configured limits allow."""
    return min(policy.max_per_day * MONTH_DAYS, math.floor(policy.max_per_week * MONTH_DAYS / 7))


def _choose_starts(rows: UnsubscribeRows) -> list[int]:
    """The numbers of contacts before at which steps begin, each with enough customers of both groups."""
    starts: list[int] = []
    for place, step in enumerate(STEPS):
        upper = STEPS[place + 1] if place + 1 < len(STEPS) else np.inf
        inside = (rows.recent_contacts >= step) & (rows.recent_contacts < upper)
        if min(int((inside & rows.treated).sum()), int((inside & ~rows.treated).sum())) >= MIN_CONTACTS:
            starts.append(step)
    return starts


def _measure_steps(
    rows: UnsubscribeRows, acted: NDArray[np.bool_], *, starts: list[int], terms: FrequencyTerms
) -> tuple[NextContact, ...]:
    fatigue = estimate_fatigue(rows, assumed=terms.assumed_fatigue)
    losses = fatigue.probability(np.array(starts)) * terms.remaining_value + terms.cost
    ends = [next((step for step in STEPS if step > start), np.inf) for start in starts]
    steps: list[NextContact] = []
    for start, end, loss in zip(starts, ends, losses, strict=True):
        inside = (rows.recent_contacts >= start) & (rows.recent_contacts < end)
        effect = _compare(rows, acted, inside=inside)
        net = (terms.margin * bound - float(loss) for bound in (effect.value, effect.low, effect.high))
        n_treated = int((inside & rows.treated).sum())
        steps.append(
            NextContact(
                contacts_before=start,
                n_treated=n_treated,
                n_control=int(inside.sum()) - n_treated,
                net_value=Estimate(*net),
            )
        )
    return tuple(steps)


def _compare(rows: UnsubscribeRows, acted: NDArray[np.bool_], *, inside: NDArray[np.bool_]) -> Estimate:
    """The effect on the share that acts, each customer weighted by 1 / P(their group)."""
    (with_contact, error), (without, other_error) = (
        _rate(acted[inside & arm], rows.arm_weights[inside & arm]) for arm in (rows.treated, ~rows.treated)
    )
    width = HALF_WIDTH * math.hypot(error, other_error)
    return Estimate(with_contact - without, with_contact - without - width, with_contact - without + width)


def _rate(acted: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[float, float]:
    """A weighted share and its standard error; half a customer more on both sides, so that none is not certain."""
    rate = float(np.average(acted, weights=weights))
    n = float(weights.sum() ** 2 / (weights**2).sum())
    cautious = (rate * n + 0.5) / (n + 1.0)
    return rate, math.sqrt(cautious * (1.0 - cautious) / n)
