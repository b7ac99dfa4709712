"""When to contact each customer: the hour and the day of the week, for all channels and for each of them.

Where a customer's own history does not predict later moments better than what all customers do, by one standard error,
the hour of all customers is used, and the answer says so; see `models.policies.habits`. Contacts wait for a weekday
only where it was shown to be better than any day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.config.decisions import ContactPolicy
from core.customer_moments import HOURS, KINDS, RESPONSE, WEEKDAYS, CustomerMoments, weekdays_of
from core.errors import BadInput
from core.interactions import codes_of
from models.policies.contact_limits import is_quiet
from models.policies.customer_segments import number_segments
from models.policies.habits import (
    ANY,
    COMMON,
    DAYS_OF_WEEK,
    HOURS_OF_DAY,
    UNKNOWN,
    Cycle,
    Level,
    Observations,
    SlotChoice,
    fit_habits,
)

SEGMENT, OWN, CHANNEL, OWN_IN_CHANNEL = "segment", "own", "channel", "own in channel"
NO_HOURS = "no times of day on record"
ANY_DAY = "no weekday is better than another"
MIN_HOURS = 100
"Moments with an hour, below which no hour is preferred to another."
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, kw_only=True)
class SendTimes:
    """The best hour and weekday of each customer; arrays are (customers,)."""

    customer_ids: NDArray[np.str_]
    hours: NDArray[np.int64]
    "0 to 23, local time; UNKNOWN where no times of day are on record."
    hour_sources: NDArray[np.str_]
    """\
    What the hour comes from: 'own: 34 purchases (weight 53 %)', 'segment: gold', 'all customers'. The rest of the
    weight is that of the segment, or of all customers."""
    weekdays: NDArray[np.int64]
    "0 is Monday; UNKNOWN where no weekday was shown to be better than another."
    weekday_sources: NDArray[np.str_]
    hour_habits: SlotChoice | None
    "How the hours were chosen; None without hours."
    weekday_habits: SlotChoice

    def complete(self, overall: SendTimes) -> SendTimes:
        """The send times of a channel, with those over all channels where too few responses decide."""
        completed = self
        if self.hour_habits is None or not self.hour_habits.hit_rates:
            completed = replace(
                completed, hours=overall.hours, hour_sources=overall.hour_sources, hour_habits=overall.hour_habits
            )
        if not self.weekday_habits.hit_rates:
            completed = replace(
                completed,
                weekdays=overall.weekdays,
                weekday_sources=overall.weekday_sources,
                weekday_habits=overall.weekday_habits,
            )
        return completed


@dataclass(frozen=True)
class ContactTiming:
    """Send times over all channels, and of each channel in which customers responded."""

    overall: SendTimes
    by_channel: Mapping[str, SendTimes]

    def of(self, channel: str | None) -> SendTimes:
        """The send times of a channel; those over all channels for one without responses."""
        return self.by_channel.get(channel or "", self.overall)


def fit_contact_timing(
    moments: CustomerMoments,
    customer_ids: NDArray[np.str_],
    *,
    allowed: NDArray[np.bool_],
    segments: Mapping[str, NDArray[np.str_]] | None = None,
) -> ContactTiming:
    """Learn the send times of all customers with moments, and answer for `customer_ids`, (n,).

    `allowed` are the hours of the day in which contacts are made, (24,), see `find_allowed_hours`. `segments` are
    customer ids by segment; a customer is of the first one that lists them.
    """
    everyone = np.unique(np.concatenate([customer_ids, moments.customer_ids]))
    panel = _Panel(moments, everyone, groups=number_segments(everyone, segments or {}), names=tuple(segments or {}))
    answered = codes_of(customer_ids, everyone).astype(np.int64)
    overall = panel.fit("", allowed=allowed, answered=answered)
    channels = [str(one) for one in np.unique(moments.channels) if one]
    return ContactTiming(
        overall,
        {channel: panel.fit(channel, allowed=allowed, answered=answered).complete(overall) for channel in channels},
    )


@dataclass(frozen=True)
class _Panel:
    """Moments of all customers, with the segment of each."""

    moments: CustomerMoments
    everyone: NDArray[np.str_]
    "(customers,) sorted ids."
    groups: NDArray[np.int64]
    "(customers,) number of the segment; the last one is none."
    names: tuple[str, ...]

    def fit(self, channel: str, *, allowed: NDArray[np.bool_], answered: NDArray[np.int64]) -> SendTimes:
        """Hours and weekdays of one channel, or over all of them."""
        with_hour = self.moments.take(self.moments.has_hour)
        hours = None
        if len(with_hour) >= MIN_HOURS:
            hours = self._fit_slots(with_hour, with_hour.hours, cycle=HOURS_OF_DAY, channel=channel, allowed=allowed)
        every_day = np.ones(WEEKDAYS, bool)
        days = self._fit_slots(
            self.moments, self.moments.weekdays, cycle=DAYS_OF_WEEK, channel=channel, allowed=every_day
        )
        n = len(answered)
        return SendTimes(
            customer_ids=self.everyone[answered],
            hours=np.full(n, UNKNOWN) if hours is None else hours.slots[answered],
            hour_sources=np.full(n, NO_HOURS)
            if hours is None
            else self._sources(hours, with_hour, channel=channel)[answered],
            weekdays=days.slots[answered],
            weekday_sources=self._sources(days, self.moments, channel=channel)[answered],
            hour_habits=hours,
            weekday_habits=days,
        )

    def _fit_slots(
        self,
        moments: CustomerMoments,
        slots: NDArray[np.int64],
        *,
        cycle: Cycle,
        channel: str,
        allowed: NDArray[np.bool_],
    ) -> SlotChoice:
        seen = Observations(
            cycle=cycle,
            rows=codes_of(moments.customer_ids, self.everyone).astype(np.int64),
            slots=slots,
            may_decide=moments.channels == channel if channel else np.ones(len(moments), bool),
            allowed=allowed,
            may_be_any=cycle is DAYS_OF_WEEK,
        )
        return fit_habits(seen, list(self._levels(moments, channel)))

    def _levels(self, moments: CustomerMoments, channel: str) -> Iterator[Level]:
        """From the simplest to the most personal."""
        n, all_moments = len(self.everyone), np.ones(len(moments), bool)
        together, of_channel = np.zeros(n, np.int64), moments.channels == channel
        yield Level(COMMON, together, all_moments)
        if channel:
            yield Level(CHANNEL, together, of_channel)
        if self.names:
            yield Level(SEGMENT, self.groups, of_channel if channel else all_moments)
        yield Level(OWN, np.arange(n), all_moments, is_personal=True)
        if channel:
            yield Level(OWN_IN_CHANNEL, np.arange(n), of_channel, is_personal=True)

    def _sources(self, habits: SlotChoice, moments: CustomerMoments, *, channel: str) -> NDArray[np.str_]:
        """What each customer's slot comes from, in words, (customers,)."""
        if habits.level == ANY:
            return np.full(len(self.everyone), ANY_DAY)
        common = f"all responses by {channel}" if channel and habits.level != COMMON else COMMON
        shared = np.full(len(self.everyone), common)
        if self.names and habits.level not in (COMMON, CHANNEL):
            names = np.array([f"segment: {name}" for name in self.names] + [common])
            shared = names[self.groups]
        if habits.level not in (OWN, OWN_IN_CHANNEL):
            return shared
        is_counted = moments.channels == channel if habits.level == OWN_IN_CHANNEL else np.ones(len(moments), bool)
        own = _describe_counts(moments.take(is_counted), self.everyone, channel=channel)
        weights = 100 * habits.n_moments / (habits.n_moments + habits.weights[habits.level])
        return np.where(habits.n_moments > 0, np.char.add(own, np.char.mod(" (weight %.0f %%)", weights)), shared)


