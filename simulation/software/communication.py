"""Communication with the people of the accounts: surveys, campaigns, offers and stated preferences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from simulation.software import contacting
from simulation.software.effects import OFFERS
from simulation.software.history import AccountHistory
from simulation.software.people import People
from simulation.software.tickets import write_sentences
from simulation.software.usage import FEATURES
from simulation.software.world import Accounts, SoftwareWorld

NPS_INTERVAL_MONTHS = 3
NPS_ANSWERED, CSAT_ANSWERED = 0.4, 0.3
COMMENTED = 0.4
"Share of the answers with a comment."
GRIEVANCES = np.array(["missing feature", "price", "outage", "praise"])
"Topic of a comment: the strongest grievance of the account, or praise if it has none."

OPENED_MORE = {"training": 0.35, "discount": 0.2, "success-call": 0.3, "new-features": 0.15}
"By offer of a company in which contacts change nothing: how much it raises the probability that a mail is opened."
REACHED, TREATED, CONTACT_COST = contacting.REACHED, contacting.TREATED, 120.0
SENT_AT_HOUR = 10
OPENED = 0.4
"Share of the contacts that are opened, where contacts have effects."
STATING_SHARE = 0.3
"Share of the people who state a feature that they are interested in."
STREAM = 5
"A stream of its own, so that the rest of the company is the same with and without communication."


def communication_stream(world: SoftwareWorld) -> np.random.Generator:
    """The stream of random numbers for communication."""
    return np.random.default_rng([world.seed, STREAM])


def surveys_table(
    world: SoftwareWorld,
    accounts: Accounts,
    *,
    history: AccountHistory,
    people: People,
    tickets: pa.Table,
    random: np.random.Generator,
) -> pa.Table:
    """Quarterly NPS surveys of administrators and CSAT surveys after closed tickets; many stay unanswered."""
    surveys = [
        _nps(world, accounts, history=history, people=people, month=month, random=random)
        for month in _nps_months(world)
    ]
    table = pa.concat_tables([*surveys, _csat(tickets, people, random=random)])
    return table.sort_by([("event_time", "ascending"), ("customer_id", "ascending")])


def _nps_months(world: SoftwareWorld) -> range:
    return range(NPS_INTERVAL_MONTHS - 1, world.n_months, NPS_INTERVAL_MONTHS)


def grievances(accounts: Accounts, history: AccountHistory, *, month: int) -> NDArray[np.float64]:
    """(3, n) the annoyance of each account with product, price and support at the end of a month; 1 is high."""
    state = history.states[month + 1]
    return np.stack(
        [
            2 * (0.6 - state.usefulness).clip(0),
            accounts.price_sensitivity * (state.pressure + 0.7 * accounts.dearness.clip(0)),
            state.pain,
        ]
    )


def _nps(
    world: SoftwareWorld,
    accounts: Accounts,
    *,
    history: AccountHistory,
    people: People,
    month: int,
    random: np.random.Generator,
) -> pa.Table:
    """The surveys of the 20th of a month, answered the same day or never."""
    day = world.firsts[month] + 19
    there = (history.paid_from[:, month] <= day) & (history.paid_until[:, month] > day)
    rows = np.flatnonzero(people.is_admin & there[people.accounts] & (people.joined_on < day))
    annoyed = grievances(accounts, history, month=month)[:, people.accounts[rows]]
    score = np.rint(8.9 - 3.0 * annoyed.clip(0, 1.5).sum(axis=0) + random.normal(0, 1.4, len(rows))).clip(0, 10)
    about = np.where(annoyed.max(axis=0, initial=0) > 0.35, annoyed.argmax(axis=0), len(GRIEVANCES) - 1)
    sent = world.times(np.full(len(rows), day), 9 * 3_600)
    return _survey(
        "nps", people, rows=rows, sent=sent, score=score, answered=NPS_ANSWERED, about=GRIEVANCES[about], random=random
    )


def _csat(tickets: pa.Table, people: People, *, random: np.random.Generator) -> pa.Table:
    closed = tickets["closed_at"].to_numpy()
    rows = np.flatnonzero(~np.isnat(closed) & (random.random(len(closed)) < 0.5))
    who = np.searchsorted(people.person_ids, np.asarray(tickets["customer_id"].take(pa.array(rows)), "U"))
    waited = (tickets["first_answered_at"].to_numpy() - tickets["opened_at"].to_numpy())[rows]
    score = np.rint(4.5 - 0.8 * np.log1p(waited / np.timedelta64(12, "h")) + random.normal(0, 0.7, len(rows))).clip(
        1, 5
    )
    about = np.where(score < 3, "outage", "praise")
    return _survey(
        "csat", people, rows=who, sent=closed[rows], score=score, answered=CSAT_ANSWERED, about=about, random=random
    )


def _survey(
    kind: str,
    people: People,
    *,
    rows: NDArray[np.int64],
    sent: NDArray[np.datetime64],
    score: NDArray[np.float64],
    answered: float,
    about: NDArray[np.str_],
    random: np.random.Generator,
) -> pa.Table:
    answers = random.random(len(rows)) < answered
    comments = answers & (random.random(len(rows)) < COMMENTED)
    return pa.table(
        {
            "customer_id": people.person_ids[rows],
            "event_time": sent,
            "kind": np.full(len(rows), kind),
            "score": pa.array(score, pa.float64(), mask=~answers),
            "sent_at": sent,
            "comment": pa.array(
                write_sentences(about, people.language[rows], random=random), pa.string(), mask=~comments
            ),
        }
    )


def offers_table() -> pa.Table:
    """The offers of the company."""
    return pa.table(
        {
            "offer_id": list(OPENED_MORE),
            "kind": ["service", "discount", "service", "service"],
            "cost": [15_000.0, 40_000.0, 10_000.0, 500.0],
            "margin": [30_000.0, 60_000.0, 30_000.0, 5_000.0],
        }
    )


def contacts_table(
    world: SoftwareWorld, history: AccountHistory, *, people: People, random: np.random.Generator
) -> pa.Table:
    """A monthly campaign to randomly drawn administrators, with a control group."""
    if world.offer_effects:
        return _effective_contacts_table(world, history, people=people, random=random)
    day = world.firsts[:-1] + 9
    there = (history.paid_from <= day) & (history.paid_until > day)
    is_eligible = people.is_admin[:, None] & there[people.accounts] & (people.joined_on[:, None] < day)
    rows, month = np.nonzero(is_eligible & (random.random(is_eligible.shape) < REACHED))
    treated = random.random(len(rows)) < TREATED
    sent = world.times(day[month], SENT_AT_HOUR * 3_600)
    offers = np.array(list(OPENED_MORE))
    offer = month % len(offers)
    opened = treated & (random.random(len(rows)) < 0.2 + np.array(list(OPENED_MORE.values()))[offer])
    clicked = opened & (random.random(len(rows)) < 0.3)
    hours = random.integers(1, 72, len(rows)).astype("timedelta64[h]")
    never = np.datetime64("NaT", "s")
    return pa.table(
        {
            "customer_id": people.person_ids[rows],
            "event_time": sent,
            "campaign_id": np.char.mod("campaign-%02d", month + 1),
            "offer_id": offers[offer],
            "channel": np.where(random.random(len(rows)) < 0.8, "mail", "phone"),
            "treated": treated,
            "propensity": np.full(len(rows), TREATED),
            "cost": np.where(treated, CONTACT_COST, 0.0),
            "opened_at": np.where(opened, sent + hours, never),
            "clicked_at": np.where(clicked, sent + hours, never),
        }
    )


def effective_offers_table(history: AccountHistory) -> pa.Table:
    """The offers of a company in which contacts have effects; calls have capacities, of contacts in total."""
    made = np.bincount(history.contacts.offers[history.contacts.treated], minlength=len(OFFERS)).tolist()
    rows = [
        {
            "offer_id": offer_id,
            "kind": offer.kind,
            "cost": offer.cost,
            "margin": offer.margin,
            "channel": offer.channel,
            "capacity": None if offer.weekly_capacity is None else number + offer.weekly_capacity,
        }
        for (offer_id, offer), number in zip(OFFERS.items(), made, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def _effective_contacts_table(
    world: SoftwareWorld, history: AccountHistory, *, people: People, random: np.random.Generator
) -> pa.Table:
    """The contacts of the history, with the first administrator of each account."""
    contacts, never = history.contacts, np.datetime64("NaT", "s")
    offers = [list(OFFERS.values())[place] for place in contacts.offers]
    sent = world.times(world.firsts[contacts.months], SENT_AT_HOUR * 3_600)
    opened = contacts.treated & (random.random(len(contacts)) < OPENED)
    hours = random.integers(1, 72, len(contacts)).astype("timedelta64[h]")
    begins = world.times(world.firsts[contacts.months + 1])
    paid = history.paid_until[contacts.accounts, contacts.months] == world.firsts[contacts.months + 1]
    return pa.table(
        {
            "customer_id": people.person_ids[people.first[contacts.accounts]],
            "event_time": sent,
            "campaign_id": np.char.mod("campaign-%02d", contacts.months + 1),
            "offer_id": np.array(list(OFFERS))[contacts.offers],
            "channel": np.array([offer.channel for offer in offers]),
            "treated": contacts.treated,
            "propensity": np.full(len(contacts), contacting.TREATED),
            "cost": np.where(contacts.treated, [offer.cost for offer in offers], 0.0),
            "opened_at": np.where(opened, sent + hours, never),
            "converted_at": np.where(contacts.upgrades & paid & (begins < np.datetime64(world.end)), begins, never),
        }
    )


def preferences_table(world: SoftwareWorld, people: People, *, random: np.random.Generator) -> pa.Table:
    """The feature that some people state an interest in, within a month of joining."""
    days = people.joined_on + random.integers(1, 30, len(people))
    stating = np.flatnonzero((random.random(len(people)) < STATING_SHARE) & (days < world.n_days))
    return pa.table(
        {
            "customer_id": people.person_ids[stating],
            "event_time": world.times(days[stating]),
            "key": pa.array(["interest"] * len(stating), pa.string()),
            "value": random.choice(FEATURES, len(stating)),
        }
    )
