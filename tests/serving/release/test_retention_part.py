"""Which action is recommended, by the worked example of the sample release."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serving.release.recommended_action import recommend_action
from serving.release.release import Release
from serving.release.retention_part import NoAction, RetentionPart
from tests.serving.sample_release import retention_part, sample_release, segment_part

ADA, BO, CYD = 0, 1, 2


def recommend(release: Release, row: int, probability: float = 0.5) -> tuple:
    action = recommend_action(release, row, probability=probability)
    return action.kind, action.offer_id or action.text, action.none_because, action.expected_net_value


def test_the_offer_goes_first_where_it_pays():
    """0.5 x 0.2 x 4000 - 1."""
    assert recommend(sample_release(), CYD) == ("offer", "voucher", None, 399)


def test_without_an_offer_the_segment_says_what_to_do_and_without_one_it_is_a_contact():
    no_offers = replace(retention_part(), offer=np.full(3, -1, np.int16))
    release = replace(sample_release(), retention=no_offers)

    assert recommend(release, ADA) == ("segment_action", "early access", None, 65)
    assert recommend(release, CYD) == ("contact", "", None, 0.5 * (0.2 * 3990 + 10) - 12)


def test_where_nothing_pays_the_least_loss_is_named():
    """Bo is worth nothing: 0.1 x (0.2 x -10 + 10) - 12 = -11.2."""
    assert recommend(sample_release(), BO, 0.1) == ("none", "", NoAction.DOES_NOT_PAY, -11)
    assert recommend(sample_release(), CYD, 0.0) == ("none", "", NoAction.DOES_NOT_PAY, -1)


def test_a_customer_who_refuses_contact_gets_no_action():
    part = retention_part(segments=segment_part(opted_out={"contact": np.array(["cyd"])}))

    assert recommend(replace(sample_release(), retention=part), CYD) == ("none", "", NoAction.NO_CONSENT, None)


def test_the_capacity_goes_to_the_highest_net_value():
    release = replace(sample_release(), retention=retention_part(capacity=1))

    assert recommend(release, CYD)[0] == "offer"
    assert recommend(release, ADA) == ("none", "", NoAction.CAPACITY, 65)
    assert release.retention is not None
    assert release.retention.assumptions is not None
    assert release.retention.assumptions.min_net_value == 719


@pytest.mark.parametrize("of_all", [True, False])
def test_where_the_value_is_unknown_what_the_business_named_remains(of_all: bool):
    part = replace(retention_part(), values=np.full(3, np.nan), offer=np.array([-1, 0, -1], np.int16))
    part = replace(part, assumptions=None) if of_all else part
    release = replace(sample_release(), retention=part)

    assert recommend(release, ADA) == ("segment_action", "early access", None, None)
    assert recommend(release, BO) == ("offer", "voucher", None, None)
    assert recommend(release, CYD) == ("none", "", NoAction.VALUE_UNKNOWN, None)


def test_the_part_is_stored_as_it_was():
    part = retention_part(capacity=2)

    stored = RetentionPart.from_artifacts(part.to_artifacts())

    assert (stored.assumptions, stored.offers) == (part.assumptions, part.offers)
    assert [stored.segment_actions[row] for row in range(3)] == ["early access", "early access", ""]
    for name in ("offer", "values", "rank", "may_contact"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(part, name))
