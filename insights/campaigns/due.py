"""What every running campaign does on one day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign
from insights.campaigns.audience import find_audiences
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
    load_earlier_risks: Callable[[date], Risks],
    today: date,
) -> dict[str, CampaignContacts]:
    """The contacts of today and the customers of control groups who enter, by campaign.

    `campaigns` are the running ones, `stages` their per cent. `load_earlier_risks` gives the scores as known on a day.
    For a trigger that may last, such as a drop in usage, only customers enter who did not fit `days` before the
    cutoff. A customer whom a limit keeps from the contact of the first day, or a day without a run, can so be
    contacted on a later one.
    """
    if not campaigns:
        return {}
    cutoff = tables.default_cutoff()
    now = find_audiences(tables, campaigns, cutoff=cutoff, risks=risks)
    customers = now.customer_ids[now.may_contact]
    earlier = _find_earlier(tables, campaigns, customers=customers, cutoff=cutoff, load_risks=load_earlier_risks)
    return {
        name: due_contacts(
            name,
            campaign,
            customer_ids=customers,
            in_audience=now.in_audience[name][now.may_contact],
            stage_percent=stages[name],
            today=today,
            history=histories.get(name),
            was_in_audience=earlier.get(name),
        )
        for name, campaign in campaigns.items()
    }


def _find_earlier(
    tables: Tables,
    campaigns: Mapping[str, Campaign],
    *,
    customers: NDArray[np.str_],
    cutoff: date,
    load_risks: Callable[[date], Risks],
) -> dict[str, NDArray[np.bool_]]:
    """For each campaign whose trigger may last, which customers were in its audience `days` before the cutoff, (n,)."""
    by_days = dict[int, dict[str, Campaign]]()
    for name, one in campaigns.items():
        if one.trigger is not None and one.trigger.is_state:
            by_days.setdefault(one.trigger.days, {})[name] = one
    earlier = dict[str, NDArray[np.bool_]]()
    for days, lasting in by_days.items():
        day = cutoff - timedelta(days=days)
        before = find_audiences(tables, lasting, cutoff=day, risks=load_risks(day))
        earlier |= {name: np.isin(customers, before.customer_ids[before.in_audience[name]]) for name in lasting}
    return earlier
