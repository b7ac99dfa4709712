"""The rows that uplift models are trained on: treatments with their control groups, features and outcomes.

    campaign 7   offer A | offer A | offer A (control) | any (control) | offer B | offer B (control)
    A's rows:    *         *         *                   *
    B's rows:                                            *               *         *

Control customers of a treatment are those of the same campaigns who would have got it, and those of no particular
treatment. Contacts whose horizon has not ended are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.effects import EffectOutcome, define_outcome
from core.errors import BadInput, DataError, NotEnoughHistory, did_you_mean
from core.experiments import RandomisedRows, refuse_impossible_propensities
from core.feature_table import FeatureTable
from features.contact_features import choose_cutoffs, compute_contact_features, place_in_cohort
from features.contact_outcomes import (
    ContactLog,
    find_conversions,
    find_orders,
    find_stayed,
    load_contact_rows,
    sum_amounts,
)
from models.uplift.uplift_model import TreatmentData
from tables.tables import Tables
from training.uplift.evidence import (
    advise_more_outcomes,
    explain_mismatch,
    explain_no_control,
    explain_selection,
    explain_too_few,
)

MAX_REASONS = 3
"That a message gives."


@dataclass(frozen=True)
class Outcome:
    """What happened after each contact."""

    name: str
    values: NDArray[np.float64]
    "(n,); NaN where it is not known yet."
    horizon_days: int
    definition: str


@dataclass(frozen=True)
class UpliftRows:
    """One experiment for each treatment."""

    data: Mapping[str, TreatmentData]
    days: Mapping[str, NDArray[np.datetime64]]
    "By treatment, (k,) the days of its contacts."
    outcome: Outcome
    cutoffs: NDArray[np.datetime64]
    "Days at which features were computed."
    left_out: tuple[str, ...]
    "Why other treatments are no evidence, one sentence each."
    notes: tuple[str, ...]
    "What the data are like, one sentence each."

    @property
    def n_rows(self) -> int:
        """The rows of all treatments; a control customer of two treatments counts twice."""
        return sum(len(data.rows) for data in self.data.values())

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """The customer of each of these rows."""
        return np.concatenate([data.rows.customer_ids for data in self.data.values()])

    def without(self, names: Collection[str]) -> UpliftRows:
        """The same rows without some features."""
        kept = [name for name in next(iter(self.data.values())).features.names if name not in names]
        data = {name: replace(one, features=one.features.select(kept)) for name, one in self.data.items()}
        return replace(self, data=data)

    def values_of(self, treatment: str, feature: str) -> NDArray[np.float64] | None:
        """What an outcome is worth for each customer of a treatment, (k,); None where no feature says so."""
        if not feature:
            return None
        features = self.data[treatment].features
        if feature not in features.names:
            raise BadInput(f"[uplift] value: no feature '{feature}'{did_you_mean(feature, features.names)}")
        return np.nan_to_num(np.maximum(features.column(feature), 0.0))


def load_uplift_rows(tables: Tables) -> UpliftRows:
    """Load contacts, outcomes and features. Raises NotEnoughHistory where no treatment is evidence of an effect."""
    settings = tables.config.uplift
    contacts = load_contact_rows(tables, treatment=settings.treatment)
    has_chance = ~(contacts.propensities == 1)
    contacts = contacts.take(has_chance)
    if not len(contacts):
        raise NotEnoughHistory("contacts has no row that chance decided; leave some customers out by chance")
    is_recorded = ~np.isnan(contacts.propensities)
    refuse_impossible_propensities(contacts.propensities[is_recorded], contacts.customer_ids[is_recorded])
    cutoffs = choose_cutoffs(contacts.days, settings.max_cutoffs)
    contacts, outcome = keep_mature(contacts, measure_outcome(tables, contacts))
    has_column = "treated" not in tables.conformed["contacts"].assumed
    members, left_out = match_controls(contacts, has_column=has_column)
    if not members and len(left_out) > 1:
        treatments = f"all {len(left_out)} treatments"
        raise NotEnoughHistory(
            explain_no_control(treatments, n_treated=int(contacts.treated.sum()), has_column=has_column)
        )
    used = np.unique(np.concatenate([np.empty(0, np.int64), *members.values()]))
    features = compute_contact_features(tables, contacts.customer_ids[used], days=contacts.days[used], cutoffs=cutoffs)
    rows = _build_rows(contacts, outcome, features=features, members=members, used=used)
    advice = advise_more_outcomes(outcome=outcome.name, treatment=settings.treatment)
    data, reasons = keep_evidence(rows, contacts, members=members, advice=advice)
    left_out += reasons
    data, reasons = keep_unselected(data, contacts, features=features, members=members, used=used)
    left_out += reasons
    if not data:
        raise NotEnoughHistory("; ".join(left_out[:MAX_REASONS]) or "contacts has no row whose horizon has ended")
    return UpliftRows(
        data=data,
        days={name: contacts.days[members[name]] for name in data},
        outcome=outcome,
        cutoffs=np.unique(features.cutoffs),
        left_out=tuple(left_out),
        notes=_describe(
            data,
            n_certain=int((~has_chance).sum()),
            currency=tables.config.currency if outcome.name == "amount" else None,
        ),
    )


def measure_outcome(tables: Tables, contacts: ContactLog) -> Outcome:
    """What happened after each contact, as `[uplift] outcome` says."""
    settings, config = tables.config.uplift, tables.config
    name = settings.outcome if settings.outcome != "auto" else choose_outcome(tables, contacts)
    n_days = settings.horizon_days or config.offers.answer_days
    if name == "stayed":
        # At the days of the contacts themselves: from an earlier cutoff, churn before the contact would count.
        cohort, places = place_in_cohort(contacts.customer_ids, contacts.days, cutoffs=np.unique(contacts.days))
        horizon = config.churn.horizon_days
        stayed = find_stayed(tables, cohort)[places]
        return Outcome(name, stayed, horizon, define_outcome(name, horizon_days=horizon))
    if name in ("purchased", "amount") and "purchases" not in tables:
        raise DataError(f'[uplift] outcome = "{name}" needs the table purchases; add it or choose "converted"')
    values = {
        "purchased": lambda: find_orders(tables, contacts, n_days=n_days),
        "amount": lambda: sum_amounts(tables, contacts, n_days=n_days),
        "converted": lambda: find_conversions(contacts, n_days=n_days),
    }[name]()
    if name == "converted" and not values[~contacts.treated].any():
        raise DataError(
            "contacts.converted_at is empty for every control customer, so it says who took the offer and not what the "
            'contact changed; set [uplift] outcome = "purchased" or "stayed", which both groups can do'
        )
    ends = contacts.sent_at + np.timedelta64(n_days, "D")
    watermark = np.datetime64(tables.watermark("contacts" if name == "converted" else "purchases"), "s")
    mature = np.where(ends <= watermark, values, np.nan)
    return Outcome(name, mature, n_days, define_outcome(name, horizon_days=n_days))


def choose_outcome(tables: Tables, contacts: ContactLog) -> EffectOutcome:
    """The outcome that both groups can have."""
    if "purchases" in tables:
        return "purchased"
    has_conversions = (~np.isnat(contacts.converted_at[~contacts.treated])).any()
    return "converted" if has_conversions else "stayed"


def keep_mature(contacts: ContactLog, outcome: Outcome) -> tuple[ContactLog, Outcome]:
    """The contacts whose outcome is known."""
    is_known = ~np.isnan(outcome.values)
    return contacts.take(is_known), replace(outcome, values=outcome.values[is_known])


def match_controls(contacts: ContactLog, *, has_column: bool) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """The rows of each treatment and its control customers, and why others have none."""
    members: dict[str, NDArray[np.int64]] = {}
    left_out: list[str] = []
    for treatment in np.unique(contacts.treatments[contacts.treated & (contacts.treatments != "")]).tolist():
        is_treated = contacts.treated & (contacts.treatments == treatment)
        of_campaigns = np.isin(contacts.campaigns, np.unique(contacts.campaigns[is_treated]))
        is_control = ~contacts.treated & of_campaigns & np.isin(contacts.treatments, (treatment, ""))
        if not is_control.any():
            left_out.append(explain_no_control(treatment, n_treated=int(is_treated.sum()), has_column=has_column))
            continue
        # A campaign without a control group says nothing.
        has_control = np.isin(contacts.campaigns, np.unique(contacts.campaigns[is_control]))
        members[treatment] = np.flatnonzero((is_treated & has_control) | is_control)
    return members, left_out


def _build_rows(
    contacts: ContactLog,
    outcome: Outcome,
    *,
    features: FeatureTable,
    members: Mapping[str, NDArray[np.int64]],
    used: NDArray[np.int64],
) -> dict[str, TreatmentData]:
    data: dict[str, TreatmentData] = {}
    for treatment, rows in members.items():
        own = contacts.take(rows)
        randomised = RandomisedRows(
            customer_ids=own.customer_ids,
            treated=own.treated,
            outcomes=outcome.values[rows],
            propensities=fill_propensities(own),
        )
        data[treatment] = TreatmentData(features.take(np.searchsorted(used, rows)), randomised)
    return data


def fill_propensities(contacts: ContactLog) -> NDArray[np.float64]:
    """The recorded propensities; where there are none, the share of the campaign's contacts that were treated."""
    _, campaigns = np.unique(contacts.campaigns, return_inverse=True)
    shares = np.bincount(campaigns, contacts.treated) / np.bincount(campaigns)
    n = np.bincount(campaigns)
    # Never 0 or 1, not even for a campaign of one customer.
    shares = np.clip(shares, 1 / (n + 1), n / (n + 1))
    return np.where(np.isnan(contacts.propensities), shares[campaigns], contacts.propensities)


