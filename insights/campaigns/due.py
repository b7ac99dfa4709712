"""What every running campaign does on one day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign
from insights.campaigns.audience import Audiences, find_audiences
from insights.segments import Risks
from models.policies.campaign_contacts import CampaignContacts, CampaignHistory, due_contacts
from tables.tables import Tables


def find_due_contacts(
    tables: Tables,
    campaigns: Mapping[str, Campaign],
    *,
    stages: Mapping[str, int],
    histories: Mapping[str, CampaignHistory],
    risks: Risks,
    today: date,
) -> dict[str, CampaignContacts]:
    """The contacts of today and the customers of control groups who enter, by campaign.

    `campaigns` are the running ones, `stages` their per cent. For a trigger that may last, such as a drop in usage,
    only customers enter who did not fit a day before the cutoff.
    """
    if not campaigns:
        return {}
    cutoff = tables.default_cutoff()
    now = find_audiences(tables, campaigns, cutoff=cutoff, risks=risks)
    lasting = {name: one for name, one in campaigns.items() if one.trigger is not None and one.trigger.is_state}
    before = find_audiences(tables, lasting, cutoff=cutoff - timedelta(days=1), risks=risks) if lasting else None
    return {
        name: due_contacts(
            name,
            campaign,
            customer_ids=now.customer_ids[now.may_contact],
            in_audience=now.in_audience[name][now.may_contact],
            stage_percent=stages[name],
            today=today,
            history=histories.get(name),
            was_in_audience=None
            if before is None or name not in lasting
            else _find_earlier(before, name, customer_ids=now.customer_ids[now.may_contact]),
        )
        for name, campaign in campaigns.items()
    }


def _find_earlier(before: Audiences, name: str, *, customer_ids: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each customer was in an audience then, (n,); who was no customer then was not."""
    return np.isin(customer_ids, before.customer_ids[before.in_audience[name]])
