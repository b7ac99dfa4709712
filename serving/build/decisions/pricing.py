"""Prices budgets and capacities for requests, which come one by one: by an allocation to all customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import msgspec

from core.errors import BadInput
from serving.build.decisions.deciding import DecisionRun, decide_customers
from serving.offers.stating import spending_limits
from serving.release.release import Release

NOON = time(12)


def price_offers(release: Release) -> Release:
    """The release with the prices of its budget and capacities at the cutoff; as it is where nothing is scarce."""
    part = release.offers
    if part is None or not spending_limits(part.terms).are_scarce:
        return release
    try:
        decided = decide_customers(release, DecisionRun(now=datetime.combine(release.description.cutoff, NOON)))
    except BadInput:  # a budget below the cheapest contact; each request keeps to it without a price
        return release
    terms = msgspec.structs.replace(
        part.terms, prices=decided.chosen.prices, share_at_price=decided.chosen.share_at_price
    )
    return replace(release, offers=replace(part, terms=terms))
