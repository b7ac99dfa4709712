"""Contacts a month that pay: limited where one more contact was shown to lose money, by the configuration elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.decisions import ContactPolicy
from core.contact_answers import UnsubscribeRows
from models.policies.frequency import FrequencyLimit, FrequencySource, FrequencyTerms, contacts_allowed, limit_frequency
from models.policies.frequency_limits import UNLIMITED, MonthlyLimit, limit_by_segment, limits_at, place_customers

TERMS = FrequencyTerms(margin=100.0, cost=1.0, remaining_value=200.0, assumed_fatigue=0.0)
POLICY = ContactPolicy(max_per_day=1, max_per_week=3)


def contacts_with(
    effects: tuple[float, ...], *, unsubscribing: tuple[float, ...] = (0.0, 0.0, 0.0), n: int = 4_000,
    is_controlled: bool = True,
) -> tuple[UnsubscribeRows, np.ndarray]:  # fmt: skip
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
    return rows, acted


def limit(effects: tuple[float, ...], **options) -> FrequencyLimit:
    rows, acted = contacts_with(effects, **options)
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


def test_a_segment_has_its_own_limit_and_is_not_held_to_that_of_all_where_more_contacts_pay():
    worlds = {
        "": contacts_with((0.05, 0.05, 0.03), unsubscribing=(0.0, 0.0, 0.3), n=20_000),
        "tired": contacts_with((0.05, -0.05, -0.05), n=2_000),
        "keen": contacts_with((0.05, 0.05, 0.08), n=4_000),
        "few": contacts_with((0.05, -0.05, -0.05), n=50),
    }
    parts = [one for one, _ in worlds.values()]
    rows = UnsubscribeRows(
        treated=np.concatenate([one.treated for one in parts]),
        propensities=np.concatenate([one.propensities for one in parts]),
        unsubscribed=np.concatenate([one.unsubscribed for one in parts]),
        recent_contacts=np.concatenate([one.recent_contacts for one in parts]),
    )
    acted = np.concatenate([one for _, one in worlds.values()])
    contacted = np.repeat(list(worlds), [len(one) for one, _ in worlds.values()])
    segments = {name: np.array([name]) for name in worlds if name}

    limits, by_segment = limit_by_segment(
        lambda part: limit_frequency(rows.take(part), acted[part], terms=TERMS, policy=POLICY),
        contacted,
        segments=segments,
    )
    places = place_customers(np.array(["", "tired", "keen", "few"]), limits, by_segment=by_segment, segments=segments)

    assert limits == (
        MonthlyLimit(source="all customers", max_contacts=2),
        MonthlyLimit(source="segment: tired", max_contacts=1),
    )
    assert places.tolist() == [0, 1, UNLIMITED, 0]
    by_customer = limits_at(places, limits)
    assert by_customer is not None
    assert by_customer.tolist() == [2, 1, np.iinfo(np.int64).max, 2]
    assert limits_at(places, ()) is None
