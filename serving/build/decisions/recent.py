"""Contacts that were decided since the cutoff of a release, which its tables do not have yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

import numpy as np

from core.contact_state import RecentContacts
from core.decisions import DecisionRow
from serving.decisions.store import DecisionStore
from serving.offers.candidates import offers_of
from serving.release.release import Release


def load_recent(store: DecisionStore, release: Release) -> list[DecisionRow]:
    """The contacts since the cutoff of the release."""
    return store.recent_contacts(datetime.combine(release.description.cutoff, time()))


def to_recent_contacts(decisions: Sequence[DecisionRow], release: Release) -> RecentContacts:
    """The contacts with customers of the release; their rows are those of its offers."""
    part = offers_of(release)
    kinds = {offer.offer_id: offer.kind for offer in part.book.offers}
    rows = [part.index.find(one.customer_id) for one in decisions]
    known = [(row, one) for row, one in zip(rows, decisions, strict=True) if row >= 0]
    return RecentContacts(
        rows=np.array([row for row, _ in known], dtype=np.int64),
        times=np.array([one.send_at or one.decided_at for _, one in known], dtype="datetime64[s]"),
        channels=np.array([one.channel or "" for _, one in known], dtype=np.str_),
        campaigns=np.array([one.campaign_id or "" for _, one in known], dtype=np.str_),
        promotional=np.array(
            [kinds.get(one.offer_id or "", "") in part.terms.policy.promotional_kinds for _, one in known], dtype=bool
        ),
    ).sort()
