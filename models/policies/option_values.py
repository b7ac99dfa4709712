"""The expected incremental value of each option for each customer, part by part, measured where it can be.

    value = acceptance * margin + retained - cost - fatigue

    part        where experiments measured effects            otherwise
    acceptance  the change in P(purchase), or in money        P(accept) of the customer and the offer in the channel
    margin      of the offer; a margin rate where it is money of the offer
    retained    the change in P(stays) * remaining value      P(churn) * save rate * remaining value, of saving kinds;
                                                              the rate as control groups show it, otherwise stated
    cost        of the offer and the channel
    fatigue     P(unsubscribes because of the contact) * remaining value

Each treatment is measured in one outcome: the parts that it does not measure are those of the last column. An offer
that no experiment measured has the effect that is common to the measured ones, if three or more were. P(accept) counts
customers who would have bought anyway: in its place, a value assumes that the contact causes every acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.config.decisions import ChannelSettings
from core.config.money import OfferAssumptions
from core.decisions import NoContact
from core.effects import Effects
from core.intervals import HALF_WIDTH
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import ASSUMED
from models.policies.candidates import ALLOWED, CustomerState, Option, OptionValues, code_of
from models.policies.channels import ChannelTerms, apply_effect
from models.policies.exploration import Uncertainty
from models.policies.fatigue import Fatigue
from models.policies.measured_effects import MeasuredEffects, align_effects
from models.policies.save_rate import SaveRate, judge_save_rate

NOT_SAVING = "none: the offer is not of [offers] saving_kinds"
FROM_OFFERS = "the table offers"
AS_EFFECT = "assumed to be caused by the contact"
PREDICTED = "predicted by the value model"


@dataclass(frozen=True, kw_only=True)
class ValueInputs:
    """What values are computed from beside the customers and the options."""

    acceptance: AcceptanceEstimates
    "Of the same customers, in the same order."
    assumptions: OfferAssumptions
    fatigue: Fatigue
    recent_contacts: NDArray[np.int64] | None = None
    "(n,) contacts of each customer in the last 30 days; None is none."
    channels: Mapping[str, ChannelSettings]
    "By name, as in `[decisions.channels]`."
    measured: MeasuredEffects | None = None
    channel_terms: ChannelTerms = field(default_factory=ChannelTerms)
    "The channels of `channel_effects`."
    channel_effects: NDArray[np.float64] | None = None
    "(n, channels) on the odds of P(accept); None is no effect."
    save: SaveRate | None = None
    "What offers of `saving_kinds` save; None is what `assumptions` state."
    value_source: str = PREDICTED
    "Where the remaining values of the customers come from, in words."


@dataclass(frozen=True, kw_only=True)
class ValuedOptions:
    """The values of all options, which of them no customer should get, and their uncertainty."""

    values: OptionValues
    codes: NDArray[np.int8]
    "(n, m) HARMFUL, else DOES_NOT_PAY, else ALLOWED, as in `models.policies.candidates`."
    uncertainty: Uncertainty

    @property
    def harms(self) -> NDArray[np.bool_]:
        """Whether the measured effect of an option on a customer is below 0, its interval included, (n, m)."""
        return self.codes == code_of(NoContact.HARMFUL)


def value_options(state: CustomerState, options: Sequence[Option], *, inputs: ValueInputs) -> ValuedOptions:
    """The expected value of every option for every customer, (n, m) each part."""
    customers = _Customers.of(state, inputs=inputs)
    places = inputs.acceptance.columns_of([option.offer.offer_id for option in options])
    estimates = zip(
        inputs.acceptance.probability[:, places].T, np.array(inputs.acceptance.sources)[places], strict=True
    )
    columns = [
        _value_option(customers, option, accepted=accepted, source=str(source), inputs=inputs)
        for option, (accepted, source) in zip(options, estimates, strict=True)
    ]
    parts = {
        name: _stack([column.parts[name] for column in columns], n=len(state))
        for name in ("acceptance", "margin", "retained", "cost", "fatigue")
    }
    value = parts["acceptance"] * parts["margin"] + parts["retained"] - parts["cost"] - parts["fatigue"]
    harms = _stack([column.harms for column in columns], n=len(state)) > 0
    codes = np.where(harms, code_of(NoContact.HARMFUL), np.where(value > 0, ALLOWED, code_of(NoContact.DOES_NOT_PAY)))
    return ValuedOptions(
        values=OptionValues(value=value, **parts, sources=tuple(column.sources for column in columns)),
        codes=codes.astype(np.int8),
        uncertainty=_describe_uncertainty(columns, options, inputs=inputs, parts=parts),
    )


@dataclass(frozen=True)
class _Customers:
    """What all options need of the customers; every array is (n,)."""

    churn: NDArray[np.float64]
    "An unknown churn probability counts as 0."
    remaining: NDArray[np.float64]
    "Base currency; the configuration's value where none is predicted."
    fatigue: NDArray[np.float64]
    "Base currency."
    value_source: str
    effects: Effects | None
    "Measured with the options themselves."
    common: Effects | None
    "Common to those."
    n_average: int
    "Customers without effects of their own, who have the averages."

    @classmethod
    def of(cls, state: CustomerState, *, inputs: ValueInputs) -> _Customers:
        is_unknown, measured = np.isnan(state.remaining_values), inputs.measured
        remaining = np.where(is_unknown, inputs.assumptions.customer_value, state.remaining_values)
        recent = np.zeros(len(state), dtype=np.int64) if inputs.recent_contacts is None else inputs.recent_contacts
        return cls(
            churn=np.nan_to_num(state.churn_probabilities),
            remaining=remaining,
            fatigue=inputs.fatigue.probability(recent) * np.maximum(remaining, 0.0),
            value_source=_mix(inputs.value_source, "assumed in [offers] customer_value", is_first=~is_unknown),
            n_average=0
            if measured is None
            else int((~np.isin(state.customer_ids, measured.effects.customer_ids)).sum()),
            effects=(
                None
                if measured is None
                else align_effects(measured.effects, state.customer_ids, averages=measured.averages)
            ),
            common=(
                None
                if measured is None or measured.common is None
                else align_effects(measured.common, state.customer_ids, averages=measured.common_averages)
            ),
        )

    def effect_of(self, option: Option, *, measured: MeasuredEffects | None) -> _OptionEffect:
        """The effect of an option on the customers, NaN where there is none."""
        change = None if measured is None else measured.find(option)
        effects = None if change is None else self.effects if change.is_own else self.common
        if change is None or effects is None:
            unknown = np.full(len(self.churn), np.nan)
            return _OptionEffect(unknown, unknown, is_own=False, source="")
        place, source = effects.treatments.index(change.treatment), change.source
        if self.n_average and not np.isnan(effects.effect[:, place]).any():
            source = (
                f"{source}; its average for {self.n_average:,} of {len(self.churn):,} customers, who are not scored"
            )
        return _OptionEffect(effects.effect[:, place], effects.high[:, place], is_own=change.is_own, source=source)


@dataclass(frozen=True)
class _OptionEffect:
    """What an option changes, and the upper bound; both are (n,)."""

    effect: NDArray[np.float64]
    high: NDArray[np.float64]
    is_own: bool
    source: str

    @property
    def harms(self) -> NDArray[np.bool_]:
        """(n,) whether an experiment with the option itself says so: what others did is no proof of harm."""
        return (self.high < 0) & self.is_own


@dataclass(frozen=True)
class _Column:
    """One option for all customers; every array is (n,)."""

    parts: Mapping[str, NDArray[np.float64]]
    harms: NDArray[np.bool_]
    accepts: NDArray[np.bool_]
    "Whether `acceptance` is P(accept), not a measured effect."
    spread: NDArray[np.float64]
    "Standard error of the effect, times what it is worth; 0 where nothing is measured."
    sources: dict[str, str]


def _value_option(
    customers: _Customers, option: Option, *, accepted: NDArray[np.float64], source: str, inputs: ValueInputs
) -> _Column:
    """`accepted`, (n,), is P(accept) of the offer over all channels, and `source` where it comes from."""
    offer, channel = option.offer, inputs.channel_terms.place_of(option.channel)
    if channel is not None and inputs.channel_effects is not None:
        accepted = apply_effect(accepted, inputs.channel_effects[:, channel])
        source = f"{source}; in {option.channel} as customers {inputs.channel_terms.response} there"
    if source != ASSUMED:
        source = f"{source}, {AS_EFFECT}"
    margin = np.full(len(accepted), offer.margin)
    change = customers.effect_of(option, measured=inputs.measured)
    is_measured = ~np.isnan(change.effect)
    stays = inputs.measured is not None and inputs.measured.outcome == "stayed"
    if inputs.measured is not None and inputs.measured.outcome == "amount":
        margin = np.where(is_measured, inputs.measured.margin_rate, margin)
    retained, retained_source = _retain(customers, option, inputs=inputs)
    sources = _list_sources(customers, option, inputs=inputs) | {
        "acceptance": source,
        "retained": retained_source,
    }
    replaced = "retained" if stays else "acceptance"
    sources[replaced] = _mix(change.source, sources[replaced], is_first=is_measured)
    worth = customers.remaining if stays else margin
    parts = {
        "acceptance": accepted if stays else np.where(is_measured, change.effect, accepted),
        "margin": margin,
        "retained": np.where(is_measured, change.effect * customers.remaining, retained) if stays else retained,
        "cost": np.full(len(accepted), offer.cost + _channel_cost(option, inputs)),
        "fatigue": customers.fatigue,
    }
    return _Column(
        parts=parts,
        harms=change.harms,
        accepts=np.full(len(accepted), True) if stays else ~is_measured,
        spread=np.where(is_measured, (change.high - change.effect) / HALF_WIDTH * worth, 0.0),
        sources=sources,
    )


def _retain(customers: _Customers, option: Option, *, inputs: ValueInputs) -> tuple[NDArray[np.float64], str]:
    """What the offer saves, as measured or assumed, (n,), and the source in words."""
    assumptions = inputs.assumptions
    if option.offer.kind not in assumptions.saving_kinds or not assumptions.save_rate:
        saves = option.offer.kind in assumptions.saving_kinds
        return np.zeros(len(customers.churn)), "none: [offers] save_rate is 0" if saves else NOT_SAVING
    save = inputs.save or judge_save_rate(None, stated_rate=assumptions.save_rate)
    if not save.rate:
        return np.zeros(len(customers.churn)), save.source
    saved = customers.churn * save.rate * customers.remaining
    return saved, f"{save.source}; remaining value {customers.value_source}"


def _list_sources(customers: _Customers, option: Option, *, inputs: ValueInputs) -> dict[str, str]:
    channel = f" and [decisions.channels.{option.channel}]" if _channel_cost(option, inputs) else ""
    fatigue = f"{inputs.fatigue.source}; remaining value {customers.value_source}"
    return {
        "margin": _margin_source(option, inputs.measured),
        "cost": FROM_OFFERS + channel,
        "fatigue": fatigue if customers.fatigue.any() else inputs.fatigue.source,
    }


def _margin_source(option: Option, measured: MeasuredEffects | None) -> str:
    is_money = measured is not None and measured.outcome == "amount" and measured.find(option) is not None
    return "margin rate of [money]" if is_money else FROM_OFFERS


def _channel_cost(option: Option, inputs: ValueInputs) -> float:
    settings = inputs.channels.get(option.channel) if option.channel is not None else None
    return 0.0 if settings is None else settings.cost


def _mix(first: str, other: str, *, is_first: NDArray[np.bool_]) -> str:
    """The source of a part that some customers have from the first, and others from the other."""
    if is_first.all() and len(is_first):
        return first
    n_first = int(is_first.sum())
    return f"{first} for {n_first:,} of {len(is_first):,} customers, else {other}" if n_first else other


def _stack(columns: Sequence[NDArray[np.float64] | NDArray[np.bool_]], *, n: int) -> NDArray[np.float64]:
    return np.column_stack(columns).astype(np.float64) if columns else np.empty((n, 0))


def _describe_uncertainty(
    columns: Sequence[_Column],
    options: Sequence[Option],
    *,
    inputs: ValueInputs,
    parts: Mapping[str, NDArray[np.float64]],
) -> Uncertainty:
    n = len(inputs.acceptance)
    return Uncertainty(
        acceptance=parts["acceptance"],
        gain=np.where(_stack([one.accepts for one in columns], n=n) > 0, parts["margin"], 0.0),
        spread=_stack([one.spread for one in columns], n=n),
        rates=tuple(inputs.acceptance.by_offer),
        rate_of_option=inputs.acceptance.columns_of([option.offer.offer_id for option in options]),
    )
