"""When to contact whom: own habits where they predict later moments, those of all customers where they do not."""

from __future__ import annotations

from datetime import time
from functools import cache

import numpy as np
import pytest

from core.config.decisions import ContactPolicy
from core.customer_moments import ChannelContacts, CustomerMoments
from core.errors import BadInput
from models.policies.channels import ASSUMED_ALIKE, ChannelEffects, learn_channel_effects
from models.policies.habits import fit_prior_weight
from models.policies.timing import ContactTiming, find_allowed_hours, fit_contact_timing, next_send_times

N_CUSTOMERS, N_EACH = 200, 12
ANY_HOUR = np.ones(24, bool)
MONDAY_NOON = np.datetime64("2026-04-06T12:30:00")


def moments_at(hours: np.ndarray, *, has_hour: bool = True, channel: str = "") -> CustomerMoments:
    """Each customer's moments, (customers, moments), one a day from 2026-01-01 on."""
    return moments_on(24 * np.arange(hours.shape[1])[None, :] + hours, has_hour=has_hour, channel=channel)


def moments_on(hours: np.ndarray, *, has_hour: bool = True, channel: str = "") -> CustomerMoments:
    """Each customer's moments, (customers, moments), in hours from 2026-01-01 on."""
    n, n_each = hours.shape
    times = (np.datetime64("2026-01-01T00") + hours).astype("datetime64[h]")
    order = np.argsort(times, axis=None, kind="stable")
    ids = np.array([f"c{number:03d}" for number in range(n)])
    return CustomerMoments(
        customer_ids=np.repeat(ids, n_each)[order],
        times=times.ravel()[order],
        has_hour=np.full(n * n_each, has_hour),
        kinds=np.full(n * n_each, "response" if channel else "purchase"),
        channels=np.full(n * n_each, channel),
    )


def join_moments(*parts: CustomerMoments) -> CustomerMoments:
    order = np.argsort(np.concatenate([part.times for part in parts]), kind="stable")
    return CustomerMoments(
        **{name: np.concatenate([getattr(p, name) for p in parts])[order] for name in vars(parts[0])}
    )


@cache
def timing_of(world: str) -> ContactTiming:
    random = np.random.default_rng(3)
    shape = (N_CUSTOMERS, N_EACH)
    hours = {
        "one each": np.where(np.arange(N_CUSTOMERS) % 2, 10, 19)[:, None] + random.integers(-1, 2, shape),
        "all alike": random.choice([9, 12, 19], shape, p=[0.3, 0.3, 0.4]),
        "no hours": np.zeros(shape, np.int64),
    }
    moments = moments_at(hours.get(world, hours["one each"]), has_hour=world != "no hours")
    if world == "reads at night":
        moments = join_moments(moments, moments_at(22 + random.integers(-1, 2, (60, N_EACH)), channel="line"))
    ids = np.append(np.unique(moments.customer_ids), "unseen")
    return fit_contact_timing(moments, ids, allowed=ANY_HOUR)


def test_customers_with_an_hour_of_their_own_get_it_and_unseen_ones_that_of_all():
    times = timing_of("one each").overall

    assert times.hours[:4].tolist() == [19, 10, 19, 10]
    assert times.hour_sources[0].startswith("own: 12 purchases (weight ")
    assert times.hour_sources[-1] == "all customers"


def test_where_hours_are_chance_every_customer_gets_the_hour_of_all():
    times = timing_of("all alike").overall

    assert set(times.hour_sources) == {"all customers"}
    assert len(set(times.hours)) == 1


