"""What the support desk's system holds: every ticket, when it was answered and closed, and what was thought of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.software.lives import Lives
from simulation.software.people import People
from simulation.software.states import IS_GRAVE, TOPICS
from simulation.software.wording import sayings
from simulation.software.world import SoftwareWorld

SEVERITIES = np.array(["low", "medium", "high", "critical"])
CLOSING_FACTOR = 5.0
"Closing takes about so many times as long as the first answer."
RATED = 0.45
"Share of the closed tickets that are rated, 1 to 5."
WITHOUT_TOPIC = 0.1
"Share of the tickets that nobody sorted."
LONGEST_WAIT_DAYS = 45


def tickets_table(world: SoftwareWorld, lives: Lives, people: People, random: np.random.Generator) -> pa.Table:
    """Every ticket that was opened while its account was a customer; by time."""
    counts = np.stack([seen.tickets for seen in lives.happened], axis=2)
    hours = np.stack([seen.answer_hours for seen in lives.happened], axis=1)
    topic, who, month = np.nonzero(counts)
    topic, who, month = (np.repeat(places, counts[counts > 0]) for places in (topic, who, month))
    first, after = world.firsts[month], world.firsts[month + 1]
    day = first + np.floor(random.random(len(who)) * (after - first)).astype(np.int64)
    kept = (day >= lives.paid_from[who, month]) & (day < lives.paid_until[who, month])
    topic, who, month, day = (part[kept] for part in (topic, who, month, day))
    opened = day * 86_400 + random.integers(8 * 3_600, 20 * 3_600, len(who))
    order = np.argsort(opened, kind="stable")
    topic, who, month, opened = (part[order] for part in (topic, who, month, opened))
    grave = IS_GRAVE[topic]
    to_answer, to_close = _handled(hours[who, month], random)
    answered, closed = _recorded(world, opened + to_answer), _recorded(world, opened + to_close)
    present = people.present(world, lives)[who, month].clip(1)
    person = people.first[who] + np.floor(random.random(len(who)) ** 1.5 * present).astype(np.int64)
    unsorted = random.random(len(who)) < WITHOUT_TOPIC
    return pa.table(
        {
            "customer_id": people.person_ids[person],
            "opened_at": world.times(np.zeros(len(who)), opened),
            "ticket_id": np.char.mod("t%06d", np.arange(1, len(who) + 1)),
            "first_answered_at": answered,
            "closed_at": closed,
            "topic": pa.array(TOPICS[topic], pa.string(), mask=unsorted),
            "severity": SEVERITIES[2 * grave + (random.random(len(who)) < 0.4)],
            "satisfaction": _ratings(to_answer / 3_600, ~np.isnat(closed), grave, random),
            "text": sayings(TOPICS[topic], people.language[person], random),
        }
    )


def _handled(hours: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Seconds until each ticket is answered, and until it is closed."""
    n = len(hours)
    to_answer = 3_600 * hours * np.exp(random.normal(0, 0.5, n))
    to_close = to_answer + 3_600 * CLOSING_FACTOR * hours * random.exponential(1, n)
    return to_answer.clip(max=LONGEST_WAIT_DAYS * 86_400), to_close.clip(max=LONGEST_WAIT_DAYS * 86_400)


def _recorded(world: SoftwareWorld, seconds: np.ndarray) -> np.ndarray:
    """Moments, datetime64[s]; NaT for what has not happened by the last day."""
    moments = world.times(np.zeros(len(seconds)), seconds.astype(np.int64))
    return np.where(moments < np.datetime64(world.end, "s"), moments, np.datetime64("NaT", "s"))


def _ratings(
    hours_waited: np.ndarray, is_closed: np.ndarray, grave: np.ndarray, random: np.random.Generator
) -> pa.Array:
    """1 to 5, lower where the answer was late and the matter grave; missing where nothing was closed or said."""
    said = is_closed & (random.random(len(grave)) < RATED)
    mean = 4.6 - 0.5 * grave - 0.9 * np.log1p(hours_waited / 12)
    return pa.array(np.rint(random.normal(mean, 0.7)).clip(1, 5), mask=~said)
