"""What customers of the simulated shop consent to: stated when they join, changed by some, ended by unsubscribing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.shop.world import Customers, ShopWorld

GRANTED = {"recommend": 0.96, "contact": 0.93, "score": 0.97}
"P(a customer consents when they join), by purpose."
SECOND_THOUGHTS = 0.01
"P(a customer changes a consent later), for each purpose."
PURPOSES = np.array(list(GRANTED))
CONTACT = list(GRANTED).index("contact")


@dataclass(frozen=True, kw_only=True)
class Consents:
    """What each customer states; arrays are (n, purposes)."""

    granted: NDArray[np.bool_]
    "bool: what they state when they join."
    changes_on: NDArray[np.int64]
    "int64 days from the start of the records: when they state the opposite; n_days + 1 if they never do."

    def allow_contact_on(self, day: int) -> NDArray[np.bool_]:
        """(n,) whether each customer has consented to contact at midnight of a day, unsubscribing apart."""
        return self.granted[:, CONTACT] ^ (self.changes_on[:, CONTACT] <= day)


def draw_consents(world: ShopWorld, customers: Customers, *, random: np.random.Generator) -> Consents:
    """Draw what each customer states, and when some change it."""
    granted = random.random((len(customers), len(PURPOSES))) < np.array(list(GRANTED.values()))
    later = customers.joins_on[:, None] + random.integers(1, world.n_days + 1, granted.shape)
    changed = (random.random(granted.shape) < SECOND_THOUGHTS) & (later < world.n_days)
    return Consents(granted=granted, changes_on=np.where(changed, later, world.n_days + 1))


def consents_table(
    world: ShopWorld, customers: Customers, *, consents: Consents, unsubscribed_at: NDArray[np.datetime64] | None = None
) -> pa.Table:
    """One row per customer and purpose on the day they join, one for each later change, one for each unsubscribing.

    `unsubscribed_at` is (n,) datetime64[s], NaT for those who do not; no later change of that consent counts.
    """
    joined = np.repeat(customers.joins_on, len(PURPOSES)).reshape(consents.granted.shape)
    changed, never = consents.changes_on < world.n_days, np.datetime64("NaT", "s")
    leaving = np.full(len(customers), never) if unsubscribed_at is None else unsubscribed_at
    changes_at = world.times(consents.changes_on[:, CONTACT], np.zeros(len(customers)))
    changed[:, CONTACT] &= np.isnat(leaving) | (changes_at <= leaving)
    statements = [
        _rows(customers, chosen, answers=answers, times=world.times(days[chosen], np.zeros(chosen.sum())))
        for chosen, answers, days in (
            (np.ones(changed.shape, bool), consents.granted, joined),
            (changed, ~consents.granted, consents.changes_on),
        )
    ]
    withdrawn = np.zeros(changed.shape, bool)
    withdrawn[:, CONTACT] = ~np.isnat(leaving)
    refused = _rows(customers, withdrawn, answers=np.zeros(changed.shape, bool), times=leaving[~np.isnat(leaving)])
    return pa.concat_tables([*statements, *([refused] if len(refused) else [])])


def _rows(
    customers: Customers, chosen: NDArray[np.bool_], *, answers: NDArray[np.bool_], times: NDArray[np.datetime64]
) -> pa.Table:
    rows, purposes = np.nonzero(chosen)
    return pa.table(
        {
            "customer_id": customers.customer_ids[rows],
            "purpose": PURPOSES[purposes],
            "granted": answers[chosen],
            "event_time": times,
        }
    )
