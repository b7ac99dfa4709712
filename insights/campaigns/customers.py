"""The customers of a campaign: each once, from the day on which it was, or would have been, contacted first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.decisions import DecisionOutcome, DecisionRow, NoContact, OutcomeKind
from features.contact_outcomes import ContactLog

CONTACT_KINDS = (OutcomeKind.SENT, OutcomeKind.SHOWN, OutcomeKind.OPENED, OutcomeKind.CLICKED)
"Outcomes that a customer of a control group cannot have, if it was left alone."
NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True, kw_only=True)
class ComparedCustomers:
    """The customers of one campaign and its control group; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    entered_at: NDArray[np.datetime64]
    "datetime64[s], local: when the first contact was made, or would have been made to one of the control group."
    treated: NDArray[np.bool_]
    "As chance decided, whatever was sent."
    propensities: NDArray[np.float64]
    "P(treated); 1 without a control group."
    n_contacts: NDArray[np.int64]
    costs: NDArray[np.float64]
    "Of all contacts of the customer, base currency."
    converted_at: NDArray[np.datetime64]
    "datetime64[s]; the first reported conversion, NaT without one."
    unsubscribed_at: NDArray[np.datetime64]
    "datetime64[s]; NaT without one."
    contacted_anyway: NDArray[np.bool_]
    "Customers of the control group with an outcome or a decision that only a contact leads to."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def contact_log(self) -> ContactLog:
        """The entries as contacts, for what customers did after them."""
        n = len(self)
        return ContactLog(
            customer_ids=self.customer_ids,
            sent_at=self.entered_at,
            campaigns=np.full(n, ""),
            treatments=np.full(n, ""),
            treated=self.treated,
            propensities=self.propensities,
            converted_at=self.converted_at,
        )

    @property
    def mean_propensity(self) -> float:
        """The mean P(treated) of all customers; NaN without any."""
        return float(self.propensities.mean()) if len(self) else float("nan")

    def is_mature(self, n_days: int, *, until: date) -> NDArray[np.bool_]:
        """Whether the days to respond of each customer are over before midnight of a day, (n,)."""
        return self.entered_at + np.timedelta64(n_days, "D") <= np.datetime64(until, "s")


def collect_customers(decisions: Sequence[DecisionRow], outcomes: Sequence[DecisionOutcome]) -> ComparedCustomers:
    """The customers of a campaign from its decisions and what came of them; without those whom it left out.

    A decision against a contact that no chance made, e.g. without consent, is no part of the comparison.
    """
    by_customer = dict[str, list[DecisionRow]]()
    for decision in sorted(decisions, key=lambda one: one.decided_at):
        if decision.no_contact in (None, NoContact.CONTROL_GROUP) and decision.offer_id is not None:
            by_customer.setdefault(decision.customer_id, []).append(decision)
    of_decision = dict[str, list[DecisionOutcome]]()
    for outcome in outcomes:
        of_decision.setdefault(outcome.decision_id, []).append(outcome)
    rows = [_Row(own, [one for each in own for one in of_decision.get(each.decision_id, ())])
            for own in by_customer.values()]  # fmt: skip
    return ComparedCustomers(
        customer_ids=np.array(list(by_customer), dtype=np.str_),
        entered_at=_times([row.first.send_at or row.first.decided_at for row in rows]),
        treated=np.array([row.first.treated for row in rows], dtype=np.bool_),
        propensities=np.array([row.first.propensity for row in rows], dtype=np.float64),
        n_contacts=np.array([sum(one.treated for one in row.decisions) for row in rows], dtype=np.int64),
        costs=np.array([sum(one.cost for one in row.decisions if one.treated) for row in rows], dtype=np.float64),
        converted_at=_times([row.first_time(OutcomeKind.CONVERTED) for row in rows]),
        unsubscribed_at=_times([row.first_time(OutcomeKind.UNSUBSCRIBED) for row in rows]),
        contacted_anyway=np.array([row.is_contacted_anyway for row in rows], dtype=np.bool_),
    )


@dataclass(frozen=True)
class _Row:
    """What is stored about one customer of a campaign."""

    decisions: list[DecisionRow]
    "Oldest first."
    outcomes: list[DecisionOutcome]

    @property
    def first(self) -> DecisionRow:
        return self.decisions[0]

    @property
    def is_contacted_anyway(self) -> bool:
        has_contact = any(one.treated for one in self.decisions) or any(
            one.kind in CONTACT_KINDS for one in self.outcomes
        )
        return not self.first.treated and has_contact

    def first_time(self, kind: OutcomeKind) -> np.datetime64:
        """When the customer first had an outcome of this kind; NaT without one."""
        times = [one.event_time for one in self.outcomes if one.kind == kind]
        return np.datetime64(min(times), "s") if times else NEVER


def _times(times: Sequence[object]) -> NDArray[np.datetime64]:
    return np.array(times, dtype="datetime64[s]")