def test_customers_who_buy_on_one_weekday_get_it_and_where_days_are_chance_no_day_is_waited_for():
    random = np.random.default_rng(4)
    any_day = np.tile(24 * random.permuted(np.tile(np.arange(N_EACH), (N_CUSTOMERS, 1)), axis=1), 1)
    weeks = 24 * 7 * np.arange(N_EACH)
    tuesdays = moments_on(np.broadcast_to(weeks + 24 * 5 + 9, (N_CUSTOMERS, N_EACH)))  # 2026-01-01 is a Thursday

    on_tuesday = fit_contact_timing(tuesdays, np.array(["c000", "unseen"]), allowed=ANY_HOUR).overall
    by_chance = fit_contact_timing(moments_on(any_day), np.array(["c000"]), allowed=ANY_HOUR).overall

    assert on_tuesday.weekdays.tolist() == [1, 1]
    assert on_tuesday.hours.tolist() == [9, 9]
    assert by_chance.weekdays.tolist() == [-1]
    assert by_chance.weekday_sources.tolist() == ["no weekday is better than another"]


def test_dates_without_times_have_no_hour_and_the_answer_says_so():
    times = timing_of("no hours").overall

    assert set(times.hours) == {-1}
    assert set(times.hour_sources) == {"no times of day on record"}


def test_a_channel_in_which_all_read_at_night_has_the_hour_of_the_channel():
    timing = timing_of("reads at night")

    assert set(timing.of("line").hours) == {22}
    assert timing.of("line").hour_sources[0] == "all responses by line"
    assert timing.of("phone") is timing.overall


def test_a_customer_without_history_gets_the_hour_of_the_segment():
    random = np.random.default_rng(1)
    early = np.arange(N_CUSTOMERS) < N_CUSTOMERS // 2
    hours = np.where(early, 8, 18)[:, None] + random.integers(-1, 2, (N_CUSTOMERS, 4))
    moments = moments_at(hours)
    ids = np.unique(moments.customer_ids)
    segments = {"early": np.append(ids[early], "new"), "late": ids[~early]}

    times = fit_contact_timing(moments, np.array(["new", ids[-1]]), allowed=ANY_HOUR, segments=segments).overall

    assert times.hours.tolist() == [8, 18]
    assert times.hour_sources.tolist() == ["segment: early", "segment: late"]


def test_the_weight_of_the_prior_is_large_for_customers_who_are_alike_and_small_for_those_who_are_not():
    random = np.random.default_rng(2)
    shares = np.full((400, 4), 0.25)
    alike = random.multinomial(20, shares[0], size=400).astype(float)
    own = np.array([random.multinomial(20, random.dirichlet(np.full(4, 0.5))) for _ in range(400)], dtype=float)

    assert fit_prior_weight(alike, shares) > 100
    assert fit_prior_weight(own, shares) == pytest.approx(2.0, rel=0.2)  # 4 x .5


def test_quiet_hours_leave_the_hours_that_are_allowed_throughout():
    over_night = find_allowed_hours(ContactPolicy(quiet_from=time(21), quiet_until=time(9, 30)))

    assert np.flatnonzero(over_night).tolist() == list(range(10, 21))
    assert find_allowed_hours(ContactPolicy(quiet_from=time(12), quiet_until=time(13))).sum() == 23
    assert find_allowed_hours(ContactPolicy(quiet_from=None, quiet_until=None)).all()
    with pytest.raises(BadInput, match="leave no full hour"):
        find_allowed_hours(ContactPolicy(quiet_from=time(9, 10), quiet_until=time(9, 5)))


def test_the_next_send_time_is_the_best_hour_of_the_best_weekday_that_comes_in_time():
    allowed = find_allowed_hours(ContactPolicy())
    # Monday 12:30: within the hour, later today, over for today, on Wednesday, and no hour on record.
    hours = np.array([12, 19, 10, 19, -1, -1, 10])
    choice = {"weekdays": np.array([0, 0, 0, 2, 0, 2, -1]), "allowed": allowed}

    any_day = next_send_times(MONDAY_NOON, hours, **choice)
    today = next_send_times(MONDAY_NOON, hours, **choice, within_days=1)

    assert any_day.astype(str).tolist() == [
        "2026-04-06T12:30:00", "2026-04-06T19:00:00", "2026-04-07T10:00:00", "2026-04-08T19:00:00",
        "2026-04-06T12:30:00", "2026-04-08T09:00:00", "2026-04-07T10:00:00",
    ]  # fmt: skip
    assert today[3:6].astype(str).tolist() == ["2026-04-06T19:00:00", "2026-04-06T12:30:00", "2026-04-06T12:30:00"]


