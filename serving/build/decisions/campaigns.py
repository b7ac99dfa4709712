"""The contacts that running campaigns have due today, as options of the customers of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign
from core.decisions import NoContact
from core.interactions import codes_of
from models.policies.campaign_contacts import NO_STEP, CampaignContacts
from models.policies.candidates import ALLOWED, Option, code_of
from models.policies.excluded_customers import combine_reasons
from serving.offers.candidates import OfferCandidates, offers_of
from serving.offers.options import list_options
from serving.release.release import Release


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


def collect_due(
    release: Release, campaigns: Mapping[str, Campaign], *, contacts: Mapping[str, CampaignContacts]
) -> list[DueCampaign]:
    """The contacts of each campaign with customers of the release; a campaign without any is left out."""
    ids, due = offers_of(release).index.names(), list[DueCampaign]()
    for name, own in contacts.items():
        rows = codes_of(own.customer_ids, ids).astype(np.int64)
        known_contacts = own.take(rows >= 0)
        if len(known_contacts):
            due.append(
                DueCampaign(
                    campaign_id=name, offer_ids=campaigns[name].offer_ids, contacts=known_contacts, rows=rows[rows >= 0]
                )
            )
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
