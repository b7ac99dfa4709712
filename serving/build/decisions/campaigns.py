"""The contacts that running campaigns have due today, as options of the customers of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.campaigns import CampaignEvent, CampaignState, state_of
from core.config.campaigns import Campaign
from core.decisions import DecisionOutcome, DecisionRow, NoContact
from core.interactions import codes_of
from models.policies.campaign_contacts import NO_STEP, CampaignContacts, CampaignHistory, due_contacts
from models.policies.candidates import ALLOWED, Option, code_of
from models.policies.excluded_customers import combine_reasons
from serving.offers.candidates import OfferCandidates, offers_of
from serving.offers.options import list_options
from serving.release.release import Release


@dataclass(frozen=True, kw_only=True)
class CampaignRecord:
    """What the store has of the campaigns."""

    events: Mapping[str, Sequence[CampaignEvent]]
    "By campaign, oldest first."
    decisions: Mapping[str, Sequence[DecisionRow]]
    outcomes: Mapping[str, Sequence[DecisionOutcome]]


@dataclass(frozen=True, kw_only=True)
class DueCampaign:
    """The contacts of one campaign today, and the row of each customer in the release's offers."""

    campaign_id: str
    offer_ids: tuple[str, ...]
    contacts: CampaignContacts
    rows: NDArray[np.int64]
    "(k,)"

    def find(self, row: int) -> int | None:
        """The place of a customer's contact; None if nothing is due."""
        places = np.flatnonzero(self.rows == row)
        return int(places[0]) if len(places) else None


def find_due_campaigns(
    release: Release, campaigns: Mapping[str, Campaign], *, record: CampaignRecord, today: date
) -> list[DueCampaign]:
    """The contacts of the running campaigns; a campaign without any is left out."""
    part, due = offers_of(release), list[DueCampaign]()
    ids = part.index.names()
    for name, campaign in campaigns.items():
        events = record.events.get(name, ())
        if state_of(list(events)) != CampaignState.RUNNING or name not in part.audiences:
            continue
        history = CampaignHistory(decisions=record.decisions.get(name, ()), outcomes=record.outcomes.get(name, ()))
        contacts = due_contacts(
            name,
            campaign,
            customer_ids=ids,
            in_audience=part.audiences[name],
            stage_percent=events[-1].stage_percent,
            today=today,
            history=history,
        )
        if len(contacts):
            rows = codes_of(contacts.customer_ids, ids).astype(np.int64)
            due.append(DueCampaign(campaign_id=name, offer_ids=campaign.offer_ids, contacts=contacts, rows=rows))
    return due


def list_campaign_options(release: Release, due: Sequence[DueCampaign]) -> tuple[Option, ...]:
    """The offers of the campaigns in each of their channels."""
    part = offers_of(release)
    by_id = {offer.offer_id: offer for offer in part.book.offers}
    return tuple(
        replace(option, campaign_id=campaign.campaign_id)
        for campaign in due
        for option in list_options(
            [by_id[offer_id] for offer_id in campaign.offer_ids if offer_id in by_id], part.terms.settings.channels
        )
    )


def restrict_to_due(candidates: OfferCandidates, due: Sequence[DueCampaign]) -> OfferCandidates:
    """Allow the options of a campaign to the customers that it contacts today, but not to its control group."""
    shape = candidates.codes.shape
    not_due, control = np.zeros(shape, np.int8), np.zeros(shape, np.int8)
    by_id = {campaign.campaign_id: campaign for campaign in due}
    for place, option in enumerate(candidates.options):
        if option.campaign_id is None:
            continue
        campaign = by_id[option.campaign_id]
        is_offer = np.isin(campaign.contacts.offer_ids, ("", option.offer.offer_id))
        not_due[:, place] = code_of(NoContact.NOT_ELIGIBLE)
        not_due[campaign.rows[is_offer], place] = ALLOWED
        control[campaign.rows[is_offer & ~campaign.contacts.treated], place] = code_of(NoContact.CONTROL_GROUP)
    return replace(
        candidates,
        codes=combine_reasons(candidates.codes, not_due, control),
        codes_outside_control=combine_reasons(candidates.codes_outside_control, not_due),
    )


def find_campaign_controls(candidates: OfferCandidates, due: Sequence[DueCampaign]) -> NDArray[np.bool_]:
    """(n, m) whether each customer is of the control group of the option's campaign, and would be contacted today."""
    controls, by_id = np.zeros(candidates.codes.shape, dtype=bool), {one.campaign_id: one for one in due}
    for place, option in enumerate(candidates.options):
        if option.campaign_id is not None:
            campaign = by_id[option.campaign_id]
            controls[campaign.rows[~campaign.contacts.treated], place] = True
    return controls & (candidates.codes_outside_control == ALLOWED)


@dataclass(frozen=True, kw_only=True)
class CampaignEntry:
    """The part that a campaign has in a decision."""

    stage_percent: int | None = None
    step: int | None = None
    propensity: float = 1.0
    "P(treated), by the campaign's control group."


def find_entry(due: Sequence[DueCampaign], option: Option, *, row: int) -> CampaignEntry:
    """The entry of the customer in a row into the option's campaign; that of no campaign for other options."""
    campaign = next((one for one in due if one.campaign_id == option.campaign_id), None)
    place = None if campaign is None else campaign.find(row)
    if campaign is None or place is None:
        return CampaignEntry()
    step = int(campaign.contacts.steps[place])
    return CampaignEntry(
        stage_percent=int(campaign.contacts.stage_percent[place]),
        step=None if step == NO_STEP else step,
        propensity=float(campaign.contacts.propensities[place]),
    )
