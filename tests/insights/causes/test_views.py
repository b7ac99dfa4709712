"""Views of a group use its own person-months; the incidences of all causes and survival add up to one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.causes.person_months import SEGMENT, TIER, PersonMonths
from insights.causes.resampled_fits import ResampledShares
from insights.causes.views import MIN_CHURNED, CauseViews, Durations, PastMonths, estimate_incidence
from tests.insights.causes.worlds import N_LEAVING, N_TODAY, NAMES, panel_with_groups

N = N_LEAVING + N_TODAY
PRODUCT = np.eye(len(NAMES.causes))[0]


@pytest.fixture(scope="module")
def past() -> PastMonths:
    panel = panel_with_groups()
    posteriors = np.tile(PRODUCT.astype(np.float32), (2, int((panel.is_past & panel.rows.churned).sum()), 1))
    resampled = ResampledShares(np.ones(posteriors.shape[:2], np.float32), posteriors)
    return PastMonths(panel, np.tile(PRODUCT, (N, 1)), resampled, seed=0)


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


def incidence(durations: Durations, n_causes: int, at_days: np.ndarray) -> np.ndarray:
    """(n_causes, times)"""
    return durations.time_to_event.aalen_johansen(n_causes).at(at_days)[0]


def durations(*episodes: tuple[int, int], entry_days: int = 0) -> Durations:
    """Episodes as (days, cause)."""
    lasted, causes = (np.array(part) for part in zip(*episodes, strict=True))
    return Durations(np.arange(len(episodes)).astype(str), lasted, causes, np.full(len(episodes), entry_days))


def test_two_causes_match_hand_computation():
    curves = incidence(durations((1, 0), (2, 1), (3, -1), (4, 0)), 2, np.array([0, 1, 2, 4]))

    # 1/4 leave for the first at 1; of the 3/4 left 1/3 for the second at 2; of the 1/2 left all for the first at 4.
    np.testing.assert_allclose(curves, [[0, 0.25, 0.25, 0.75], [0, 0, 0.25, 0.25]])


def test_earlier_customers_count_from_the_start_of_observation():
    early = Durations(np.array(["a", "b"]), np.array([10, 30]), np.array([0, -1]), np.array([0, 20]))

    assert incidence(early, 1, np.array([10])).item() == 1.0


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(-1, 2)), min_size=1, max_size=30))
def test_incidences_never_fall_and_add_up_to_churn(episodes):
    at = np.arange(21)
    curves = incidence(durations(*episodes), 3, at)
    lasted, causes = (np.array(part) for part in zip(*episodes, strict=True))
    churned = np.array([((lasted == t) & (causes >= 0)).sum() for t in at])
    staying = np.cumprod(1 - churned / np.maximum([(lasted >= t).sum() for t in at], 1))

    assert (np.diff(curves, axis=1) >= -1e-12).all()
    np.testing.assert_allclose(curves.sum(axis=0), 1 - staying, atol=1e-9)


def rows_of_months(began: np.ndarray, ended: np.ndarray, months: np.ndarray) -> PersonMonths:
    """Customers at the start of each month, and whether they churned in it."""
    parts = []
    for month in months:
        day, after = month.astype("M8[D]"), (month + 1).astype("M8[D]")
        there = np.flatnonzero((began < day) & (ended >= day))
        n, tenure = len(there), (day - began[there]).astype(int)
        parts.append((there.astype(str), np.full(n, month), there, ended[there] < after, tenure))
    ids, months_of_rows, episodes, churned, tenure_days = (np.concatenate(part) for part in zip(*parts, strict=True))
    return PersonMonths(
        customer_ids=ids,
        months=months_of_rows,
        episodes=episodes,
        churned=churned,
        tenure_days=tenure_days,
        mrr_units=np.ones(len(ids), int),
    )


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 150), st.integers(0, 2)), min_size=1, max_size=30))
def test_person_months_give_the_same_incidence_as_whole_episodes(lives):
    """For customers who started before the first month: each day of an episode is in exactly one month."""
    before, lasts, causes = (np.array(part) for part in zip(*lives, strict=True))
    months = np.arange(np.datetime64("2024-01"), np.datetime64("2024-05"))
    start, end = months[0].astype("M8[D]"), (months[-1] + 1).astype("M8[D]")
    began, ended, at = start - before, start + lasts, np.arange(0, 250, 10)
    rows = rows_of_months(began, ended, months)
    over = ended < end
    lasted = np.where(over, ended - began, end - began - 1).astype(int)

    of_months = Durations.of_months(rows, ended[rows.episodes], causes=causes[rows.episodes])

    episodes = Durations(np.arange(len(lives)).astype(str), lasted, np.where(over, causes, -1), before - 1)
    np.testing.assert_allclose(incidence(of_months, 3, at), incidence(episodes, 3, at))


def test_days_outside_a_group_do_not_count_for_it():
    began, ended = np.array(["2024-01-01"] * 2, "M8[D]"), np.array(["2024-03-11", "2024-04-20"], "M8[D]")
    rows = rows_of_months(began, ended, np.arange(np.datetime64("2024-02"), np.datetime64("2024-04")))
    of_group = rows.take(rows.months == np.datetime64("2024-02"))

    assert (
        incidence(Durations.of_months(rows, ended[rows.episodes], causes=rows.episodes * 0), 1, np.array([365])) == 0.5
    )
    assert (
        incidence(
            Durations.of_months(of_group, ended[of_group.episodes], causes=of_group.episodes * 0), 1, np.array([365])
        )
        == 0
    )


def test_intervals_contain_the_estimate_and_no_customers_give_none():
    ((figure,), _) = estimate_incidence(durations(*[(5, 0)] * 20, *[(9, -1)] * 20), np.array([7]), n_causes=2)

    assert figure.value == pytest.approx(0.5)
    assert figure.low < 0.5 < figure.high
    no_customers = durations((1, 0)).take(np.zeros(1, bool))
    assert np.isnan(estimate_incidence(no_customers, np.array([7]), n_causes=1)[0][0].value)
