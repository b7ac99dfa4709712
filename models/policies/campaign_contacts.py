"""Whom a campaign contacts today: who enters, who of them is the control group, and which step of a journey is due.

      0 %        stage                                                 100 %
       |-----------|-----------------------------------------------------|    the audience, in the order of its hash
       enter today   wait for the next stage

       customers who enter:  a share, by another hash, is the control group and gets nothing

A customer stays where the hashes place it: a larger stage contains the smaller one, and the control group of a
campaign is the same in every run. A customer enters once, or again after some days, and a customer of the control
group has one decision for each time it enters, on the day on which it would have been contacted first. That makes
both groups comparable from the same day on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign, JourneyStep
from core.control_group import hash_shares, in_control_group
from core.decisions import DecisionOutcome, DecisionRow, OutcomeKind
from core.ids import digest_of

NO_STEP = -1
REACTIONS = {"opened": OutcomeKind.OPENED, "clicked": OutcomeKind.CLICKED, "converted": OutcomeKind.CONVERTED}
ENDS_JOURNEY = frozenset({OutcomeKind.UNSUBSCRIBED, OutcomeKind.COMPLAINED})


@dataclass(frozen=True, kw_only=True)
class CampaignContacts:
    """The decisions that a campaign makes on one day; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    offer_ids: NDArray[np.str_]
    "'' where the campaign has several offers: the policy chooses the one worth most."
    treated: NDArray[np.bool_]
    "False for the control group of the campaign, which gets nothing."
    propensities: NDArray[np.float64]
    "P(treated), for both groups."
    stage_percent: NDArray[np.int64]
    "The stage at which the customer entered."
    steps: NDArray[np.int64]
    "Place among the steps of a journey; NO_STEP without one."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: NDArray[np.bool_]) -> CampaignContacts:
        """The decisions that a mask selects."""
        return CampaignContacts(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class CampaignHistory:
    """What a campaign has done so far, and what came of it."""

    decisions: Sequence[DecisionRow] = ()
    "Of this campaign; those of today and later are ignored, so that a second run on a day gives the same contacts."
    outcomes: Sequence[DecisionOutcome] = ()
    "Of these decisions."


@dataclass(frozen=True)
class _Entry:
    """The decisions about a customer since it entered last."""

    decisions: list[DecisionRow]
    reactions: frozenset[OutcomeKind]

    @property
    def is_treated(self) -> bool:
        return self.decisions[0].treated

    @property
    def entered_on(self) -> date:
        return self.decisions[0].decided_at.date()


def due_contacts(
    campaign_id: str,
    campaign: Campaign,
    *,
    customer_ids: NDArray[np.str_],
    in_audience: NDArray[np.bool_],
    stage_percent: int,
    today: date,
    history: CampaignHistory | None = None,
    was_in_audience: NDArray[np.bool_] | None = None,
) -> CampaignContacts:
    """The contacts of one day, and the customers of the control group who would be contacted for the first time.

    `in_audience` is (n,): may be contacted and fits the campaign today. `was_in_audience` is the same some
    days ago: given it, only customers enter who did not fit then. `stage_percent` is that of the running campaign; 0
    contacts none.
    """
    entries = _find_entries(history or CampaignHistory(), today)
    contacts = _no_contacts()
    if stage_percent and campaign.starts_on <= today and (campaign.ends_on is None or today <= campaign.ends_on):
        may_enter = in_audience if was_in_audience is None else in_audience & ~was_in_audience
        contacts = _enter(
            campaign_id, campaign, customers=customer_ids[may_enter], stage_percent=stage_percent, today=today,
            entries=entries,
        )  # fmt: skip
        if campaign.is_journey:
            entering = set(contacts.customer_ids.tolist())
            present = [one for one in customer_ids.tolist() if one in entries and one not in entering]
            contacts = _join(contacts, _continue_journeys(campaign, entries, customers=present, today=today))
    return contacts


def in_stage(campaign_id: str, customer_ids: NDArray[np.str_], *, stage_percent: int) -> NDArray[np.bool_]:
    """Whether each customer is of the share of the audience that a stage contacts, (n,)."""
    return hash_shares(f"{campaign_id}:stage", customer_ids) < stage_percent / 100


def in_campaign_control(campaign_id: str, customer_ids: NDArray[np.str_], *, share: float) -> NDArray[np.bool_]:
    """Whether each customer is of the control group of a campaign, (n,); independent of the stage."""
    return in_control_group(customer_ids, share=share, salt=f"{campaign_id}:control")


def decision_id_of(data_set: str, campaign_id: str, *, customer_id: str, day: date) -> str:
    """The id of a campaign's decision about a customer on a day: a second run gives the same one."""
    return digest_of(["campaign", data_set, campaign_id, customer_id, day])


def _enter(
    campaign_id: str,
    campaign: Campaign,
    *,
    customers: NDArray[np.str_],
    stage_percent: int,
    today: date,
    entries: Mapping[str, _Entry],
) -> CampaignContacts:
    customers = customers[in_stage(campaign_id, customers, stage_percent=stage_percent)]
    is_new = [_may_enter(campaign, entries.get(one), today=today) for one in customers.tolist()]
    customers = customers[np.array(is_new, dtype=np.bool_)]
    n, share = len(customers), campaign.control_share
    offer = campaign.offer_ids[0] if campaign.is_journey or len(campaign.offers) == 1 else ""
    return CampaignContacts(
        customer_ids=customers,
        offer_ids=np.full(n, offer),
        treated=~in_campaign_control(campaign_id, customers, share=share),
        propensities=np.full(n, 1.0 - share),
        stage_percent=np.full(n, stage_percent),
        steps=np.full(n, 0 if campaign.is_journey else NO_STEP),
    )


def _may_enter(campaign: Campaign, entry: _Entry | None, *, today: date) -> bool:
    if entry is None:
        return True
    days = campaign.reentry_days
    return days is not None and today >= entry.entered_on + timedelta(days=days)


def _continue_journeys(
    campaign: Campaign, entries: Mapping[str, _Entry], *, customers: Sequence[str], today: date
) -> CampaignContacts:
    due = [
        (one, place)
        for one in customers
        if (place := _find_due_step(campaign.steps, entries[one], today=today)) is not None
    ]
    first = [entries[one].decisions[0] for one, _ in due]
    return CampaignContacts(
        customer_ids=np.array([one for one, _ in due], dtype=np.str_),
        offer_ids=np.array([campaign.steps[place].offer for _, place in due], dtype=np.str_),
        treated=np.ones(len(due), dtype=np.bool_),
        propensities=np.array([one.propensity for one in first], dtype=np.float64),
        stage_percent=np.array([one.stage_percent or 100 for one in first], dtype=np.int64),
        steps=np.array([place for _, place in due], dtype=np.int64),
    )


def _find_due_step(steps: Sequence[JourneyStep], entry: _Entry, *, today: date) -> int | None:
    """The first step after the last one made whose day has come and whose condition holds; None if there is none."""
    if not entry.is_treated or entry.reactions & ENDS_JOURNEY:
        return None
    last = entry.decisions[-1]
    due_on = last.decided_at.date()
    for place in range((last.step or 0) + 1, len(steps)):
        due_on += timedelta(days=steps[place].after_days)
        if due_on > today:
            return None
        if _holds(steps[place].only_if, entry.reactions):
            return place
    return None


def _holds(condition: str, reactions: frozenset[OutcomeKind]) -> bool:
    if not condition:
        return True
    reacted = REACTIONS[condition.removeprefix("not_")] in reactions
    return reacted != condition.startswith("not_")


def _find_entries(history: CampaignHistory, today: date) -> dict[str, _Entry]:
    """By customer: the decisions since it entered last, oldest first, and how it reacted to them."""
    start = datetime.combine(today, time())
    by_customer = dict[str, list[DecisionRow]]()
    for decision in sorted(history.decisions, key=lambda one: one.decided_at):
        if decision.decided_at < start:
            if not decision.step:  # it enters
                by_customer[decision.customer_id] = []
            by_customer.setdefault(decision.customer_id, []).append(decision)
    kinds = dict[str, set[OutcomeKind]]()
    for outcome in history.outcomes:
        kinds.setdefault(outcome.decision_id, set()).add(outcome.kind)
    return {
        customer: _Entry(decisions, frozenset().union(*(kinds.get(one.decision_id, ()) for one in decisions)))
        for customer, decisions in by_customer.items()
    }


def _no_contacts() -> CampaignContacts:
    return CampaignContacts(
        customer_ids=np.empty(0, np.str_),
        offer_ids=np.empty(0, np.str_),
        treated=np.empty(0, np.bool_),
        propensities=np.empty(0, np.float64),
        stage_percent=np.empty(0, np.int64),
        steps=np.empty(0, np.int64),
    )


def _join(*parts: CampaignContacts) -> CampaignContacts:
    columns = CampaignContacts.__dataclass_fields__
    return CampaignContacts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns})
