"""The views of a group and of its months are those of its own person-months, and told only where enough left."""

from __future__ import annotations

import numpy as np
import pytest

from insights.causes.attribute_groups import SEGMENT, TIER
from insights.causes.views import LEAST_LEFT, Group, Past
from tests.insights.causes.worlds import N_LEAVING, N_TODAY, NAMES, grouped

N = N_LEAVING + N_TODAY
PRODUCT = np.eye(len(NAMES.causes))[0]


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(grouped(), np.tile(PRODUCT, (N, 1)), seed=0)


def by_name(groups: tuple[Group, ...]) -> dict[tuple[str, str, str], Group]:
    return {(one.by, one.value, one.month): one for one in groups}


def test_everybody_comes_first_then_groups_that_have_a_name_then_months(past: Past):
    assert list(by_name(tuple(past.groups()))) == [
        ("all", "", ""), (SEGMENT, "silent", ""), (SEGMENT, "future", ""), (TIER, "gold", ""),
        ("month", "2024-03", ""), ("month", "2024-04", ""),
    ]  # fmt: skip


def test_where_too_few_left_only_the_counts_are_told(past: Past):
    found = by_name(tuple(past.groups()))
    silent, future = found[SEGMENT, "silent", ""], found[SEGMENT, "future", ""]

    assert (silent.n_customers, silent.n_left, silent.too_few) == (100, 1, True)
    assert (future.n_customers, future.n_left, future.too_few) == (0, 0, True)
    assert silent.stated == silent.attributed == silent.hazard == silent.incidence == {}


def test_a_group_s_months_add_up_to_the_group_and_have_its_members_of_the_month_only(past: Past):
    whole, months = by_name(tuple(past.groups())), by_name(tuple(past.months()))

    assert list(months) == [
        (SEGMENT, "silent", "2024-03"), (SEGMENT, "silent", "2024-04"), (TIER, "gold", "2024-04"),
    ]  # fmt: skip
    for name in ("n_customers", "n_left", "n_stated"):
        silent = sum(getattr(one, name) for one in months.values() if one.value == "silent")
        assert silent == getattr(whole[SEGMENT, "silent", ""], name)
    gold, of_april = whole[TIER, "gold", ""], months[TIER, "gold", "2024-04"]
    assert gold.n_left == of_april.n_left >= LEAST_LEFT
    assert (of_april.stated, of_april.attributed, of_april.hazard) == (gold.stated, gold.attributed, gold.hazard)
    assert of_april.incidence == {}


def test_the_three_views_of_a_group_are_worked_out_from_its_departures(past: Past):
    gold, evidence = by_name(tuple(past.groups()))[TIER, "gold", ""], past.evidence
    members = evidence.groups[2].rows & evidence.is_past
    said = evidence.stated[members & evidence.rows.left]

    for place, cause in enumerate(NAMES.causes):
        assert gold.stated[cause].value == pytest.approx((said == place).sum() / (said >= 0).sum())
        assert gold.hazard[cause].value == pytest.approx((said == place).sum() / members.sum())
        assert gold.attributed[cause].value == PRODUCT[place]
        assert gold.hazard[cause].low <= gold.hazard[cause].value <= gold.hazard[cause].high


def test_the_incidence_of_a_group_counts_who_belonged_to_it_and_only_while_they_did(past: Past):
    found = by_name(tuple(past.groups()))[TIER, "gold", ""]
    left = np.sum([one[-1].value for one in found.incidence.values()])

    # Everybody is seen from day 51 on, and who leaves does so on day 65.
    assert left == pytest.approx(found.n_left / found.n_customers)
    assert all(one[0].value == 0 for one in found.incidence.values())
