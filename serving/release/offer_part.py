"""The offers of a release: the offers, their past acceptance, and the facts that their rules use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.config.money import OfferAssumptions
from core.errors import DataError, RuleError
from core.feature_table import FeatureTable
from core.offers import SITUATION_VARIABLES, Offer, OfferBook
from core.rules.rule import Rule, parse_rule
from models.artifact import Artifact
from models.protocols import Policy
from serving.release.lookup import IdIndex

POLICIES: Catalogue[type[Policy]] = Catalogue.of_folder("models.policies", attribute="POLICY")
"A module of the folder that defines `POLICY` is a policy of the module's name."

NAME = "offers"


@dataclass(frozen=True, kw_only=True)
class OfferPart:
    """What the offer policy needs for any customer; fact i belongs to the i-th id of the index."""

    book: OfferBook
    assumptions: OfferAssumptions
    index: IdIndex
    facts: Mapping[str, NDArray[np.float64]]
    "(n,) each, by name; codes of a categorical fact. Only the features that the rules use."
    vocabularies: Mapping[str, tuple[str, ...]]
    declined_contact: IdIndex
    "Customers who do not consent to contact, of the cohort or not; they get no offer."

    @classmethod
    def of(
        cls,
        book: OfferBook,
        assumptions: OfferAssumptions,
        *,
        features: FeatureTable,
        declined_contact: NDArray[np.str_] | None = None,
    ) -> OfferPart:
        """Store the features that the offers' rules use. Raises RuleError for a rule that cannot be evaluated.

        `declined_contact` are the ids of customers without consent to contact; None is no customer.
        """
        used = features_used(book, features)
        index, order = IdIndex.of(features.customer_ids)
        return cls(
            book=book,
            assumptions=assumptions,
            index=index,
            facts={name: features.column(name)[order] for name in sorted(used)},
            vocabularies={name: words for name, words in features.vocabularies.items() if name in used},
            declined_contact=IdIndex.of(np.empty(0, "U1") if declined_contact is None else declined_contact)[0],
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        state = {
            "book": msgspec.to_builtins(self.book),
            "assumptions": msgspec.to_builtins(self.assumptions),
            "vocabularies": {name: list(words) for name, words in self.vocabularies.items()},
            "facts": list(self.facts),
        }
        arrays = {f"fact_{place}": values for place, values in enumerate(self.facts.values())}
        arrays |= {"ids": self.index.ids, "declined_contact": self.declined_contact.ids}
        return {NAME: Artifact("offers", state, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> OfferPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            book=msgspec.convert(state["book"], OfferBook),
            assumptions=msgspec.convert(state["assumptions"], OfferAssumptions),
            index=IdIndex(arrays["ids"]),
            facts={name: arrays[f"fact_{place}"] for place, name in enumerate(state["facts"])},
            vocabularies={name: tuple(words) for name, words in state["vocabularies"].items()},
            declined_contact=IdIndex(arrays["declined_contact"]),
        )

    @cached_property
    def policy(self) -> Policy:
        """The policy that chooses among the offers."""
        return POLICIES["expected_value"](self.assumptions, self.book)

    def is_customer(self, customer_id: str) -> bool:
        """Whether the customer was in the cohort at the cutoff."""
        return self.index.find(customer_id) >= 0

    def may_contact(self, customer_id: str) -> bool:
        """Whether the customer has not refused contact; a customer without a recorded consent has not."""
        return self.declined_contact.find(customer_id) < 0

    def facts_of(self, customer_id: str) -> dict[str, float | str | None]:
        """The facts that rules may use about one customer; none for an unknown one."""
        row = self.index.find(customer_id)
        return {} if row < 0 else {name: self._fact(name, values[row]) for name, values in self.facts.items()}

    def _fact(self, name: str, value: float) -> float | str | None:
        if math.isnan(value):
            return None
        words = self.vocabularies.get(name)
        return float(value) if words is None else words[int(value)]


def features_used(book: OfferBook, features: FeatureTable) -> frozenset[str]:
    """The features in the offers' rules. Raises RuleError, with the offer, for a rule that cannot be evaluated."""
    if len({offer.offer_id for offer in book.offers}) < len(book.offers):
        raise DataError("two offers have the same offer_id; offer ids must be unique")
    names = [
        _check_rule(offer, offer.rule, features=features).names() for offer in book.offers if offer.rule is not None
    ]
    return frozenset[str]().union(*names) - SITUATION_VARIABLES.keys()


def _check_rule(offer: Offer, text: str, *, features: FeatureTable) -> Rule:
    """An offer's rule, evaluated once on no rows, so that a mistake stops the release and not a customer's request."""
    types = {name: str if name in features.vocabularies else float for name in features.names} | SITUATION_VARIABLES
    no_rows = {name: np.empty(0, kind) for name, kind in types.items()}
    try:
        rule = parse_rule(text, no_rows)
        rule.evaluate(no_rows)
    except RuleError as error:
        raise RuleError(f"offer '{offer.offer_id}': {error}") from error
    return rule
