"""What one contact adds to the customers who unsubscribe."""

from __future__ import annotations

import numpy as np
import pytest

from core.contact_answers import UnsubscribeRows
from models.policies.fatigue import PRIOR_CONTACTS, estimate_fatigue


def rows_of(
    *groups: tuple[int, int], treated: tuple[bool, ...] | None = None, recent: tuple[int, ...] | None = None, **more
) -> UnsubscribeRows:
    """One group of contacts for each (number, unsubscribed)."""
    sizes = [n for n, _ in groups]
    parts = {
        "treated": np.repeat(treated or [True] * len(groups), sizes),
        "recent_contacts": np.repeat(recent or [0] * len(groups), sizes),
        "unsubscribed": np.concatenate([np.arange(n) < k for n, k in groups]),
        "propensities": np.full(sum(sizes), np.nan),
    }
    return UnsubscribeRows(**{**parts, **more})


def test_without_contacts_the_configuration_is_assumed():
    assumed = estimate_fatigue(None, assumed=0.002)

    assert assumed.probability(np.array([0, 9])).tolist() == [0.002, 0.002]
    assert assumed.source == "assumed in the configuration"


def test_without_a_control_group_every_unsubscription_counts():
    fatigue = estimate_fatigue(rows_of((9_500, 95)), assumed=0.0)

    assert fatigue.probabilities == (pytest.approx(95 / (9_500 + PRIOR_CONTACTS)),)
    assert fatigue.source == "contacts: 95 of 9,500 unsubscribed"


def test_the_control_group_is_taken_off():
    fatigue = estimate_fatigue(rows_of((8_000, 80), (2_000, 12), treated=(True, False)), assumed=0.0)

    assert fatigue.probabilities == (pytest.approx((80 - 8_000 * 0.006) / 8_500),)
    assert fatigue.source == "contacts: 80 of 8,000 unsubscribed, against 12 of 2,000 in the control group"


def test_few_contacts_hardly_move_the_assumption():
    fatigue = estimate_fatigue(rows_of((10, 1)), assumed=0.002)

    assert fatigue.probabilities[0] == pytest.approx((1 + PRIOR_CONTACTS * 0.002) / (10 + PRIOR_CONTACTS))


def test_a_contact_never_wins_back_a_subscription():
    fatigue = estimate_fatigue(rows_of((5_000, 5), (5_000, 50), treated=(True, False)), assumed=0.0)

    assert fatigue.probabilities == (0.0,)


def test_recorded_propensities_weight_the_groups():
    # Half of the customers are treated with P .9 and unsubscribe often, half with P .1 and never.
    rows = rows_of(
        (900, 180), (100, 10), (100, 0), (900, 0),
        treated=(True, False, True, False),
        propensities=np.repeat([0.9, 0.9, 0.1, 0.1], [900, 100, 100, 900]),
    )  # fmt: skip

    fatigue = estimate_fatigue(rows, assumed=0.0)

    assert fatigue.probabilities == (pytest.approx(0.5 * (0.2 - 0.1) * 1_000 / (1_000 + PRIOR_CONTACTS)),)


def test_contacts_that_chance_did_not_decide_are_no_evidence_against_a_control_group():
    rows = rows_of(
        (1_000, 10), (1_000, 0), (1_000, 900),
        treated=(True, False, True),
        propensities=np.repeat([0.5, 0.5, 1.0], 1_000),
    )  # fmt: skip

    fatigue = estimate_fatigue(rows, assumed=0.0)

    assert fatigue.probabilities[0] == pytest.approx(10 / 1_500)


def test_it_grows_with_recent_contacts_where_the_data_say_so():
    fatigue = estimate_fatigue(rows_of((6_000, 12), (6_000, 60), (6_000, 240), recent=(0, 2, 5)), assumed=0.0)

    assert fatigue.steps == (0, 1, 4)
    assert list(fatigue.probabilities) == sorted(fatigue.probabilities)
    assert fatigue.probability(np.array([0, 3, 30])).tolist() == list(fatigue.probabilities)
    assert fatigue.probabilities[2] == pytest.approx(0.04, rel=0.1)
    assert fatigue.source.endswith("it grows with the contacts of the last 30 days")


def test_it_is_constant_where_the_data_do_not_say_otherwise():
    fatigue = estimate_fatigue(rows_of((6_000, 30), (6_000, 31), (6_000, 29), recent=(0, 2, 5)), assumed=0.0)

    assert len(fatigue.probabilities) == 1


def test_noise_seldom_looks_like_growth():
    random = np.random.default_rng(0)
    grown = 0
    for _ in range(200):
        counts = random.binomial(1_500, 0.004, 4)
        rows = rows_of(*((1_500, int(count)) for count in counts), recent=(0, 1, 2, 5))
        grown += len(estimate_fatigue(rows, assumed=0.0).probabilities) > 1

    assert grown <= 20
