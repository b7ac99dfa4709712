"""The offers as they are released: what there is, how it was taken so far, and the facts that their rules need."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from core.config.money import OfferAssumptions
from core.errors import DataError, RuleError
from core.feature_table import FeatureTable
from core.offers import SITUATION_FACTS, Offer, OfferBook
from core.rules.rule import Rule, parse_rule
from models.artifact import Artifact
from models.policies.expected_value import ExpectedValue
from serving.release.id_index import IdIndex


@dataclass(frozen=True)
class OfferPart:
    """What is needed to decide for anybody; fact i is of the i-th id of the index."""

    book: OfferBook
    assumptions: OfferAssumptions
    index: IdIndex
    facts: Mapping[str, np.ndarray]
    "By name, (n,) float64 each; of a categorical fact the codes. Only what the rules speak of."
    vocabularies: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, book: OfferBook, assumptions: OfferAssumptions, features: FeatureTable) -> OfferPart:
        """Keep the features that the offers' rules speak of. Raises RuleError for a rule that cannot hold."""
        named = facts_named(book, features)
        index, order = IdIndex.of(features.customer_ids)
        facts = {name: features.column(name)[order] for name in sorted(named)}
        vocabularies = {name: words for name, words in features.vocabularies.items() if name in named}
        return cls(book, assumptions, index, facts, vocabularies)

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        state = {
            "book": msgspec.to_builtins(self.book),
            "assumptions": msgspec.to_builtins(self.assumptions),
            "vocabularies": {name: list(words) for name, words in self.vocabularies.items()},
            "facts": list(self.facts),
        }
        arrays = {f"fact_{place}": values for place, values in enumerate(self.facts.values())}
        return Artifact("offers", state, {"ids": self.index.ids} | arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> OfferPart:
        """The part as it was."""
        state = artifact.state
        return cls(
            msgspec.convert(state["book"], OfferBook),
            msgspec.convert(state["assumptions"], OfferAssumptions),
            IdIndex(artifact.arrays["ids"]),
            {name: artifact.arrays[f"fact_{place}"] for place, name in enumerate(state["facts"])},
            {name: tuple(words) for name, words in state["vocabularies"].items()},
        )

    @cached_property
    def policy(self) -> ExpectedValue:
        """What decides."""
        return ExpectedValue(self.assumptions, self.book)

    def knows(self, customer_id: str) -> bool:
        """Whether the customer was one at the cutoff."""
        return self.index.find(customer_id) >= 0

    def facts_of(self, customer_id: str) -> dict[str, float | str | None]:
        """What rules may know of one customer; nothing of an unknown one."""
        row = self.index.find(customer_id)
        return {} if row < 0 else {name: self._fact(name, values[row]) for name, values in self.facts.items()}

    def _fact(self, name: str, value: float) -> float | str | None:
        if math.isnan(value):
            return None
        words = self.vocabularies.get(name)
        return float(value) if words is None else words[int(value)]


def facts_named(book: OfferBook, features: FeatureTable) -> frozenset[str]:
    """The features that the offers' rules speak of. Raises RuleError, naming the offer, for a rule that cannot hold."""
    if len({offer.offer_id for offer in book.offers}) < len(book.offers):
        raise DataError("two offers share one offer_id; give each its own")
    named = [_tried(offer, offer.rule, features).names() for offer in book.offers if offer.rule is not None]
    return frozenset[str]().union(*named) - SITUATION_FACTS.keys()


def _tried(offer: Offer, text: str, features: FeatureTable) -> Rule:
    """An offer's rule, worked out once for nobody: what is wrong with it must not show when a customer asks."""
    kinds = {name: str if name in features.vocabularies else float for name in features.names} | SITUATION_FACTS
    nobody = {name: np.empty(0, kind) for name, kind in kinds.items()}
    try:
        rule = parse_rule(text, nobody)
        rule.evaluate(nobody)
    except RuleError as fault:
        raise RuleError(f"offer '{offer.offer_id}': {fault}") from fault
    return rule
