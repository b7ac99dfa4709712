"""Which customers are the audience of each campaign, by the tables of a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign
from core.config.customers import segment_variable
from features.abandoned_carts import find_abandoned_carts
from features.cohort import select_cohort
from features.pipeline import compute_features
from features.segments.rule_variables import features_for_rules
from insights.segments import Risks
from models.policies.campaign_audience import find_audience
from tables.consents import customers_refusing
from tables.tables import Tables


@dataclass(frozen=True)
class Audiences:
    """The audiences of some campaigns on one day."""

    customer_ids: NDArray[np.str_]
    "(n,) the customers of the cutoff, sorted."
    may_contact: NDArray[np.bool_]
    "(n,) False for customers who refuse contact."
    in_audience: Mapping[str, NDArray[np.bool_]]
    "(n,) by campaign: fits its rule or segment, and its trigger; customers who refuse contact included."


def find_audiences(tables: Tables, campaigns: Mapping[str, Campaign], *, cutoff: date, risks: Risks) -> Audiences:
    """The audience of each campaign, from data known before midnight of the cutoff and the scores of a release."""
    names = features_for_rules(tables.config)
    features = compute_features(tables, select_cohort(tables, [cutoff]), names=names)
    customers, variables = features.customer_ids, risks.variables(tables, features)
    segments = {one.segment for one in campaigns.values() if one.segment is not None}
    memberships = {name: variables[segment_variable(name)] == 1 for name in segments}
    audiences = {
        name: find_audience(
            campaign,
            n_customers=len(customers),
            variables=variables,
            memberships=memberships,
            has_abandoned_cart=_find_carts(campaign, tables, customers=customers, cutoff=cutoff),
        )
        for name, campaign in campaigns.items()
    }
    refusing = customers_refusing(tables, "contact", cutoff=cutoff)
    return Audiences(customers, ~np.isin(customers, refusing), audiences)


def count_audience(tables: Tables, campaign: Campaign, *, risks: Risks) -> tuple[int, int]:
    """The customers who fit the rule or the segment of a campaign today, whatever its trigger; and all customers."""
    is_for_all = campaign.rule is None and campaign.segment is None
    whenever = {} if is_for_all else {"": msgspec.structs.replace(campaign, trigger=None)}
    audiences = find_audiences(tables, whenever, cutoff=tables.default_cutoff(), risks=risks)
    n_customers = len(audiences.customer_ids)
    return n_customers if is_for_all else int(audiences.in_audience[""].sum()), n_customers


def _find_carts(
    campaign: Campaign, tables: Tables, *, customers: NDArray[np.str_], cutoff: date
) -> NDArray[np.bool_] | None:
    trigger = campaign.trigger
    if trigger is None or trigger.kind != "abandoned_cart":
        return None
    return find_abandoned_carts(tables, customers, event=trigger.event, days=trigger.days, cutoff=cutoff)
