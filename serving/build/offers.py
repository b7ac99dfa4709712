"""Builds the offers of a release."""

from __future__ import annotations

from collections.abc import Mapping

from features.segments.ranks import with_ranks
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.offer_part import OfferPart
from serving.release.release import ReleasePart
from tables.assortment import load_offer_book
from tables.consents import customers_refusing


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Store the offers, what their rules use, and who refuses contact. Raises RuleError for a rule with a mistake."""
    del parts
    if "offers" not in inputs.tables:
        return BuiltPart(None, "the data set has no offers; add [tables.offers] to its TOML")
    book = load_offer_book(inputs.tables, inputs.cutoff)
    declined = customers_refusing(inputs.tables, "contact", cutoff=inputs.cutoff)
    part = OfferPart.of(
        book, inputs.config.offers, features=with_ranks(inputs.features, inputs.config), declined_contact=declined
    )
    return BuiltPart(part)
