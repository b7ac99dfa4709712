"""Spans become stays: a renewal in time goes on, and what is not known yet has not happened."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.training import ChurnDefinition
from core.errors import DataError, NotEnoughHistory
from insights.causes.episodes import joined, stays_of
from insights.causes.person_months import newest_months, person_months
from insights.finance.loading import ExcludedRows, spans_of
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from tests.insights.causes.worlds import subscriptions
from tests.worlds import config, frame, shop

VISIT = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})
SETTINGS = config(
    watermark=date(2024, 9, 1), churn=ChurnDefinition(definition="subscription_ended", grace_days=30), active_days=90
)


def tables(*lines: str):
    return shop(settings=SETTINGS, usage=VISIT, subscriptions=subscriptions(*lines))


def days(*written: str) -> np.ndarray:
    return np.array(written, "datetime64[D]")


def test_a_renewal_within_the_grace_is_no_end_and_one_after_it_is():
    found = stays_of(
        tables(
            "ada 2024-01-05 2024-03-01 price", "ada 2024-03-20 -",
            "bo 2024-01-05 2024-03-01 price", "bo 2024-04-20 2024-06-01 support",
        )
    )  # fmt: skip

    assert found.customer_ids.tolist() == ["ada", "bo", "bo"]
    np.testing.assert_array_equal(found.ended_on, days("NaT", "2024-03-01", "2024-06-01"))
    assert found.reasons.tolist() == ["", "price", "support"]


def test_an_end_that_may_still_be_renewed_is_not_known_yet():
    found = stays_of(tables("ada 2024-01-05 2024-08-20 price", "bo 2024-01-05 2024-08-01 price"))

    assert found.observed_until == np.datetime64("2024-08-02")
    np.testing.assert_array_equal(found.ended_on, days("NaT", "2024-08-01"))
    assert found.reasons.tolist() == ["", "price"]


def test_a_longer_span_beside_it_outlasts_a_short_one():
    found = stays_of(tables("ada 2024-01-01 2024-07-01 support", "ada 2024-02-01 2024-03-01 price"))

    np.testing.assert_array_equal(found.ended_on, days("2024-07-01"))
    assert found.reasons.tolist() == ["support"]


@settings(max_examples=50)
@given(
    spans=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(0, 200)), min_size=1, max_size=12),
    grace=st.integers(0, 60),
)
def test_stays_of_a_customer_never_touch_and_cover_every_span(spans, grace):
    ids, began, lasting = (np.array(part) for part in zip(*spans, strict=True))
    start = np.datetime64("2020-01-01") + began
    found = joined(ids.astype(str), start, start + lasting, np.full(len(ids), ""), grace, np.datetime64("2030-01-01"))

    for one in np.unique(ids).astype(str):
        mine = found.take(found.customer_ids == one)
        assert (mine.began_on[1:] > mine.ended_on[:-1] + np.timedelta64(grace, "D")).all()
        for first, last in zip(start[ids.astype(str) == one], (start + lasting)[ids.astype(str) == one], strict=True):
            assert ((mine.began_on <= first) & (mine.ended_on >= last)).sum() == 1


def test_person_months_are_those_there_at_the_first_midnight_and_who_left_in_the_month():
    read = tables("ada 2024-05-10 2024-07-15 price", "bo 2024-07-02 -")
    stays = stays_of(read)
    months = newest_months(stays, 2)
    book = MrrTable.of(spans_of(read, ExcludedRows()), months_between(months[0], months[-1]), Money("JPY"))

    rows = person_months(stays, book, months)

    assert months.astype(str).tolist() == ["2024-06", "2024-07"]
    assert list(zip(rows.customer_ids.tolist(), rows.months.astype(str).tolist(), rows.left.tolist(), strict=True)) == [
        ("ada", "2024-06", False), ("ada", "2024-07", True),
    ]  # fmt: skip
    assert rows.tenure_days.tolist() == [22, 52]
    assert rows.mrr_units.tolist() == [100, 100]


def test_without_subscriptions_or_a_whole_month_there_is_one_line():
    with pytest.raises(DataError, match="no such table"):
        stays_of(shop(settings=SETTINGS, usage=VISIT))
    with pytest.raises(NotEnoughHistory, match="of no month is it known who left"):
        newest_months(stays_of(tables("ada 2024-07-20 -")), 12)
