"""How many contacts a month pay, for all customers and for each group, from the campaigns with a control group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.contact_answers import UnsubscribeRows
from insights.report.attribute_groups import Grouping
from insights.report.campaign_data import CampaignCustomers
from insights.report.figure import ALL
from models.policies.frequency import FrequencyLimit, FrequencyTerms, limit_frequency


@dataclass(frozen=True, kw_only=True)
class GroupFrequency:
    """The limit of one group of customers."""

    by: str
    "The way to group; ALL for all customers."
    group: str
    limit: FrequencyLimit


def review_frequency(
    customers: CampaignCustomers | None, *, config: Config, margin_rate: float, groupings: Sequence[Grouping]
) -> tuple[GroupFrequency, ...]:
    """The limits of all customers and of each group; none where it is not on record who acts and what they spend.

    What a customer is worth is the gross margin of the year before the contact.
    """
    if customers is None or customers.acted is None or customers.revenue is None:
        return ()
    usable = customers.take(customers.is_mature & ~customers.in_both)
    return tuple(
        GroupFrequency(by=by, group=group, limit=_limit(usable.take(rows), config=config, margin_rate=margin_rate))
        for by, group, rows in _list_groups(usable, groupings)
        if rows.any()
    )


def _list_groups(
    customers: CampaignCustomers, groupings: Sequence[Grouping]
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    yield ALL, "", np.ones(len(customers), bool)
    for grouping in groupings:
        for name, rows in grouping.masks(customers.customer_ids):
            yield grouping.by, name, rows


def _limit(customers: CampaignCustomers, *, config: Config, margin_rate: float) -> FrequencyLimit:
    unsubscribed = customers.unsubscriptions
    rows = UnsubscribeRows(
        treated=customers.treated,
        propensities=customers.propensities,
        unsubscribed=np.zeros(len(customers), bool) if unsubscribed is None else unsubscribed,
        recent_contacts=customers.recent_contacts,
    )
    acted = np.zeros(len(customers), bool) if customers.acted is None else customers.acted
    terms = FrequencyTerms(
        margin=margin_rate * _mean(customers.revenue, acted),
        cost=_mean(customers.costs, customers.treated),
        remaining_value=max(0.0, margin_rate * _mean(customers.spent_before, np.ones(len(customers), bool))),
        assumed_fatigue=config.decisions.fatigue,
    )
    return limit_frequency(rows, acted, terms=terms, policy=config.contact_policy)


def _mean(values: NDArray[np.float64] | None, rows: NDArray[np.bool_]) -> float:
    return 0.0 if values is None or not rows.any() else float(values[rows].mean())
