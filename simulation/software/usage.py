"""The usage log of the product: sessions of people, the features they use, and the errors they get."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.software.history import AccountHistory
from simulation.software.people import People
from simulation.software.state import IS_SEVERE, logistic
from simulation.software.world import SoftwareWorld

FEATURES = np.array(
    ["dashboard", "report", "search", "export", "import", "sharing", "alerts", "templates", "automation", "api"]
)
"From the most used to the least used."
LOGIN, ERROR = "login", "error"
EVENTS = np.array([LOGIN, *FEATURES, ERROR])
SESSIONS = (0.7, 1.2)
"Sessions per active person and month at zero adoption, and how many more at full adoption."
ERROR_RATE, ERROR_RATE_IN_TROUBLE = 0.02, 0.12
"P(an error in a session), in ordinary months and in months with a severe ticket."
LONGEST_SESSION_SECONDS = 2_400
FIRST_HOUR, LAST_HOUR = 8, 20


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """All sessions; arrays are (sessions,)."""

    people: NDArray[np.int64]
    "int64 rows of People."
    starts: NDArray[np.int64]
    "int64 seconds from the start of the records."
    n_features: NDArray[np.int64]
    "int64: number of features that the account uses in the month."
    in_trouble: NDArray[np.bool_]
    "bool: whether the month has a severe ticket."


def make_sessions(
    world: SoftwareWorld, history: AccountHistory, *, people: People, random: np.random.Generator
) -> Sessions:
    """Sessions of active people in every month in which the account is a customer, by account and month."""
    adoption = logistic(np.stack([state.adoption for state in history.states[1:]], axis=1))
    breadth = logistic(np.stack([state.breadth for state in history.states[1:]], axis=1))
    trouble = np.stack([month_events.tickets[IS_SEVERE].sum(axis=0) > 0 for month_events in history.events], axis=1)
    present = people.present(world, history)
    active = np.where(present > 0, random.binomial(present, adoption), 0)
    paid = history.paid_until - history.paid_from
    low, more = SESSIONS
    counts = random.poisson(active * (low + more * adoption) * paid / 30)
    rows, months = np.nonzero(counts)
    counts = counts[rows, months]
    rows, months = np.repeat(rows, counts), np.repeat(months, counts)
    n = len(rows)
    days = history.paid_from[rows, months] + np.floor(random.random(n) * paid[rows, months]).astype(np.int64)
    seconds = random.integers(FIRST_HOUR * 3_600, LAST_HOUR * 3_600, n)
    return Sessions(
        people=people.first[rows] + np.floor(random.random(n) * active[rows, months]).astype(np.int64),
        starts=days * 86_400 + seconds,
        n_features=np.rint(1 + (len(FEATURES) - 1) * breadth[rows, months]).astype(np.int64),
        in_trouble=trouble[rows, months],
    )


def usage_table(world: SoftwareWorld, people: People, *, sessions: Sessions, random: np.random.Generator) -> pa.Table:
    """One login per session, the features used in it, and an error if there is one; by time."""
    n = len(sessions.people)
    n_used = 1 + random.poisson(0.35 * sessions.n_features)
    has_error = random.random(n) < np.where(sessions.in_trouble, ERROR_RATE_IN_TROUBLE, ERROR_RATE)
    of_features, of_errors = np.repeat(np.arange(n), n_used), np.flatnonzero(has_error)
    features = np.floor(random.random(len(of_features)) ** 1.3 * sessions.n_features[of_features])
    session = np.concatenate([np.arange(n), of_features, of_errors])
    event = np.concatenate([np.zeros(n), 1 + features, np.full(len(of_errors), len(EVENTS) - 1)]).astype(np.int64)
    later = random.integers(1, LONGEST_SESSION_SECONDS, len(session))
    seconds = sessions.starts[session] + np.where(event == 0, 0, later)
    order = np.argsort(seconds, kind="stable")
    session, event = session[order], event[order]
    rows = sessions.people[session]
    return pa.table(
        {
            "customer_id": _take_words(people.person_ids, rows),
            "event_time": world.times(np.zeros(len(order)), seconds[order]),
            "event": _take_words(EVENTS, event),
            "role": _take_words(np.array(["user", "admin"]), people.is_admin[rows].astype(np.int64)),
            "session_id": _take_words(np.char.mod("v%07d", np.arange(1, n + 1)), session),
        }
    )


def _take_words(words: NDArray[np.str_], places: NDArray[np.int64]) -> pa.Array:
    """The words at these positions; much faster than numpy text arrays for a million rows."""
    return pa.array(words, pa.string()).take(pa.array(places))
