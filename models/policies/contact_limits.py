"""Which options the contact policy does not allow: consent, control group, complaints, caps, other campaigns, hours.

consent            every kind of offer; by channel, where customers refuse one
control group      promotional kinds
complaint          promotional kinds, while a ticket is open or a complaint is recent
cap                every kind, on the local day and within 7 days, over all channels and per channel; what the
                   permanent control group would have got limits promotional kinds alone
frequency          promotional kinds, where one more contact in 30 days was shown to lose money
other campaign     promotional kinds, after a promotional contact of another campaign
quiet hours        contacts that are made at once; others wait until the hours are over; none in channels with
                   quiet_hours = false, to which customers come by themselves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.decisions import ChannelSettings, ContactPolicy
from core.contact_state import ContactState
from core.control_group import PermanentControlGroup
from core.decisions import NoContact
from models.policies.candidates import ALLOWED, Option, code_of

Moments = datetime | np.datetime64 | NDArray[np.datetime64]
"Local times: one, one for each customer, (n,), or one for each customer and option, (n, m)."
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, kw_only=True)
class ContactRules:
    """The contact policy with its channels and the permanent control group: what limits contacts."""

    policy: ContactPolicy
    channels: Mapping[str, ChannelSettings]
    control: PermanentControlGroup

    def have_quiet_hours(self, options: Sequence[Option]) -> NDArray[np.bool_]:
        """(m,) whether the channel of each option has the quiet hours."""
        none = ChannelSettings()
        quiet = [self.channels.get(option.channel or "", none).quiet_hours for option in options]
        return np.array(quiet, dtype=np.bool_)

    def policy_of(self, option: Option) -> ContactPolicy:
        """The contact policy, without quiet hours where the channel of the option has none."""
        if self.have_quiet_hours([option]).all():
            return self.policy
        return msgspec.structs.replace(self.policy, quiet_from=None, quiet_until=None)

    def without_control(self) -> ContactRules:
        """The same limits without a control group."""
        return replace(self, control=msgspec.structs.replace(self.control, share=0.0))

    def is_promotional(self, options: Sequence[Option]) -> NDArray[np.bool_]:
        """(m,) whether each option is marketing, which control groups do not get and which waits after complaints."""
        return np.array([option.offer.kind in self.policy.promotional_kinds for option in options], dtype=np.bool_)

    def priority_ranks(self, options: Sequence[Option]) -> NDArray[np.int64]:
        """(m,) the place of each option's kind in `priority`, 0 goes first; other kinds come last, all alike."""
        places = {kind: place for place, kind in enumerate(self.policy.priority)}
        return np.array([places.get(option.offer.kind, len(places)) for option in options], dtype=np.int64)


def choose_control_group(state: ContactState, policy: ContactPolicy, *, data_set: str) -> PermanentControlGroup:
    """The permanent control group of a business; off where too few of these customers may be contacted."""
    return PermanentControlGroup(
        share=policy.control_share,
        salt=policy.control_salt or data_set,
        n_contactable=int((~state.refuses).sum()),
    )


def limit_contacts(
    options: Sequence[Option],
    state: ContactState,
    *,
    rules: ContactRules,
    moments: Moments,
    is_immediate: bool = False,
) -> NDArray[np.int8]:
    """(n, m) the code of the policy's first reason against each contact at its moment; ALLOWED is 0.

    `is_immediate` is for contacts that are made at once, where quiet hours are a reason. For others, move the moments
    with `next_allowed_times` first.
    """
    at, promotional = _broadcast_moments(moments, n=len(state), m=len(options)), rules.is_promotional(options)
    reasons = {
        NoContact.NO_CONSENT: _refuses(options, state),
        NoContact.CONTROL_GROUP: rules.control.members(state.customer_ids)[:, None] & promotional,
        NoContact.COMPLAINT: _has_complained(state, at, policy=rules.policy) & promotional,
        NoContact.CAP: _reaches_cap(options, state, rules=rules, at=at),
        NoContact.FREQUENCY: _loses_money(state, at) & promotional,
        NoContact.OTHER_CAMPAIGN: _follows_other_campaign(options, state, policy=rules.policy, at=at) & promotional,
        NoContact.QUIET_HOURS: is_quiet(at, rules.policy) & rules.have_quiet_hours(options) & is_immediate,
    }
    codes = np.full((len(state), len(options)), ALLOWED, np.int8)
    for reason, holds in reversed(reasons.items()):
        codes[np.broadcast_to(holds, codes.shape)] = code_of(reason)
    return codes


