"""How many customers each running campaign has due today, and why it does not contact all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from core.decisions import NoContact
from models.policies.candidates import ALLOWED, REASONS, code_of
from serving.build.decisions.campaigns import DueCampaign
from serving.build.decisions.deciding import Decided

OTHER_OFFER = "other_offer"
"The customer gets an offer outside the campaign."


class CampaignCount(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign does today."""

    campaign_id: str
    due: int
    "Customers whom it has due, its control group included."
    contacted: int
    control_group: int
    not_contacted: dict[str, int]
    "The others by reason, most frequent first."


def count_campaigns(decided: Decided, due: Sequence[DueCampaign]) -> list[CampaignCount]:
    """The counts of each campaign with customers due today; they add up to `due`."""
    counts = list[CampaignCount]()
    for campaign in due:
        options = {
            place: one.offer.offer_id
            for place, one in enumerate(decided.candidates.options)
            if one.campaign_id == campaign.campaign_id
        }
        offer_ids = campaign.contacts.offer_ids.tolist()
        fates = Counter(
            _find_fate(
                decided,
                row,
                campaign_id=campaign.campaign_id,
                options=[place for place, offer in options.items() if due_offer in ("", offer)],
            )
            for row, due_offer in zip(campaign.rows.tolist(), offer_ids, strict=True)
        )
        n_contacted, n_control = fates.pop("contacted", 0), fates.pop("control_group", 0)
        counts.append(
            CampaignCount(
                campaign_id=campaign.campaign_id,
                due=len(campaign.rows),
                contacted=n_contacted,
                control_group=n_control,
                not_contacted=dict(fates.most_common()),
            )
        )
    return counts


def _find_fate(decided: Decided, row: int, *, campaign_id: str, options: list[int]) -> str:
    """What became of a customer; `options` are those of the offers that the campaign has due for them."""
    decision = decided.rows[row]
    if decision.offer_id is not None and decision.campaign_id == campaign_id:
        return "contacted" if decision.treated else "control_group"
    if decision.offer_id is not None:
        return OTHER_OFFER  # first, because in a second run of the day that contact is itself a reason
    codes = decided.chosen.codes[row, options]
    if (codes == code_of(NoContact.CONTROL_GROUP)).any():
        # Of a control group, and would not be contacted without it either: no member whose outcome is compared.
        outside = decided.candidates.codes_outside_control[row, options]
        codes = np.where(outside == ALLOWED, code_of(NoContact.DOES_NOT_PAY), outside)
    if not len(codes) or (codes == ALLOWED).any():
        return str(decision.no_contact)
    return str(REASONS[int(np.max(codes)) - 1])