def test_at_night_the_next_moment_is_the_first_allowed_one():
    allowed = find_allowed_hours(ContactPolicy())

    evening = np.datetime64("2026-04-06T22:15:00")
    (night,) = next_send_times(evening, np.array([-1]), weekdays=np.array([1]), allowed=allowed)

    assert str(night) == "2026-04-07T09:00:00"


def contacts_by_channel(rates: np.ndarray, *, n_each: int = 12) -> ChannelContacts:
    """Contacts in turn by line and mail; `rates` are (customers, 2) P(response)."""
    random = np.random.default_rng(5)
    n, steps = len(rates), np.arange(n_each)
    channel = np.tile(steps % 2, (n, 1)).T.ravel()
    who = np.tile(np.arange(n), n_each)
    return ChannelContacts(
        customer_ids=np.char.mod("c%03d", who),
        sent_at=np.datetime64("2026-01-01T10:00:00") + np.repeat(steps, n).astype("timedelta64[D]"),
        channels=np.array(["line", "mail"])[channel],
        responded=random.random(len(who)) < rates[who, channel],
        response="clicked_at",
    )


def best_channels(effects: ChannelEffects) -> np.ndarray:
    return np.array(effects.terms.channels)[effects.ranking()[:, 0]]


def test_customers_who_respond_in_one_channel_get_it_first_and_those_without_history_that_of_their_segment():
    prefers_line = np.arange(N_CUSTOMERS) % 3 == 0
    rates = np.where(prefers_line[:, None], [0.7, 0.1], [0.1, 0.7])
    ids = np.char.mod("c%03d", np.arange(N_CUSTOMERS))
    segments = {"young": np.append(ids[prefers_line], "new")}

    alone = learn_channel_effects(contacts_by_channel(rates), np.append(ids, "unseen"))
    by_segment = learn_channel_effects(contacts_by_channel(rates), np.append(ids, "new"), segments=segments)

    assert (best_channels(alone)[:-1] == np.where(prefers_line, "line", "mail")).mean() > 0.9
    assert (best_channels(alone)[-1], alone.sources[0], alone.sources[-1]) == (
        "mail",
        "own: 12 contacts",
        "all customers",
    )
    assert (best_channels(by_segment)[-1], by_segment.sources[-1]) == ("line", "segment: young")
    assert by_segment.effects[-1, 0] == pytest.approx((0.62 / 0.38) / (0.4 / 0.6), rel=0.1)  # 396 of 496 are .7


def test_customers_who_respond_often_in_any_channel_do_not_change_the_order_of_channels():
    often = np.arange(N_CUSTOMERS) % 2
    rates = np.where(often[:, None], [0.5, 0.8], [0.1, 0.16])
    ids = np.char.mod("c%03d", np.arange(N_CUSTOMERS))

    effects = learn_channel_effects(contacts_by_channel(rates), ids)

    assert set(best_channels(effects)) == {"mail"}
    assert set(effects.sources) == {"all customers"}
    assert effects.effects[0] == pytest.approx([(0.3 / 0.7) / (0.39 / 0.61), (0.48 / 0.52) / (0.39 / 0.61)], rel=0.1)


def test_channels_in_which_customers_respond_alike_do_not_differ():
    effects = learn_channel_effects(contacts_by_channel(np.full((N_CUSTOMERS, 2), 0.3)), np.array(["c000", "unseen"]))
    few = learn_channel_effects(contacts_by_channel(np.tile([0.1, 0.9], (8, 1))), np.array(["c000"]))

    assert effects.effects.tolist() == [[1, 1], [1, 1]]
    assert set(effects.sources) | set(few.sources) == {ASSUMED_ALIKE}
    assert effects.terms.effects == (1, 1)