def _describe_counts(moments: CustomerMoments, everyone: NDArray[np.str_], *, channel: str) -> NDArray[np.str_]:
    """'own: 34 purchases and 1 response', (customers,)."""
    rows = codes_of(moments.customer_ids, everyone)
    words = np.full(len(everyone), "", dtype=object)
    for kind in KINDS:
        counts = np.bincount(rows[moments.kinds == kind], minlength=len(everyone))
        named = np.where(counts == 1, kind, f"{kind}s").astype(object)
        part = np.char.mod("%d ", counts).astype(object) + named
        words = np.where(counts > 0, words + np.where(words == "", "", " and ").astype(object) + part, words)
    where = f" by {channel}" if channel and len(moments) and (moments.kinds == RESPONSE).all() else ""
    return ("own: " + words + where).astype(str)


def find_allowed_hours(policy: ContactPolicy) -> NDArray[np.bool_]:
    """(24,) whether a contact may be made at any minute of each hour. Raises BadInput where no hour is left."""
    minutes = np.datetime64("1970-01-01T00:00:00") + np.arange(HOURS * 60).astype("timedelta64[m]")
    is_quiet_minute = np.broadcast_to(is_quiet(minutes, policy), len(minutes)).reshape(HOURS, 60)
    allowed = np.array([not hour.any() for hour in is_quiet_minute])
    if not allowed.any():
        raise BadInput(
            f"[contact_policy] quiet_from = {policy.quiet_from:%H:%M} and quiet_until = {policy.quiet_until:%H:%M} "
            "leave no full hour for contacts; set hours such as 21:00 and 09:00"
        )
    return allowed


def next_send_times(
    after: np.datetime64,
    hours: NDArray[np.int64],
    *,
    weekdays: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    within_days: int = WEEKDAYS,
) -> NDArray[np.datetime64]:
    """The next best moment for each customer at or after a local moment, (customers,) datetime64[s].

    The best hour of the best weekday, if that weekday comes within this many days; otherwise the best hour of the
    first day on which it still comes. Where no hour is known, it is the first allowed one. A weekday of UNKNOWN is not
    waited for.
    """
    now = after.astype("datetime64[s]")
    today = now.astype("datetime64[D]")
    first = _first_slots(now, hours, allowed=allowed)
    ahead = np.where(weekdays == UNKNOWN, 0, (weekdays - weekdays_of(first)) % WEEKDAYS)
    on_weekday = first.astype("datetime64[D]") + ahead
    waits = (ahead > 0) & ((on_weekday - today) / DAY < within_days)
    hour = np.where(hours == UNKNOWN, int(np.flatnonzero(allowed)[0]), hours)
    at_hour = on_weekday.astype("datetime64[s]") + hour.astype("timedelta64[h]")
    return np.where(waits, at_hour, first)


def _first_slots(now: np.datetime64, hours: NDArray[np.int64], *, allowed: NDArray[np.bool_]) -> NDArray[np.datetime64]:
    """The first moment at or after `now` within the hour of each customer; within any allowed hour where unknown."""
    coming = now.astype("datetime64[h]") + np.arange(2 * HOURS)
    of_day = coming.astype(np.int64) % HOURS
    place_by_hour = np.array(
        [int((of_day == hour).argmax()) for hour in range(HOURS)] + [int(allowed[of_day].argmax())]
    )
    return np.maximum(coming[place_by_hour[hours]].astype("datetime64[s]"), now)
