"""Contacts that were decided since the cutoff of a release, which its tables do not have yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import numpy as np

from core.contact_state import RecentContacts
from core.decisions import DecisionRow
from serving.build.decisions.deciding import daily_decision_id
from serving.decisions.store import DecisionFilter, DecisionStore
from serving.offers.candidates import offers_of
from serving.release.release import Release


def load_decisions_since(store: DecisionStore, release: Release) -> list[DecisionRow]:
    """What was decided since the cutoff of the release."""
    return store.find(DecisionFilter(since=datetime.combine(release.description.cutoff, time())))


def select_earlier(decisions: Sequence[DecisionRow], release: Release, *, day: date) -> list[DecisionRow]:
    """The decisions of earlier runs of a day."""
    data_set = release.description.data_set
    return [one for one in decisions if one.decision_id == daily_decision_id(data_set, one.customer_id, day=day)]


def to_recent_contacts(decisions: Sequence[DecisionRow], release: Release) -> RecentContacts:
    """Which of the decisions are contacts with customers of the release; their rows are those of its offers.

    Offers that a website asked for do not count: whether a customer has seen them is not known.
    """
    part = offers_of(release)
    decisions = [one for one in decisions if one.treated and one.offer_id is not None and _is_of_a_run(one, release)]
    kinds = {offer.offer_id: offer.kind for offer in part.book.offers}
    rows = [part.index.find(one.customer_id) for one in decisions]
    contacts = [(row, one) for row, one in zip(rows, decisions, strict=True) if row >= 0]
    return RecentContacts(
        rows=np.array([row for row, _ in contacts], dtype=np.int64),
        times=np.array([one.send_at or one.decided_at for _, one in contacts], dtype="datetime64[s]"),
        channels=np.array([one.channel or "" for _, one in contacts], dtype=np.str_),
        campaigns=np.array([one.campaign_id or "" for _, one in contacts], dtype=np.str_),
        promotional=np.array(
            [kinds.get(one.offer_id or "", "") in part.terms.policy.promotional_kinds for _, one in contacts],
            dtype=bool,
        ),
    ).sort()


def _is_of_a_run(decision: DecisionRow, release: Release) -> bool:
    day = decision.decided_at.date()
    return decision.decision_id == daily_decision_id(release.description.data_set, decision.customer_id, day=day)
