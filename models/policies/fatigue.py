"""P(a customer unsubscribes because of one contact), learned from contacts, shrunk to the configuration's assumption.

    change = (unsubscribed / contacts) of the treated - (unsubscribed / customers) of the control group
    shrunk = (contacts * change + PRIOR_CONTACTS * assumed) / (contacts + PRIOR_CONTACTS)

Without a control group, each unsubscription within the time to answer counts as the contact's. Where more contacts in
the 30 days before go with more unsubscriptions, by a trend that noise seldom shows, the change grows with them: each
step of STEPS is shrunk to the change over all contacts, and no step is below the one before it (pool adjacent
violators, Ayer et al. 1955).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.contact_answers import UnsubscribeRows
from core.intervals import HALF_WIDTH
from models.policies.acceptance.rates import ASSUMED

PRIOR_CONTACTS = 500
"Few contacts make a customer unsubscribe, so that a few hundred say little."
STEPS = (0, 1, 2, 4, 8)
"Contacts in the 30 days before, from which a step of the change begins."
MIN_CONTACTS = 100
"Of a step; with fewer it belongs to the one below."


class Fatigue(msgspec.Struct, frozen=True, kw_only=True):
    """P(unsubscribe because of one contact), by contacts in the 30 days before."""

    steps: tuple[int, ...] = (0,)
    "Contacts in the 30 days before from which a probability holds; the first is 0."
    probabilities: tuple[float, ...]
    source: str

    def probability(self, recent_contacts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of the next contact of each customer, (n,)."""
        places = np.searchsorted(self.steps, recent_contacts, side="right") - 1
        return np.array(self.probabilities)[np.maximum(places, 0)]


def assume_fatigue(assumed: float) -> Fatigue:
    """The assumption of the configuration."""
    return Fatigue(probabilities=(assumed,), source=ASSUMED)


def estimate_fatigue(rows: UnsubscribeRows | None, *, assumed: float) -> Fatigue:
    """Learn the change from contacts; the assumption where there are none."""
    if rows is None or not (rows.treated & (rows.arm_weights > 0)).any():
        return assume_fatigue(assumed)
    rows = rows.take(rows.arm_weights > 0)
    everywhere = np.ones(len(rows), dtype=bool)
    overall = _shrink(_measure(rows, everywhere), assumed)
    starts = _choose_steps(rows)
    changes = [_measure(rows, part) for part in _parts(rows, starts)]
    source = _describe(rows)
    if not _grows(changes):
        return Fatigue(probabilities=(overall,), source=source)
    probabilities = _pool([_shrink(change, overall) for change in changes], sizes=[change.n for change in changes])
    return Fatigue(
        steps=starts, probabilities=probabilities, source=f"{source}; it grows with the contacts of the last 30 days"
    )


@dataclass(frozen=True)
class _Change:
    """Treated minus control."""

    value: float
    variance: float
    n: int
    "Treated contacts."
    recent: float
    "Mean contacts in the 30 days before."


def _measure(rows: UnsubscribeRows, part: NDArray[np.bool_]) -> _Change:
    treated, weights = rows.treated & part, rows.arm_weights
    control = ~rows.treated & part
    value, variance = _rate(rows.unsubscribed[treated], weights[treated])
    without, variance_without = _rate(rows.unsubscribed[control], weights[control])
    n, recent = int(treated.sum()), float(rows.recent_contacts[treated].mean()) if treated.any() else 0.0
    return _Change(value - without, variance + variance_without, n, recent)


def _rate(unsubscribed: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[float, float]:
    """A weighted share and its variance; half an unsubscription more, so that none does not seem certain."""
    if not len(unsubscribed):
        return 0.0, 0.0
    rate = float(np.average(unsubscribed, weights=weights))
    n = float(weights.sum() ** 2 / (weights**2).sum())
    cautious = (rate * n + 0.5) / (n + 1.0)
    return rate, cautious * (1.0 - cautious) / n


def _shrink(change: _Change, prior: float) -> float:
    return max(0.0, (change.n * change.value + PRIOR_CONTACTS * prior) / (change.n + PRIOR_CONTACTS))


def _choose_steps(rows: UnsubscribeRows) -> tuple[int, ...]:
    """The steps that begin with enough treated contacts, and leave enough below."""
    recent = rows.recent_contacts[rows.treated]
    starts = [0]
    for step in STEPS[1:]:
        below = int(((recent >= starts[-1]) & (recent < step)).sum())
        if below >= MIN_CONTACTS and int((recent >= step).sum()) >= MIN_CONTACTS:
            starts.append(step)
    return tuple(starts)


def _parts(rows: UnsubscribeRows, starts: tuple[int, ...]) -> list[NDArray[np.bool_]]:
    places = np.searchsorted(starts, rows.recent_contacts, side="right") - 1
    return [places == place for place in range(len(starts))]


def _grows(changes: list[_Change]) -> bool:
    """Whether the slope of the change over the contacts before, weighted by precision, is above 0 beyond noise."""
    if len(changes) < 2:
        return False
    weights = np.array([1.0 / change.variance for change in changes])
    recent, values = (np.array([getattr(change, name) for change in changes]) for name in ("recent", "value"))
    centred = recent - np.average(recent, weights=weights)
    precision = float(weights @ centred**2)
    return precision > 0 and float(weights @ (centred * values)) / np.sqrt(precision) > HALF_WIDTH


def _pool(probabilities: list[float], *, sizes: list[int]) -> tuple[float, ...]:
    """The closest probabilities that never fall."""
    blocks: list[list[float]] = []
    for probability, size in zip(probabilities, sizes, strict=True):
        blocks.append([probability, float(size), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            total = last[1] + before[1]
            blocks.append([(last[0] * last[1] + before[0] * before[1]) / total, total, last[2] + before[2]])
    return tuple(value for value, _, n_steps in blocks for _ in range(int(n_steps)))


def _describe(rows: UnsubscribeRows) -> str:
    treated, unsubscribed = rows.treated, rows.unsubscribed
    words = f"{rows.evidence}: {int((treated & unsubscribed).sum()):,} of {int(treated.sum()):,} unsubscribed"
    if treated.all():
        return words
    n_control = int((~treated).sum())
    return f"{words}, against {int((~treated & unsubscribed).sum()):,} of {n_control:,} in the control group"
