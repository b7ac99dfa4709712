"""The survival curve is Kaplan and Meier's, and lives are what a customer paid for without a gap."""

from __future__ import annotations

import numpy as np
import pytest

from insights.finance.lifetime import curve_value, discounted_months, months_beyond
from insights.finance.mrr import Spans
from insights.finance.survival import DAYS_A_MONTH, Lives, survival


def lives(*told: tuple[float, bool]) -> Lives:
    months, ended = (np.array(column) for column in zip(*told, strict=True))
    ids = np.array([f"c{number}" for number in range(len(told))])
    return Lives(ids, months.astype(float), ended, np.ones(len(told), bool))


def curve(known: Lives, n_months: int) -> list[float]:
    return survival(known, n_months, np.ones((1, len(known.months))))[0].tolist()


def test_who_is_still_there_counts_as_long_as_they_were_watched():
    known = lives((1.5, True), (2.5, False), (3.5, True), (9.0, False))

    assert curve(known, 5) == pytest.approx([1, 1, 3 / 4, 3 / 4, 3 / 8, 3 / 8])


def test_an_end_and_a_last_sight_at_one_moment_count_as_the_end_first():
    assert curve(lives((1.0, True), (1.0, False), (2.0, False)), 2) == pytest.approx([1, 2 / 3, 2 / 3])


def test_beyond_the_last_that_was_watched_nothing_is_known():
    assert np.isnan(curve(lives((1.2, True), (2.2, False)), 3)[3])


def test_a_change_of_plan_goes_on_and_a_long_gap_ends_a_life():
    days = np.array(["2025-01-01", "2025-03-01", "2025-09-01"], "datetime64[D]")
    ends = np.array(["2025-03-01", "2025-06-01", "NaT"], "datetime64[D]")
    spans = Spans(np.full(3, "ada"), np.array(list("bpp")), days, ends, np.ones(3), np.full(3, ""))

    known = Lives.of(spans, np.datetime64("2025-12-01"), grace_days=30)

    assert (known.ended.tolist(), known.is_last.tolist()) == ([True, False], [False, True])
    assert (known.months * DAYS_A_MONTH).tolist() == pytest.approx([151, 91])


def test_who_ended_lately_may_still_renew():
    spans = Spans(
        np.array(["ada"]), np.array(["b"]), np.array(["2025-01-01"], "datetime64[D]"),
        np.array(["2025-11-20"], "datetime64[D]"), np.ones(1), np.array([""]),
    )  # fmt: skip

    assert Lives.of(spans, np.datetime64("2025-12-01"), grace_days=30).ended.tolist() == [False]


def test_a_curve_of_constant_churn_with_its_tail_is_the_whole_of_it():
    churn, discount = 0.03, 0.1
    whole, seen = (1 - churn) ** np.arange(3000), (1 - churn) ** np.arange(12)

    together = discounted_months(seen, discount) + months_beyond(seen, np.array(churn), discount)

    assert together == pytest.approx(curve_value(whole, 1.0, yearly_discount=discount))
