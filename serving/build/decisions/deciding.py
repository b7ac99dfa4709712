"""Decides for every customer of a release at once: one contact, or none with the reason.

    candidates -> allocation within budget and capacities -> decisions, with propensities and the time to send

Customers of the permanent control group whom the policy would contact get nothing; what they would have got is
stored, so that the effect of the contacts can be measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from core.decisions import DecisionRow, NoContact
from core.ids import digest_of
from models.policies.allocation.problem import NOTHING
from models.policies.candidates import REASONS, code_of
from models.policies.contact_choice import ChoiceProblem, ContactChoice, choose_contacts
from serving.build.decisions.campaigns import (
    DueCampaign,
    find_entry,
    list_campaign_options,
    restrict_to_due,
)
from serving.build.decisions.send_times import plan_send_times
from serving.decisions.store import ContactHistory
from serving.offers.candidates import Occasion, OfferCandidates, find_candidates, offers_of
from serving.offers.options import list_options
from serving.offers.recent import add_consents, add_history
from serving.offers.stating import state_problem
from serving.release.release import Release


def daily_decision_id(data_set: str, customer_id: str, *, day: date) -> str:
    """The id of the decision of a day about a customer: a second run decides nothing twice."""
    return digest_of((data_set, "decide", day, customer_id))


@dataclass(frozen=True, kw_only=True)
class DecisionRun:
    """The circumstances of one run."""

    now: datetime
    "Local time."
    budget: float | None = None
    "Base currency; None is that of `[decisions]`."
    seed: int = 7
    history: ContactHistory = field(default_factory=ContactHistory)
    """\
    What was stored since the cutoff of the release. What earlier runs of the same day have decided stays: contacts,
    control groups, and their cost."""
    consents: Mapping[str, Mapping[str, bool]] = field(default_factory=dict[str, Mapping[str, bool]])
    "Answers that were reported since the release, by customer and purpose."
    unavailable: Collection[str] = ()
    "Items that are out of stock."
    campaigns: Sequence[DueCampaign] = ()
    "What running campaigns have due today."

    def decisions_of_day(self, data_set: str) -> list[DecisionRow]:
        """The decisions of earlier runs of the day."""
        day = self.now.date()
        return [
            one
            for one in self.history.decisions
            if one.decision_id == daily_decision_id(data_set, one.customer_id, day=day)
        ]


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What was decided; row i is customer i of the candidates."""

    candidates: OfferCandidates
    chosen: ContactChoice
    in_control: NDArray[np.bool_]
    "(n,) customers of the control group who would be contacted."
    send_at: NDArray[np.datetime64]
    "(n,) datetime64[s], local: when a contact is made at the earliest."
    rows: list[DecisionRow]
    "(n,)"

    @property
    def is_contacted(self) -> NDArray[np.bool_]:
        """Whether each customer gets something, (n,)."""
        return (self.chosen.choice != NOTHING) & ~self.in_control

    @property
    def rows_to_store(self) -> list[DecisionRow]:
        """The decisions to learn from: contacts, customers of the control group, and what chance has decided."""
        return [row for row in self.rows if row.offer_id is not None or row.choice_propensity < 1]

    def count_reasons(self) -> dict[NoContact, int]:
        """How many customers are not contacted for each reason, most frequent first."""
        return dict(Counter(row.no_contact for row in self.rows if row.no_contact is not None).most_common())

    def count_offers(self) -> dict[str, int]:
        """How many customers get each offer, most frequent first."""
        made = [row.offer_id for row in self.rows if row.offer_id is not None and row.treated]
        return dict(Counter(made).most_common())

    @property
    def total_value(self) -> float:
        """Of all contacts, base currency, net of their cost."""
        return sum(row.expected_value for row in self.rows if row.treated and row.offer_id is not None)

    @property
    def cost(self) -> float:
        """Of all contacts, base currency."""
        return sum(row.cost for row in self.rows if row.treated and row.offer_id is not None)


def decide_customers(release: Release, run: DecisionRun) -> Decided:
    """Decide for all customers of the release. Raises BadInput for a budget below the cheapest contact."""
    state = state_run(release, run)
    candidates, problem, moments = state.candidates, state.problem, state.moments
    problem.require_budget()
    earlier = _EarlierDecisions.of(run.decisions_of_day(offers_of(release).terms.data_set), candidates)
    problem = replace(
        problem,
        codes=np.where(earlier.is_decided[:, None], code_of(NoContact.CAP), problem.codes),
        withheld=problem.withheld & ~earlier.is_decided[:, None],
        limits=problem.limits_after(np.where(earlier.in_control, NOTHING, earlier.choice)),
    )
    chosen = choose_contacts(problem)
    send_at = _pick_moments(moments, chosen.choice, now=run.now)
    writer = _RowWriter(
        release=release,
        candidates=candidates,
        chosen=chosen,
        run=run,
        reasons=chosen.reason_codes,
        send_at=send_at,
        keeps_other=candidates.keeps_other,
    )
    rows = [earlier.rows.get(row) or writer.write(row) for row in range(len(send_at))]
    kept = replace(chosen, choice=np.where(earlier.is_decided, earlier.choice, chosen.choice))
    in_control = chosen.in_control | earlier.in_control
    return Decided(candidates=candidates, chosen=kept, in_control=in_control, send_at=send_at, rows=rows)


