"""Spans become episodes: a renewal in time continues one, and an end is certain only after the grace period."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.config.data_set import Config
from core.config.training import ChurnDefinition
from core.errors import DataError
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables
from tests.engines import engine
from tests.worlds import config, frame, shop

GRACE_DAYS = 30
FIRST_DAY = date(2024, 1, 1)
SPANS = st.lists(
    st.tuples(st.sampled_from(["ada", "bo"]), st.sampled_from("xy"), st.integers(0, 90), st.integers(0, 60)),
    min_size=1,
    max_size=9,
)
"Customer, subscription, day of the start, days until the end."


def churn_settings(**changes: object) -> Config:
    churn = ChurnDefinition(**{"definition": "subscription_ended", "grace_days": GRACE_DAYS, **changes})
    return config(watermark=date(2024, 9, 1), churn=churn)


def contract(*lines: str, backend: str = "duckdb", **changes: object) -> Tables:
    """Tables with spans from lines such as "ada s1 2024-01-05 2024-06-01T09:00 price": '-' has no end."""
    return shop(settings=churn_settings(**changes), backend=engine(backend), subscriptions=frame(*map(span, lines)))


def span(line: str) -> dict[str, object]:
    customer_id, subscription_id, started_at, ended_at, *reason = line.split()
    return {
        "customer_id": customer_id, "subscription_id": subscription_id, "plan": "pro", "mrr": 100.0,
        "started_at": started_at, "ended_at": None if ended_at == "-" else ended_at,
        "end_reason": reason[0] if reason else None,
    }  # fmt: skip


def days(*written: str) -> NDArray[np.datetime64]:
    return np.array(written, "datetime64[D]")


def ends(*lines: str) -> list[str]:
    """The certain end of each episode, 'NaT' for one that has none."""
    return SubscriptionEpisodes.of(contract(*lines)).ended_on.astype(str).tolist()


@pytest.mark.parametrize("backend", ["duckdb", "postgres"])
def test_a_renewal_within_the_grace_period_continues_the_episode(backend: str):
    episodes = SubscriptionEpisodes.of(
        contract(
            "ada s1 2024-01-05 2024-03-01 price", "ada s1 2024-03-20 -",
            "bo s2 2024-01-05 2024-03-01 price", "bo s2 2024-04-20 2024-06-01 support", backend=backend,
        )
    )  # fmt: skip

    assert episodes.customer_ids.tolist() == ["ada", "bo", "bo"]
    np.testing.assert_array_equal(episodes.began_on, days("2024-01-05", "2024-01-05", "2024-04-20"))
    np.testing.assert_array_equal(episodes.ended_on, days("NaT", "2024-03-01", "2024-06-01"))
    assert episodes.reasons.tolist() == ["", "price", "support"]


@pytest.mark.parametrize(
    ("renewed_at", "n_episodes"),
    [("2024-03-31T00:00", 1), ("2024-03-31T23:59", 1), ("2024-04-01T00:00", 2)],
)
def test_a_renewal_counts_until_the_end_of_the_last_day_of_the_grace_period(renewed_at: str, n_episodes: int):
    assert len(ends("ada s1 2024-01-05 2024-03-01T15:00", f"ada s1 {renewed_at} -")) == n_episodes


def test_a_change_of_plan_on_the_same_day_continues_the_episode():
    assert ends("ada s1 2024-01-05 2024-03-01T15:00", "ada s1 2024-03-01T09:00 2024-05-01") == ["2024-05-01"]


def test_an_end_that_may_still_be_renewed_is_not_certain():
    episodes = SubscriptionEpisodes.of(
        contract("ada s1 2024-01-05 2024-08-02 price", "bo s2 2024-01-05 2024-08-01 price")
    )

    assert episodes.observed_until == np.datetime64("2024-08-02")
    np.testing.assert_array_equal(episodes.ended_on, days("NaT", "2024-08-01"))
    assert episodes.reasons.tolist() == ["", "price"]


def test_an_episode_as_seen_at_an_earlier_day_has_not_ended_while_a_renewal_may_come():
    episodes = SubscriptionEpisodes.of(contract("ada s1 2024-01-05 2024-03-01", "bo s2 2024-05-01 -"))

    assert episodes.as_of(np.datetime64("2024-03-31")).ended_on.astype(str).tolist() == ["NaT"]
    assert episodes.as_of(np.datetime64("2024-04-01")).ended_on.astype(str).tolist() == ["2024-03-01"]


def test_the_end_of_one_of_several_subscriptions_is_no_end_unless_each_counts():
    lines = "ada s1 2024-01-01 2024-07-01 support", "ada s2 2024-02-01 2024-03-01 price"
    of_customer = SubscriptionEpisodes.of(contract(*lines))
    of_each = SubscriptionEpisodes.of(contract(*lines, each_subscription=True))

    assert (of_customer.ended_on.astype(str).tolist(), of_customer.reasons.tolist()) == (["2024-07-01"], ["support"])
    assert of_each.ended_on.astype(str).tolist() == ["2024-07-01", "2024-03-01"]
    assert of_each.reasons.tolist() == ["support", "price"]


def test_of_spans_that_end_together_the_newest_that_states_a_reason_counts():
    episodes = SubscriptionEpisodes.of(
        contract(
            "ada s1 2024-01-01 2024-07-01 support", "ada s2 2024-02-01 2024-07-01 price", "ada s3 2024-03-01 2024-07-01"
        )
    )

    assert episodes.reasons.tolist() == ["price"]


def test_a_customer_in_a_lapse_runs_on_neither_day_between():
    episodes = SubscriptionEpisodes.of(
        contract("ada s1 2024-01-01 2024-03-01", "ada s1 2024-03-20 2024-06-01", "bo s2 2024-01-01 -")
    )
    cutoffs = ("2024-01-01", "2024-01-02", "2024-03-01", "2024-03-02", "2024-03-20", "2024-03-21", "2024-06-01")

    assert [episodes.running_at(np.datetime64(day))[0] for day in cutoffs] == [
        False, True, True, False, False, True, True,
    ]  # fmt: skip
    assert episodes.take(np.array([1, 0])).running_at(np.datetime64("2024-03-02")).tolist() == [True, False]


def test_customers_who_pay_are_told_from_those_with_a_free_plan():
    free = span("ada s1 2024-03-01 -") | {"mrr": 0.0}
    tables = shop(
        settings=churn_settings(each_subscription=True),
        subscriptions=frame(span("ada s1 2024-01-05 2024-03-01"), free, span("ada s2 2024-01-05 2024-02-01")),
    )

    paying = SubscriptionEpisodes.of_paying_customers(tables, date(2024, 9, 1))

    assert paying.ended_on.astype(str).tolist() == ["2024-03-01"]


def test_without_subscriptions_the_missing_table_is_named():
    with pytest.raises(DataError, match="there is no table 'subscriptions'"):
        SubscriptionEpisodes.of(shop("ada 2024-01-01", settings=churn_settings()))
    assert not len(SubscriptionEpisodes.of_paying_customers(shop("ada 2024-01-01"), date(2024, 9, 1)))


@pytest.mark.parametrize("each_subscription", [False, True])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spans=SPANS, grace_days=st.integers(1, 20))  # rows of one subscription a day apart are one span in any case
def test_episodes_of_an_owner_lie_apart_by_more_than_the_grace_period_and_cover_every_span(
    each_subscription: bool, spans: list[tuple[str, str, int, int]], grace_days: int
):
    lines = [
        f"{who} {one} {FIRST_DAY + timedelta(start)} {FIRST_DAY + timedelta(start + length)}"
        for who, one, start, length in spans
    ]
    episodes = SubscriptionEpisodes.of(contract(*lines, grace_days=grace_days, each_subscription=each_subscription))

    expected = sorted(by_hand(spans, grace_days, each_subscription))
    rows = zip(episodes.customer_ids, episodes.began_on, episodes.ended_on, strict=True)
    assert sorted((str(who), began.item(), ended.item()) for who, began, ended in rows) == expected


def by_hand(
    spans: list[tuple[str, str, int, int]], grace_days: int, each_subscription: bool
) -> list[tuple[str, date, date]]:
    """The days on which an owner has a subscription or may still renew, cut where none is left."""
    owners = {(who, one if each_subscription else "") for who, one, _, _ in spans}
    episodes = []
    for who, one in owners:
        mine = [(start, start + length) for w, o, start, length in spans if w == who and one in ("", o)]
        starts = [day for day, _ in mine if not any(start < day <= end + grace_days for start, end in mine)]
        for first, after in zip(sorted(set(starts)), [*sorted(set(starts))[1:], 10**6], strict=True):
            last = max(end for start, end in mine if first <= start < after)
            episodes.append((who, FIRST_DAY + timedelta(first), FIRST_DAY + timedelta(last)))
    return episodes