def keep_evidence(
    data: Mapping[str, TreatmentData], contacts: ContactLog, *, members: Mapping[str, NDArray[np.int64]], advice: str
) -> tuple[dict[str, TreatmentData], list[str]]:
    """The treatments that are evidence of an effect, and why others are not."""
    kept: dict[str, TreatmentData] = {}
    reasons: list[str] = []
    for treatment, one in data.items():
        is_recorded = not np.isnan(contacts.propensities[members[treatment]]).any()
        reason = explain_too_few(treatment, one, advice=advice) or (
            explain_mismatch(treatment, one.rows)
            if is_recorded
            else explain_selection(treatment, one, campaigns=contacts.campaigns[members[treatment]])
        )
        if reason:
            reasons.append(reason)
        else:
            kept[treatment] = one
    return kept, reasons


def keep_unselected(
    data: Mapping[str, TreatmentData],
    contacts: ContactLog,
    *,
    features: FeatureTable,
    members: Mapping[str, NDArray[np.int64]],
    used: NDArray[np.int64],
) -> tuple[dict[str, TreatmentData], list[str]]:
    """The treatments without those that have no propensities, if features tell who of all of them was treated.

    Customers are chosen by hand for a campaign, and each of its offers alone may be too small to show it.
    """
    unrecorded = [name for name in data if np.isnan(contacts.propensities[members[name]]).any()]
    if len(unrecorded) < 2:
        return dict(data), []
    rows = np.unique(np.concatenate([members[name] for name in unrecorded]))
    together = RandomisedRows(
        customer_ids=contacts.customer_ids[rows],
        treated=contacts.treated[rows],
        outcomes=np.zeros(len(rows)),
        propensities=np.full(len(rows), 0.5),
    )
    reason = explain_selection(
        f"{len(unrecorded)} treatments together",
        TreatmentData(features.take(np.searchsorted(used, rows)), together),
        campaigns=contacts.campaigns[rows],
    )
    kept = [name for name in data if not reason or name not in unrecorded]
    return {name: data[name] for name in kept}, [reason] if reason else []


def _describe(data: Mapping[str, TreatmentData], *, n_certain: int, currency: str | None) -> tuple[str, ...]:
    """What was learned from; `currency` is that of outcomes in money."""

    def write(effect: float) -> str:
        return f"{effect:+.4f}" if currency is None else f"{effect:+,.2f} {currency}"

    groups = "; ".join(
        f"{name}: {int(one.rows.treated.sum()):,} treated, {int((~one.rows.treated).sum()):,} control, average effect "
        f"{write(one.rows.average_effect)}"
        for name, one in data.items()
    )
    certain = (
        [f"{n_certain:,} contacts with a propensity of 1 are left out: chance did not decide."] if n_certain else []
    )
    return (f"Learned from {groups}.", *certain)
