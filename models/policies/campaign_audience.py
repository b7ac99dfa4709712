"""Whether each customer belongs to the audience of a campaign today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign
from core.errors import BadInput
from core.rules.rule import Column, parse_rule


class NamedColumns(Protocol):
    """Values of rule variables by name: a mapping, or the variables of a feature table."""

    def __getitem__(self, name: str, /) -> Column:
        """The (n,) values of one variable."""
        ...


def find_audience(
    campaign: Campaign,
    *,
    n_customers: int,
    variables: NamedColumns,
    memberships: Mapping[str, NDArray[np.bool_]],
    has_abandoned_cart: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Whether each customer fits the rule or the segment of a campaign, and its trigger where it has one, (n,).

    `memberships` are those of the segments, (n,) by name. `has_abandoned_cart` is needed by that trigger alone.
    """
    fits = np.ones(n_customers, dtype=np.bool_)
    if campaign.rule is not None:
        fits &= _evaluate(campaign.rule, variables)
    if campaign.segment is not None:
        fits &= memberships[campaign.segment]
    if campaign.trigger is None:
        return fits
    if campaign.trigger.as_rule:
        return fits & _evaluate(campaign.trigger.as_rule, variables)
    if has_abandoned_cart is None:
        raise BadInput("the trigger abandoned_cart needs the table usage; map it under [tables.usage]")
    return fits & has_abandoned_cart


def explain_empty_audience(campaign_id: str, campaign: Campaign, *, n_customers: int) -> str:
    """What to say of a campaign whose audience is empty."""
    parts = [f"rule '{campaign.rule}'"] if campaign.rule else []
    parts += [f"segment '{campaign.segment}'"] if campaign.segment else []
    if campaign.trigger is not None:
        detail = f" ({campaign.trigger.as_rule})" if campaign.trigger.as_rule else ""
        parts.append(f"trigger '{campaign.trigger.kind}'{detail}")
    return (
        f"campaign '{campaign_id}' has an empty audience: none of {n_customers:,} customers fits its "
        f"{' and '.join(parts)}"
    )


def _evaluate(rule: str, variables: NamedColumns) -> NDArray[np.bool_]:
    parsed = parse_rule(rule)
    return parsed.evaluate({name: variables[name] for name in parsed.names()})
