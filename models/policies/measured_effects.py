"""The measured effects of an uplift model, as what options change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.effects import EffectOutcome, Effects
from models.policies.candidates import Option


@dataclass(frozen=True, kw_only=True)
class MeasuredEffects:
    """Effects of an uplift model, and what they are effects of and on."""

    effects: Effects
    "Of customers in any order; others have no measured effect."
    treatment: str
    "What its treatments are: offer_id, kind, campaign_id, channel or contact, as in `[uplift] treatment`."
    outcome: EffectOutcome
    margin_rate: float = 1.0
    "Margin as a share of an amount, for the outcome amount."

    def treatment_of(self, option: Option) -> str | None:
        """The treatment that an option is, if its effect was measured."""
        names = {
            "offer_id": option.offer.offer_id,
            "kind": option.offer.kind,
            "campaign_id": option.campaign_id,
            "channel": option.channel,
            "contact": "contact",
        }
        name = names[self.treatment]
        return name if name in self.effects.treatments else None

    def align(self, customer_ids: NDArray[np.str_]) -> Effects:
        """The effects on these customers, (n, K); NaN where there are none."""
        order = np.argsort(self.effects.customer_ids, kind="stable")
        ids = self.effects.customer_ids[order]
        places = np.minimum(np.searchsorted(ids, customer_ids), max(0, len(ids) - 1))
        is_known = ids[places] == customer_ids if len(ids) else np.zeros(len(customer_ids), dtype=bool)
        arrays: dict[str, NDArray[np.float64]] = {}
        for name in ("effect", "low", "high", "without"):
            arrays[name] = np.full((len(customer_ids), len(self.effects.treatments)), np.nan)
            arrays[name][is_known] = getattr(self.effects, name)[order[places[is_known]]]
        return Effects(customer_ids=customer_ids, treatments=self.effects.treatments, **arrays)
