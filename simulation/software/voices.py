"""What people are asked and told by the company: surveys, mail, and what they say that they want."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.software.accounts import Accounts
from simulation.software.lives import Lives
from simulation.software.people import People
from simulation.software.usage import FEATURES
from simulation.software.wording import sayings
from simulation.software.world import SoftwareWorld

ASKED_EVERY_MONTHS = 3
NPS_ANSWERED, CSAT_ANSWERED = 0.4, 0.3
COMMENTED = 0.4
"Share of the answers with a comment."
GRIEVANCES = np.array(["missing feature", "price", "outage", "praise"])
"What a comment is about: the strongest of what annoys an account, or praise where nothing does."

OFFERS = {"training": 0.35, "discount": 0.2, "success-call": 0.3, "new-features": 0.15}
"By offer: P(who was written to about it opens the mail) beyond the ordinary."
REACHED, TREATED, CONTACT_COST = 0.35, 0.85, 120.0
TELLING = 0.3
"Share of the people who say which feature they are interested in."
STREAM = 5
"Voices are drawn apart, so that accounts live the same lives with and without them."


def voice_stream(world: SoftwareWorld) -> np.random.Generator:
    """The stream of random numbers that voices are drawn from."""
    return np.random.default_rng([world.seed, STREAM])


def surveys_table(
    world: SoftwareWorld,
    accounts: Accounts,
    lives: Lives,
    people: People,
    tickets: pa.Table,
    random: np.random.Generator,
) -> pa.Table:
    """NPS each quarter of administrators, CSAT after closed tickets; many of them stay unanswered."""
    asked = [_nps(world, accounts, lives, people, month, random) for month in _asking_months(world)]
    table = pa.concat_tables([*asked, _csat(tickets, people, random)])
    return table.sort_by([("event_time", "ascending"), ("customer_id", "ascending")])


def _asking_months(world: SoftwareWorld) -> range:
    return range(ASKED_EVERY_MONTHS - 1, world.n_months, ASKED_EVERY_MONTHS)


def grievances(accounts: Accounts, lives: Lives, month: int) -> np.ndarray:
    """(3, n) how much product, price and support annoy each account at the end of a month; 1 is much."""
    state = lives.states[month + 1]
    return np.stack(
        [
            2 * (0.6 - state.usefulness).clip(0),
            accounts.price_sensitivity * (state.pressure + 0.7 * accounts.dearness.clip(0)),
            state.pain,
        ]
    )


def _nps(
    world: SoftwareWorld, accounts: Accounts, lives: Lives, people: People, month: int, random: np.random.Generator
) -> pa.Table:
    """The 20th of a month: sent, and answered the same day or never."""
    day = world.firsts[month] + 19
    there = (lives.paid_from[:, month] <= day) & (lives.paid_until[:, month] > day)
    asked = np.flatnonzero(people.is_admin & there[people.accounts] & (people.joined_on < day))
    annoyed = grievances(accounts, lives, month)[:, people.accounts[asked]]
    score = np.rint(8.9 - 3.0 * annoyed.clip(0, 1.5).sum(axis=0) + random.normal(0, 1.4, len(asked))).clip(0, 10)
    about = np.where(annoyed.max(axis=0, initial=0) > 0.35, annoyed.argmax(axis=0), len(GRIEVANCES) - 1)
    sent = world.times(np.full(len(asked), day), 9 * 3_600)
    return _survey("nps", people, asked, sent, score, NPS_ANSWERED, GRIEVANCES[about], random)


def _csat(tickets: pa.Table, people: People, random: np.random.Generator) -> pa.Table:
    closed = tickets["closed_at"].to_numpy()
    asked = np.flatnonzero(~np.isnat(closed) & (random.random(len(closed)) < 0.5))
    who = np.searchsorted(people.person_ids, np.asarray(tickets["customer_id"].take(pa.array(asked)), "U"))
    waited = (tickets["first_answered_at"].to_numpy() - tickets["opened_at"].to_numpy())[asked]
    score = np.rint(4.5 - 0.8 * np.log1p(waited / np.timedelta64(12, "h")) + random.normal(0, 0.7, len(asked))).clip(
        1, 5
    )
    about = np.where(score < 3, "outage", "praise")
    return _survey("csat", people, who, closed[asked], score, CSAT_ANSWERED, about, random)


def _survey(
    kind: str,
    people: People,
    asked: np.ndarray,
    sent: np.ndarray,
    score: np.ndarray,
    answered: float,
    about: np.ndarray,
    random: np.random.Generator,
) -> pa.Table:
    answers = random.random(len(asked)) < answered
    comments = answers & (random.random(len(asked)) < COMMENTED)
    return pa.table(
        {
            "customer_id": people.person_ids[asked],
            "event_time": sent,
            "kind": np.full(len(asked), kind),
            "score": pa.array(score, pa.float64(), mask=~answers),
            "sent_at": sent,
            "comment": pa.array(sayings(about, people.language[asked], random), pa.string(), mask=~comments),
        }
    )


def offers_table() -> pa.Table:
    """What the company can offer an account."""
    return pa.table(
        {
            "offer_id": list(OFFERS),
            "kind": ["service", "discount", "service", "service"],
            "cost": [15_000.0, 40_000.0, 10_000.0, 500.0],
            "margin": [30_000.0, 60_000.0, 30_000.0, 5_000.0],
        }
    )


def contacts_table(world: SoftwareWorld, lives: Lives, people: People, random: np.random.Generator) -> pa.Table:
    """A campaign a month to administrators drawn by lot, a part of whom is left out as a control group."""
    day = world.firsts[:-1] + 9
    there = (lives.paid_from <= day) & (lives.paid_until > day)
    wanted = people.is_admin[:, None] & there[people.accounts] & (people.joined_on[:, None] < day)
    who, month = np.nonzero(wanted & (random.random(wanted.shape) < REACHED))
    treated = random.random(len(who)) < TREATED
    sent = world.times(day[month], 10 * 3_600)
    offers = np.array(list(OFFERS))
    offer = month % len(offers)
    opened = treated & (random.random(len(who)) < 0.2 + np.array(list(OFFERS.values()))[offer])
    clicked = opened & (random.random(len(who)) < 0.3)
    hours = random.integers(1, 72, len(who)).astype("timedelta64[h]")
    never = np.datetime64("NaT", "s")
    return pa.table(
        {
            "customer_id": people.person_ids[who],
            "event_time": sent,
            "campaign_id": np.char.mod("campaign-%02d", month + 1),
            "offer_id": offers[offer],
            "channel": np.where(random.random(len(who)) < 0.8, "mail", "phone"),
            "treated": treated,
            "propensity": np.full(len(who), TREATED),
            "cost": np.where(treated, CONTACT_COST, 0.0),
            "opened_at": np.where(opened, sent + hours, never),
            "clicked_at": np.where(clicked, sent + hours, never),
        }
    )


def preferences_table(world: SoftwareWorld, people: People, random: np.random.Generator) -> pa.Table:
    """A feature each that some people say they are interested in, within a month of joining."""
    days = people.joined_on + random.integers(1, 30, len(people))
    telling = np.flatnonzero((random.random(len(people)) < TELLING) & (days < world.n_days))
    return pa.table(
        {
            "customer_id": people.person_ids[telling],
            "event_time": world.times(days[telling]),
            "key": pa.array(["interest"] * len(telling), pa.string()),
            "value": random.choice(FEATURES, len(telling)),
        }
    )