@dataclass(frozen=True)
class StatedRun:
    """What one run chooses from."""

    candidates: OfferCandidates
    problem: ChoiceProblem
    moments: NDArray[np.datetime64]
    "(n, m) datetime64[s], local: when each contact would be made."


def state_run(release: Release, run: DecisionRun) -> StatedRun:
    """Find what may be chosen for the customers of a release, what it is worth, and what limits it."""
    part = offers_of(release)
    customers = add_consents(part.all_customers(), run.consents)
    customers = add_history(customers, run.history, terms=part.terms)
    options = list_options(part.terms.offers, part.terms.settings.channels)
    options += list_campaign_options(release, run.campaigns)
    moments = plan_send_times(customers, options, terms=part.terms, now=run.now)
    occasion = Occasion(moments=moments, day=run.now.date(), is_immediate=False, unavailable=run.unavailable)
    candidates = restrict_to_due(find_candidates(release, customers, options=options, occasion=occasion), run.campaigns)
    return StatedRun(candidates, state_problem(part.terms, candidates, seed=run.seed, budget=run.budget), moments)


def _pick_moments(
    moments: NDArray[np.datetime64], choice: NDArray[np.int64], *, now: datetime
) -> NDArray[np.datetime64]:
    """The moment of the option that each customer gets, (n,); now for those who get nothing."""
    send_at = np.full(len(choice), np.datetime64(now, "s"))
    rows = np.flatnonzero(choice != NOTHING)
    send_at[rows] = moments[rows, choice[rows]]
    return send_at


@dataclass(frozen=True, kw_only=True)
class _EarlierDecisions:
    """Contacts of the same day, and customers of the control group, that were decided before."""

    rows: Mapping[int, DecisionRow]
    "By row of the candidates."
    choice: NDArray[np.int64]
    "(n,) the option, or NOTHING."
    in_control: NDArray[np.bool_]
    "(n,)"

    @property
    def is_decided(self) -> NDArray[np.bool_]:
        """(n,)"""
        return self.choice != NOTHING

    @classmethod
    def of(cls, decisions: Sequence[DecisionRow], candidates: OfferCandidates) -> _EarlierDecisions:
        """Find the customers and the options; a decision for an offer that is gone does not count."""
        places = {
            (one.offer.offer_id, one.channel, one.campaign_id): place for place, one in enumerate(candidates.options)
        }
        row_of = {name: row for row, name in enumerate(candidates.customers.contacts.customer_ids.tolist())}
        choice, rows = np.full(len(row_of), NOTHING), dict[int, DecisionRow]()
        for one in decisions:
            row, place = row_of.get(one.customer_id), places.get((one.offer_id or "", one.channel, one.campaign_id))
            if row is not None and place is not None:
                rows[row], choice[row] = one, place
        in_control = np.array([row in rows and not rows[row].treated for row in range(len(row_of))], dtype=bool)
        return cls(rows=rows, choice=choice, in_control=in_control)


@dataclass(frozen=True, kw_only=True)
class _RowWriter:
    """Writes what was decided for one customer as a row of the store."""

    release: Release
    candidates: OfferCandidates
    chosen: ContactChoice
    run: DecisionRun
    reasons: NDArray[np.int8]
    send_at: NDArray[np.datetime64]
    keeps_other: NDArray[np.bool_]
    "(n,) of the candidates."

    def write(self, row: int) -> DecisionRow:
        customer_id, place = str(self.candidates.customers.contacts.customer_ids[row]), int(self.chosen.choice[row])
        terms = offers_of(self.release).terms
        reason = int(self.reasons[row])
        common = {
            "decision_id": daily_decision_id(terms.data_set, customer_id, day=self.run.now.date()),
            "customer_id": customer_id,
            "decided_at": self.run.now,
            "choice_propensity": float(self.chosen.propensities[row]),
            "policy": terms.settings.exploration if terms.settings.exploration != "none" else "expected_value",
            "release_id": self.release.description.release_id,
        }
        if place == NOTHING:
            return DecisionRow(**common, no_contact=REASONS[reason - 1] if reason else None)
        option, values = self.candidates.options[place], self.candidates.valued.values
        entry = find_entry(self.run.campaigns, option, row=row)
        in_control = bool(self.chosen.in_control[row])
        is_compared = terms.is_controlled(option) and not self.keeps_other[row]
        by_control = 1.0 - terms.control.share if is_compared else 1.0
        return DecisionRow(
            **common,
            stage_percent=entry.stage_percent,
            step=entry.step,
            offer_id=option.offer.offer_id,
            channel=option.channel,
            campaign_id=option.campaign_id,
            treated=not in_control,
            propensity=entry.propensity * by_control,
            no_contact=NoContact.CONTROL_GROUP if in_control else None,
            expected_value=float(values.value[row, place]),
            cost=0.0 if in_control else float(values.cost[row, place]),
            send_at=self.send_at[row].astype(datetime),
        )
