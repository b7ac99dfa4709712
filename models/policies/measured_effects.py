"""The effects of an uplift model, as what options change: measured, or common to the options that were measured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.effects import OUTCOME_WORDS, EffectOutcome, Effects
from core.offers import PROMOTIONAL_KINDS
from models.policies.candidates import Option

TREATMENT_WORDS = {
    "offer_id": "offers",
    "kind": "kinds of offers",
    "campaign_id": "campaigns",
    "channel": "channels",
    "contact": "contacts",
}


@dataclass(frozen=True)
class OptionEffect:
    """Which effect an option has."""

    treatment: str
    source: str
    "In words."
    is_own: bool
    "Whether it was measured with the option itself; else it is the common one."


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
    common: Effects | None = None
    """The effect of an option that was not measured: by kind of offer, and of any kind by ''. Of the same customers."""
    averages: Effects | None = None
    "The mean effects, n = 1, for customers without effects of their own, e.g. who refuse scores; None is none."
    common_averages: Effects | None = None
    "The same of `common`."
    promotional_kinds: Collection[str] = PROMOTIONAL_KINDS
    "Kinds of offers that have the common effect. A renewal or a service call is not like the promotions measured."

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

    def common_of(self, option: Option) -> str | None:
        """The treatment of `common` for an option whose own effect was not measured: its kind, else any kind."""
        kind = option.offer.kind
        is_like = self.treatment_of(option) is None and kind in self.promotional_kinds
        if self.common is None or not is_like:
            return None
        return next((name for name in (kind, "") if name in self.common.treatments), None)

    def find(self, option: Option) -> OptionEffect | None:
        """The effect of an option in words, and where it is found; None where the option has none."""
        name, on = self.treatment_of(option), OUTCOME_WORDS[self.outcome]
        if name is not None:
            source, effects = f"measured against a control group: the effect of {name} on {on}", self.effects
        elif (name := self.common_of(option)) is not None and self.common is not None:
            of_kind = f" of kind {name}" if name else ""
            source = f"effect: common to the measured {TREATMENT_WORDS[self.treatment]}{of_kind}, on {on}"
            effects = self.common
        else:
            return None
        if name in effects.unshown:
            source += ", not shown to be above 0 with all that were tested"
        shared = ", on average, in proportion to P(alive)" if name in effects.by_activity else ""
        return OptionEffect(name, source + shared, is_own=effects is self.effects)


def align_effects(effects: Effects, customer_ids: NDArray[np.str_], *, averages: Effects | None = None) -> Effects:
    """The effects on these customers, (n, K); the averages, or NaN without them, where there are none."""
    order = np.argsort(effects.customer_ids, kind="stable")
    ids = effects.customer_ids[order]
    places = np.minimum(np.searchsorted(ids, customer_ids), max(0, len(ids) - 1))
    is_known = ids[places] == customer_ids if len(ids) else np.zeros(len(customer_ids), dtype=bool)
    arrays: dict[str, Any] = {}
    for name in ("effect", "low", "high", "without"):
        arrays[name] = np.full((len(customer_ids), len(effects.treatments)), np.nan)
        if averages is not None:
            arrays[name][:] = getattr(averages, name)
        arrays[name][is_known] = getattr(effects, name)[order[places[is_known]]]
    return replace(effects, customer_ids=customer_ids, **arrays)
