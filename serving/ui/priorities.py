"""Today's list: whom to contact to keep them, best first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.risk_level import RiskLevel
from core.scores import Reason
from core.tasks import Task
from serving.endpoints.churn_score import look_up_live_score
from serving.http.schema import RequestContext
from serving.release.churn_part import ChurnPart
from serving.release.release import Release
from serving.release.scored_customer import ScoredCustomer

MAX_SEARCHED = 5_000
"Customers of the list who are looked at, so that a page is made in time."
_REASONS = msgspec.json.Decoder(list[Reason])


@dataclass(frozen=True, kw_only=True)
class Priority:
    """One customer of the list."""

    score: ScoredCustomer
    reason: Reason | None
    "The strongest that raises the risk."
    owner: str
    since: date | None
    "Since when their health is in its band; None without `kizuna health`."
    task: Task | None = None
    "The newest open one."


def has_values(release: Release) -> bool:
    """Whether the list is by what a contact is expected to bring in; otherwise it is by risk."""
    return release.retention is not None and release.retention.assumptions is not None


def find_priorities(context: RequestContext, churn: ChurnPart, *, owner: str | None, limit: int) -> list[Priority]:
    """The first customers of the list, of one owner where one is given.

    With values, those with an action that pays, by its expected net value; without, those who are not at low risk.
    Customers who have refused scoring or contact since the cutoff are left out.
    """
    release, chosen = context.release, list[Priority]()
    for row in _rank(release, churn, owner=owner)[:MAX_SEARCHED].tolist():
        customer_id = churn.index.name(row)
        score = look_up_live_score(context, churn, customer_id=customer_id)
        live = context.journal.customer(customer_id)
        if not isinstance(score, ScoredCustomer) or (live is not None and live.refuses("contact", before=False)):
            continue
        if score.recommended_action.kind == "none" if has_values(release) else score.risk_level == RiskLevel.LOW:
            continue
        chosen.append(_describe(release, score))
        if len(chosen) == limit:
            break
    return chosen


def strongest_reason(score: ScoredCustomer) -> Reason | None:
    """The strongest reason that raises the risk; None where none does."""
    return next((reason for reason in read_reasons(score) if reason.direction == "up"), None)


def read_reasons(score: ScoredCustomer) -> list[Reason]:
    """The reasons of a score, strongest first."""
    return _REASONS.decode(score.reasons)


def list_owners(release: Release) -> list[str]:
    """Everyone who looks after customers."""
    return [] if release.segments is None else [word for word in np.char.decode(release.segments.owners.words) if word]


def _describe(release: Release, score: ScoredCustomer) -> Priority:
    segments, health = release.segments, release.health
    row = -1 if segments is None else segments.index.find(score.customer_id)
    record = None if health is None else health.health_of(score.customer_id)
    return Priority(
        score=score,
        reason=strongest_reason(score),
        owner=segments.owners[row] if segments is not None and row >= 0 else "",
        since=None if record is None else record.band_since,
    )


def _rank(release: Release, churn: ChurnPart, *, owner: str | None) -> NDArray[np.int64]:
    """Rows of the churn scores, best first."""
    part = release.retention
    is_ranked = part is not None and has_values(release)
    places = part.rank if part is not None and is_ranked else -churn.probability
    rows = np.arange(len(churn.index))
    if owner is not None:
        rows = rows[_is_owned(release, churn, owner=owner)]
    return rows[np.argsort(places[rows], kind="stable")]


def _is_owned(release: Release, churn: ChurnPart, *, owner: str) -> NDArray[np.bool_]:
    """(n,) whether this owner looks after the customer in each row of the churn scores."""
    segments = release.segments
    if segments is None:
        return np.zeros(len(churn.index), dtype=np.bool_)
    codes = np.flatnonzero(segments.owners.words == owner.encode())
    ids = segments.index.ids[np.isin(segments.owners.codes, codes)]
    return type(segments.index)(ids).contains(churn.index.ids)
