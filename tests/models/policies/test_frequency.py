"""Contacts a month that pay: limited where one more contact was shown to lose money, by the configuration elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.decisions import ContactPolicy
from core.contact_answers import UnsubscribeRows
from models.policies.frequency import FrequencyLimit, FrequencySource, FrequencyTerms, contacts_allowed, limit_frequency

TERMS = FrequencyTerms(margin=100.0, cost=1.0, remaining_value=200.0, assumed_fatigue=0.0)
POLICY = ContactPolicy(max_per_day=1, max_per_week=3)


def limit(
    effects: tuple[float, ...], *, unsubscribing: tuple[float, ...] = (0.0, 0.0, 0.0), n: int = 4_000,
    is_controlled: bool = True,
) -> FrequencyLimit:  # fmt: skip
    """Contacts after 0, 1 and 2 others in 30 days; half of the customers are left out, and 10 % of them act."""
    random = np.random.default_rng(4)
    recent = np.repeat([0, 1, 2], n)
    treated = random.random(3 * n) < 0.5 if is_controlled else np.ones(3 * n, bool)
    rows = UnsubscribeRows(
        treated=treated,
        propensities=np.full(3 * n, 0.5 if is_controlled else 1.0),
        unsubscribed=treated & (random.random(3 * n) < np.array(unsubscribing)[recent]),
        recent_contacts=recent,
    )
    acted = random.random(3 * n) < 0.1 + treated * np.array(effects)[recent]
    return limit_frequency(rows, acted, terms=TERMS, policy=POLICY)


def test_contacts_stop_where_one_more_unsubscribes_more_than_it_earns():
    result = limit((0.05, 0.05, 0.03), unsubscribing=(0.0, 0.0, 0.08))

    assert (result.contacts_per_month, result.source) == (2, FrequencySource.MEASURED)
    assert [step.contacts_before for step in result.steps] == [0, 1, 2]
    # The unsubscriptions are shrunk to those of all contacts, .027: (2000 x .08 + 500 x .027) / 2500 = .069.
    assert result.steps[2].net_value.value == pytest.approx(100 * 0.03 - 1 - 200 * 0.069, abs=3)


def test_contacts_that_change_nothing_and_cost_money_are_not_made():
    result = limit((-0.05, 0.0, 0.0))

    assert (result.contacts_per_month, result.source) == (0, FrequencySource.NONE_PAYS)


def test_the_configured_limits_hold_where_no_contact_was_shown_to_lose_money():
    result = limit((0.05, 0.05, 0.05))

    assert (result.contacts_per_month, result.source) == (contacts_allowed(POLICY), FrequencySource.NOT_SHOWN)
    assert contacts_allowed(POLICY) == 12  # three a week


def test_few_contacts_and_contacts_without_a_control_group_say_nothing():
    assert limit((-0.05, -0.05, -0.05), n=100).source == FrequencySource.TOO_FEW
    assert limit((-0.05, -0.05, -0.05), is_controlled=False).source == FrequencySource.NO_CONTROL_GROUP
