"""The tickets of the support desk, and the short texts that customers write in them and in surveys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.software.history import AccountHistory
from simulation.software.people import People
from simulation.software.state import IS_SEVERE, TOPICS
from simulation.software.world import SoftwareWorld

SEVERITIES = np.array(["low", "medium", "high", "critical"])
CLOSING_FACTOR = 5.0
"Closing takes about this many times as long as the first answer."
RATED = 0.45
"Share of the closed tickets with a rating from 1 to 5."
WITHOUT_TOPIC = 0.1
"Share of the tickets without a topic."
LONGEST_WAIT_DAYS = 45


def tickets_table(
    world: SoftwareWorld, history: AccountHistory, *, people: People, random: np.random.Generator
) -> pa.Table:
    """All tickets opened while the account is a customer; by time."""
    counts = np.stack([month_events.tickets for month_events in history.events], axis=2)
    hours = np.stack([month_events.answer_hours for month_events in history.events], axis=1)
    topic, rows, month = np.nonzero(counts)
    topic, rows, month = (np.repeat(places, counts[counts > 0]) for places in (topic, rows, month))
    first, after = world.firsts[month], world.firsts[month + 1]
    day = first + np.floor(random.random(len(rows)) * (after - first)).astype(np.int64)
    is_kept = (day >= history.paid_from[rows, month]) & (day < history.paid_until[rows, month])
    topic, rows, month, day = (part[is_kept] for part in (topic, rows, month, day))
    opened = day * 86_400 + random.integers(8 * 3_600, 20 * 3_600, len(rows))
    order = np.argsort(opened, kind="stable")
    topic, rows, month, opened = (part[order] for part in (topic, rows, month, opened))
    severe = IS_SEVERE[topic]
    to_answer, to_close = _draw_durations(hours[rows, month], random)
    answered, closed = _until_end(world, opened + to_answer), _until_end(world, opened + to_close)
    present = people.present(world, history)[rows, month].clip(1)
    person = people.first[rows] + np.floor(random.random(len(rows)) ** 1.5 * present).astype(np.int64)
    unsorted = random.random(len(rows)) < WITHOUT_TOPIC
    return pa.table(
        {
            "customer_id": people.person_ids[person],
            "opened_at": world.times(np.zeros(len(rows)), opened),
            "ticket_id": np.char.mod("t%06d", np.arange(1, len(rows) + 1)),
            "first_answered_at": answered,
            "closed_at": closed,
            "topic": pa.array(TOPICS[topic], pa.string(), mask=unsorted),
            "severity": SEVERITIES[2 * severe + (random.random(len(rows)) < 0.4)],
            "satisfaction": _ratings(to_answer / 3_600, ~np.isnat(closed), severe=severe, random=random),
            "text": write_sentences(TOPICS[topic], people.language[person], random=random),
        }
    )


def _draw_durations(
    hours: NDArray[np.float64], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(tickets,) seconds until each one is answered, and until it is closed."""
    n = len(hours)
    to_answer = 3_600 * hours * np.exp(random.normal(0, 0.5, n))
    to_close = to_answer + 3_600 * CLOSING_FACTOR * hours * random.exponential(1, n)
    return to_answer.clip(max=LONGEST_WAIT_DAYS * 86_400), to_close.clip(max=LONGEST_WAIT_DAYS * 86_400)


def _until_end(world: SoftwareWorld, seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """(tickets,) times, datetime64[s]; NaT for what happens after the last day."""
    moments = world.times(np.zeros(len(seconds)), seconds.astype(np.int64))
    return np.where(moments < np.datetime64(world.end, "s"), moments, np.datetime64("NaT", "s"))


def _ratings(
    hours_waited: NDArray[np.float64],
    is_closed: NDArray[np.bool_],
    *,
    severe: NDArray[np.bool_],
    random: np.random.Generator,
) -> pa.Array:
    """Ratings from 1 to 5, lower for late answers and severe topics; missing for open and unrated tickets."""
    is_rated = is_closed & (random.random(len(severe)) < RATED)
    mean = 4.6 - 0.5 * severe - 0.9 * np.log1p(hours_waited / 12)
    return pa.array(np.rint(random.normal(mean, 0.7)).clip(1, 5), mask=~is_rated)


TEMPLATES = Path(__file__).with_name("sentences.json")
"By topic and language: sentences with placeholders, and the fillings of these."


def write_sentences(topics: NDArray[np.str_], languages: NDArray[np.str_], *, random: np.random.Generator) -> list[str]:
    """One sentence for each topic and language; texts of the same topic rarely repeat."""
    templates = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    draws = random.random((len(topics), 5))
    return [
        _fill_template(
            templates["sentences"][str(topic)][str(language)],
            (templates[kind][str(language)] for kind in ("teams", "parts", "endings", "questions")),
            draw=draw,
        )
        for topic, language, draw in zip(topics, languages, draws, strict=True)
    ]


def _fill_template(sentences: list[str], fillings: Iterable[list[str]], *, draw: NDArray[np.float64]) -> str:
    choices = (sentences, *fillings)
    template, team, part, end, ask = (words[int(u * len(words))] for words, u in zip(choices, draw, strict=True))
    sentence = template.format(team=team, part=part, end=end, ask=ask)
    return sentence[0].upper() + sentence[1:]
