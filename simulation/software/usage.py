"""What the product's log holds: sessions of people, with the features that they use and the errors that they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.software.lives import Lives
from simulation.software.people import People
from simulation.software.states import IS_GRAVE, logistic
from simulation.software.world import SoftwareWorld

FEATURES = np.array(
    ["dashboard", "report", "search", "export", "import", "sharing", "alerts", "templates", "automation", "api"]
)
"From what everybody uses to what few do."
LOGIN, ERROR = "login", "error"
EVENTS = np.array([LOGIN, *FEATURES, ERROR])
SESSIONS = (0.7, 1.2)
"A month and active person, where nothing is adopted, and how many more where everything is."
MET_ERROR, MET_ERROR_IN_TROUBLE = 0.02, 0.12
"P(a session meets an error), in ordinary months and in those with a grave ticket."
LONGEST_SESSION_SECONDS = 2_400
FIRST_HOUR, LAST_HOUR = 8, 20


@dataclass(frozen=True)
class Sessions:
    """Every session; every array is (sessions,)."""

    people: np.ndarray
    "int64 rows of People."
    starts: np.ndarray
    "int64 seconds from the start of the records."
    known_features: np.ndarray
    "int64: of how many features the account makes use this month."
    in_trouble: np.ndarray
    "bool: a month with a grave ticket."


def make_sessions(world: SoftwareWorld, lives: Lives, people: People, random: np.random.Generator) -> Sessions:
    """Sessions of the active people of every month in which the account is a customer, by account and month."""
    adoption = logistic(np.stack([state.adoption for state in lives.states[1:]], axis=1))
    breadth = logistic(np.stack([state.breadth for state in lives.states[1:]], axis=1))
    trouble = np.stack([seen.tickets[IS_GRAVE].sum(axis=0) > 0 for seen in lives.happened], axis=1)
    present = people.present(world, lives)
    active = np.where(present > 0, random.binomial(present, adoption), 0)
    paid = lives.paid_until - lives.paid_from
    low, more = SESSIONS
    counts = random.poisson(active * (low + more * adoption) * paid / 30)
    who, months = np.nonzero(counts)
    counts = counts[who, months]
    who, months = np.repeat(who, counts), np.repeat(months, counts)
    n = len(who)
    days = lives.paid_from[who, months] + np.floor(random.random(n) * paid[who, months]).astype(np.int64)
    seconds = random.integers(FIRST_HOUR * 3_600, LAST_HOUR * 3_600, n)
    return Sessions(
        people=people.first[who] + np.floor(random.random(n) * active[who, months]).astype(np.int64),
        starts=days * 86_400 + seconds,
        known_features=np.rint(1 + (len(FEATURES) - 1) * breadth[who, months]).astype(np.int64),
        in_trouble=trouble[who, months],
    )


def usage_table(world: SoftwareWorld, people: People, sessions: Sessions, random: np.random.Generator) -> pa.Table:
    """A login a session, the features used in it, and an error where one was met; by time."""
    n = len(sessions.people)
    n_used = 1 + random.poisson(0.35 * sessions.known_features)
    erring = random.random(n) < np.where(sessions.in_trouble, MET_ERROR_IN_TROUBLE, MET_ERROR)
    of_features, of_errors = np.repeat(np.arange(n), n_used), np.flatnonzero(erring)
    features = np.floor(random.random(len(of_features)) ** 1.3 * sessions.known_features[of_features])
    session = np.concatenate([np.arange(n), of_features, of_errors])
    event = np.concatenate([np.zeros(n), 1 + features, np.full(len(of_errors), len(EVENTS) - 1)]).astype(np.int64)
    later = random.integers(1, LONGEST_SESSION_SECONDS, len(session))
    seconds = sessions.starts[session] + np.where(event == 0, 0, later)
    order = np.argsort(seconds, kind="stable")
    session, event = session[order], event[order]
    who = sessions.people[session]
    return pa.table(
        {
            "customer_id": _taken(people.person_ids, who),
            "event_time": world.times(np.zeros(len(order)), seconds[order]),
            "event": _taken(EVENTS, event),
            "role": _taken(np.array(["user", "admin"]), people.is_admin[who].astype(np.int64)),
            "session_id": _taken(np.char.mod("v%07d", np.arange(1, n + 1)), session),
        }
    )


def _taken(words: np.ndarray, places: np.ndarray) -> pa.Array:
    """Words by their places; far cheaper than text arrays of numpy for a million rows."""
    return pa.array(words, pa.string()).take(pa.array(places))