def keep_priority(allowed: NDArray[np.bool_], ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n, m) the allowed options of the best rank that each customer has; ranks, (m,), as in `priority_ranks`."""
    rank = np.where(allowed, ranks, len(ranks) + int(ranks.max(initial=0)))
    return allowed & (rank == rank.min(axis=1, keepdims=True, initial=np.iinfo(np.int64).max))


def is_quiet(moments: NDArray[np.datetime64], policy: ContactPolicy) -> NDArray[np.bool_]:
    """Whether each moment lies in the quiet hours: `quiet_from` does, `quiet_until` does not any more."""
    if policy.quiet_from is None or policy.quiet_until is None:
        return np.zeros(moments.shape, np.bool_)
    since, start, end = moments - moments.astype("datetime64[D]"), _clock(policy.quiet_from), _clock(policy.quiet_until)
    has_begun, is_before_end = np.greater_equal(since, start), np.less(since, end)
    return np.asarray(has_begun & is_before_end if start <= end else has_begun | is_before_end)


def next_allowed_times(moments: NDArray[np.datetime64], policy: ContactPolicy) -> NDArray[np.datetime64]:
    """Each moment, datetime64[s]; one in the quiet hours moves to their end, which may be on the next day."""
    at = moments.astype("datetime64[s]")
    if policy.quiet_until is None:
        return at
    ends = at.astype("datetime64[D]") + _clock(policy.quiet_until)
    return np.where(is_quiet(at, policy), np.where(ends > at, ends, ends + DAY), at)


def _clock(moment: time) -> np.timedelta64:
    return np.timedelta64(moment.hour * 3_600 + moment.minute * 60 + moment.second, "s")


def _broadcast_moments(moments: Moments, *, n: int, m: int) -> NDArray[np.datetime64]:
    """The moments as datetime64[s], (n, 1) where all options share them, otherwise (n, m)."""
    at = np.asarray(moments, "datetime64[s]")
    return np.broadcast_to(at.reshape(-1, 1), (n, 1)) if at.ndim < 2 else np.broadcast_to(at, (n, m))


def _refuses(options: Sequence[Option], state: ContactState) -> NDArray[np.bool_]:
    """(n, m), or (n, 1) where no customer refuses a channel."""
    if not state.refuses_channel or not options:
        return state.refuses[:, None]
    return np.column_stack([state.refuses_in(option.channel) for option in options])


def _has_complained(state: ContactState, at: NDArray[np.datetime64], *, policy: ContactPolicy) -> NDArray[np.bool_]:
    """(n, 1) or (n, m); a comparison with NaT is false."""
    age = at - state.last_complaint_at[:, None]
    return state.has_open_ticket[:, None] | (age < np.timedelta64(policy.complaint_days, "D"))


def _reaches_cap(
    options: Sequence[Option], state: ContactState, *, rules: ContactRules, at: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    """(n, m) whether one more contact would exceed a cap."""
    reached = np.zeros((len(state), len(options)), np.bool_)
    columns, promotional = _columns(at, len(options)), rules.is_promotional(options)
    for column, moments in enumerate(columns):
        alike = (
            place
            for place in range(column)
            if options[place].channel == options[column].channel
            and promotional[place] == promotional[column]
            and np.array_equal(columns[place], moments)
        )
        if (earlier := next(alike, None)) is not None:
            reached[:, column] = reached[:, earlier]
        else:
            limiting = state.contacts.made | promotional[column]
            channel = options[column].channel
            reached[:, column] = _is_capped(state, moments, rules=rules, channel=channel, limiting=limiting)
    return reached


def _loses_money(state: ContactState, at: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Whether one more contact is above the limit that was measured: of the shape of `at`, or (n, 1) without limits."""
    if state.max_per_month is None or not at.size:
        return np.zeros((len(state), 1), np.bool_)
    return np.column_stack([state.reaches_monthly_limit(moments) for moments in at.T])


def _is_capped(
    state: ContactState,
    moments: NDArray[np.datetime64],
    *,
    rules: ContactRules,
    channel: str | None,
    limiting: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(n,) by all contacts that are `limiting`, (k,), and by those of the channel."""
    policy, own = rules.policy, rules.channels.get(channel or "", ChannelSettings())
    capped = state.count_on_day(moments, selected=limiting) >= policy.max_per_day
    capped |= state.count_in_week(moments, selected=limiting) >= policy.max_per_week
    of_channel = limiting & (state.contacts.channels == (channel or ""))
    if own.max_per_day is not None:
        capped |= state.count_on_day(moments, selected=of_channel) >= own.max_per_day
    if own.max_per_week is not None:
        capped |= state.count_in_week(moments, selected=of_channel) >= own.max_per_week
    return capped


def _follows_other_campaign(
    options: Sequence[Option], state: ContactState, *, policy: ContactPolicy, at: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    """(n, m) whether a promotional contact of another campaign is too recent."""
    contacts, follows = state.contacts, np.zeros((len(state), len(options)), np.bool_)
    for column, moments in enumerate(_columns(at, len(options))):
        of_others = contacts.promotional & (contacts.campaigns != (options[column].campaign_id or ""))
        follows[:, column] = state.has_since(moments, days=policy.other_campaign_days, selected=of_others)
    return follows


def _columns(at: NDArray[np.datetime64], m: int) -> list[NDArray[np.datetime64]]:
    """The moments of each option, each (n,)."""
    return [at[:, min(column, at.shape[1] - 1)] for column in range(m)]
