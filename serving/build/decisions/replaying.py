"""Replays stored runs of `kizuna decide` with other offers, rules, limits or exploration.

    stored run       customer, decision, its propensity         what was done, and with which probability
    same customers   the other terms, at the same moment        P(each option) of the other policy

Left out are customers of control groups, who get nothing under either policy, and decisions of campaigns, which go on
by themselves. A customer of the run without a stored decision got nothing for certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from core.control_group import PermanentControlGroup
from core.decisions import DecisionRow
from models.policies.candidates import Option
from models.policies.contact_choice import contact_probabilities
from serving.build.decisions.deciding import DecisionRun, daily_decision_id, state_run
from serving.decisions.store import ContactHistory
from serving.offers.candidates import offers_of
from serving.release.release import Release

NO_CONTACT = "nothing"


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """The stored decisions of one day's run."""

    now: datetime
    "Local time of the first decision."
    release_id: str | None
    rows: Mapping[str, DecisionRow]
    "By customer."

    @property
    def day(self) -> date:
        """The day of the run."""
        return self.now.date()


@dataclass(frozen=True, kw_only=True)
class ReplayedRun:
    """What was decided for n customers, and what the other policy would have decided."""

    run: StoredRun
    customer_ids: NDArray[np.str_]
    "(n,)."
    choices: tuple[str, ...]
    "(n,) names of what was decided: an offer with its channel, or NO_CONTACT."
    propensities: NDArray[np.float64]
    "(n,) P(what was decided)."
    costs: NDArray[np.float64]
    "(n,) of the contact that was made, base currency."
    names: tuple[str, ...]
    "(m + 1,) of the columns of `target`, NO_CONTACT last."
    target: NDArray[np.float64]
    "(n, m + 1) P(each option) of the other policy."
    n_control: int
    "Customers who were left out because they are of a control group."
    n_of_campaigns: int
    "Customers who were left out because a campaign contacted them."


def group_runs(decisions: Sequence[DecisionRow], *, data_set: str) -> list[StoredRun]:
    """The runs of `kizuna decide` among stored decisions, oldest first; requests of websites are no part of one."""
    by_day = dict[date, list[DecisionRow]]()
    for one in decisions:
        day = one.decided_at.date()
        if one.decision_id == daily_decision_id(data_set, one.customer_id, day=day):
            by_day.setdefault(day, []).append(one)
    return [
        StoredRun(
            now=min(one.decided_at for one in rows),
            release_id=rows[0].release_id,
            rows={one.customer_id: one for one in rows},
        )
        for _, rows in sorted(by_day.items())
    ]


def replay_run(
    run: StoredRun, release: Release, *, control: PermanentControlGroup, history: ContactHistory
) -> ReplayedRun:
    """Replay a run with the offers and terms of a release of that day.

    `control` is the control group of the run; of the history, what happened between the cutoff of the release and the
    run counts.
    """
    before = history.between(datetime.combine(release.description.cutoff, time()), run.now)
    state = state_run(release, DecisionRun(now=run.now, history=before))
    ids = state.candidates.customers.contacts.customer_ids
    rows = [run.rows.get(name) for name in ids.tolist()]
    of_campaign = np.array([row is not None and row.campaign_id is not None for row in rows])
    in_control = control.members(ids) | offers_of(release).terms.control.members(ids)
    in_control |= np.array([row is not None and not row.treated for row in rows])
    kept = np.flatnonzero(~of_campaign & ~in_control)
    stored = [rows[place] for place in kept.tolist()]
    return ReplayedRun(
        run=run,
        customer_ids=ids[kept],
        choices=tuple(NO_CONTACT if one is None else _name(one.offer_id, one.channel) for one in stored),
        propensities=np.array([1.0 if one is None else one.choice_propensity for one in stored]),
        costs=np.array([0.0 if one is None else one.cost for one in stored]),
        names=(*map(name_option, state.candidates.options), NO_CONTACT),
        target=contact_probabilities(state.problem)[kept],
        n_control=int((in_control & ~of_campaign).sum()),
        n_of_campaigns=int(of_campaign.sum()),
    )


def name_option(option: Option) -> str:
    """An option in words: the offer, and its channel if it has one."""
    return _name(option.offer.offer_id, option.channel)


def _name(offer_id: str | None, channel: str | None) -> str:
    if offer_id is None:
        return NO_CONTACT
    return offer_id if channel is None else f"{offer_id} by {channel}"
