"""Views of a group and its months use its own person-months, and need enough churned customers."""

from __future__ import annotations

import numpy as np
import pytest

from insights.causes.person_months import SEGMENT, TIER
from insights.causes.views import MIN_CHURNED, CauseViews, PastMonths
from tests.insights.causes.worlds import N_LEAVING, N_TODAY, NAMES, panel_with_groups

N = N_LEAVING + N_TODAY
PRODUCT = np.eye(len(NAMES.causes))[0]


@pytest.fixture(scope="module")
def past() -> PastMonths:
    return PastMonths(panel_with_groups(), np.tile(PRODUCT, (N, 1)), seed=0)


def by_name(groups: tuple[CauseViews, ...]) -> dict[tuple[str, str, str], CauseViews]:
    return {(one.by, one.value, one.month): one for one in groups}


def test_all_customers_come_first_then_named_groups_then_months(past: PastMonths):
    assert list(by_name(tuple(past.groups()))) == [
        ("all", "", ""), (SEGMENT, "silent", ""), (SEGMENT, "future", ""), (TIER, "gold", ""),
        ("month", "2024-03", ""), ("month", "2024-04", ""),
    ]  # fmt: skip


def test_with_too_few_churned_customers_only_counts_are_shown(past: PastMonths):
    groups = by_name(tuple(past.groups()))
    silent, future = groups[SEGMENT, "silent", ""], groups[SEGMENT, "future", ""]

    assert (silent.n_customers, silent.n_churned, silent.too_few) == (100, 1, True)
    assert (future.n_customers, future.n_churned, future.too_few) == (0, 0, True)
    assert silent.stated_shares == silent.attributed_shares == silent.hazard == silent.incidence == {}


def test_a_group_s_months_add_up_to_the_group_and_have_that_month_s_members(past: PastMonths):
    whole, months = by_name(tuple(past.groups())), by_name(tuple(past.months()))

    assert list(months) == [
        (SEGMENT, "silent", "2024-03"), (SEGMENT, "silent", "2024-04"), (TIER, "gold", "2024-04"),
    ]  # fmt: skip
    for name in ("n_customers", "n_churned", "n_stated"):
        silent = sum(getattr(one, name) for one in months.values() if one.value == "silent")
        assert silent == getattr(whole[SEGMENT, "silent", ""], name)
    gold, of_april = whole[TIER, "gold", ""], months[TIER, "gold", "2024-04"]
    assert gold.n_churned == of_april.n_churned >= MIN_CHURNED
    assert (of_april.stated_shares, of_april.attributed_shares, of_april.hazard) == (
        gold.stated_shares,
        gold.attributed_shares,
        gold.hazard,
    )
    assert of_april.incidence == {}


def test_the_views_of_a_group_come_from_its_churned_customers(past: PastMonths):
    gold, panel = by_name(tuple(past.groups()))[TIER, "gold", ""], past.panel
    members = panel.groups[2].rows & panel.is_past
    stated_codes = panel.stated_causes[members & panel.rows.churned]

    for place, cause in enumerate(NAMES.causes):
        assert gold.stated_shares[cause].value == pytest.approx(
            (stated_codes == place).sum() / (stated_codes >= 0).sum()
        )
        assert gold.hazard[cause].value == pytest.approx((stated_codes == place).sum() / members.sum())
        assert gold.attributed_shares[cause].value == PRODUCT[place]
        assert gold.hazard[cause].low <= gold.hazard[cause].value <= gold.hazard[cause].high


def test_the_incidence_of_a_group_counts_members_only_while_they_belong(past: PastMonths):
    groups = by_name(tuple(past.groups()))[TIER, "gold", ""]
    churned = np.sum([one[-1].value for one in groups.incidence.values()])

    # All customers are observed from day 51 on, and churn on day 65.
    assert churned == pytest.approx(groups.n_churned / groups.n_customers)
    assert all(one[0].value == 0 for one in groups.incidence.values())
