"""P(accept) of customers and offers, as a release stores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.artifact import Artifact
from models.policies.acceptance.rates import Acceptance

NAME = "acceptance"
NO_ROW = -1
"A customer whom the estimates do not have."


@dataclass(frozen=True, kw_only=True)
class AcceptanceEstimates:
    """P(accept) of n customers and k offers."""

    offer_ids: tuple[str, ...]
    by_offer: tuple[Acceptance, ...]
    "(k,) of a customer without features."
    probability: NDArray[np.float64]
    "(n, k)."
    is_personal: NDArray[np.bool_]
    "(n,) whether the probabilities of a customer are their own; otherwise they are those of `by_offer`."

    @classmethod
    def of_rates(cls, acceptance: Mapping[str, Acceptance], *, n_customers: int) -> Self:
        """The same for every customer."""
        rates = np.array([one.probability for one in acceptance.values()], dtype=np.float64)
        return cls(
            offer_ids=tuple(acceptance),
            by_offer=tuple(acceptance.values()),
            probability=np.tile(rates, (n_customers, 1)),
            is_personal=np.zeros(n_customers, dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.probability)

    @property
    def sources(self) -> tuple[str, ...]:
        """(k,) the data that P(accept) of each offer comes from, in words."""
        n_personal = int(self.is_personal.sum())
        if not n_personal:
            return tuple(one.source for one in self.by_offer)
        by_customer = "by customer" + (f" for {n_personal:,} of {len(self):,}" if n_personal < len(self) else "")
        return tuple(f"{one.source}, {by_customer}" for one in self.by_offer)

    def take(self, rows: NDArray[np.int64]) -> Self:
        """The estimates of the customers in these rows; a customer of NO_ROW gets those of `by_offer`."""
        is_known = rows != NO_ROW
        rates = np.array([one.probability for one in self.by_offer], dtype=np.float64)
        probability = np.tile(rates, (len(rows), 1))
        is_personal = np.zeros(len(rows), dtype=bool)
        probability[is_known], is_personal[is_known] = (
            self.probability[rows[is_known]],
            self.is_personal[rows[is_known]],
        )
        return replace(self, probability=probability, is_personal=is_personal)

    def columns_of(self, offer_ids: Sequence[str]) -> NDArray[np.int64]:
        """The column of each offer, (m,)."""
        places = {offer_id: place for place, offer_id in enumerate(self.offer_ids)}
        return np.array([places[offer_id] for offer_id in offer_ids], dtype=np.int64)

    def to_artifact(self) -> Artifact:
        """The estimates as JSON and arrays. Without a customer of their own, only those of offers are stored."""
        state: dict[str, Any] = {"offer_ids": list(self.offer_ids), "by_offer": [asdict(one) for one in self.by_offer]}
        is_stored = self.is_personal.any()
        arrays = {"probability": self.probability, "is_personal": self.is_personal} if is_stored else {}
        return Artifact(NAME, {**state, "n_customers": len(self)}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The estimates that were stored."""
        by_offer = [Acceptance(**one) for one in artifact.state["by_offer"]]
        offer_ids, n_customers = artifact.state["offer_ids"], artifact.state["n_customers"]
        if not artifact.arrays:
            return cls.of_rates(dict(zip(offer_ids, by_offer, strict=True)), n_customers=n_customers)
        return cls(offer_ids=tuple(offer_ids), by_offer=tuple(by_offer), **artifact.arrays)
