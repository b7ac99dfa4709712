"""The company's contracts: one row per unchanged span, and what the firms look like in its CRM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.software.accounts import MARGINS, PLANS, SEAT_PRICE, Accounts
from simulation.software.hazards import CAUSES
from simulation.software.lives import Lives
from simulation.software.world import SoftwareWorld

YEN_PER_USD = 148.0
"About which rates move."
STATED, MISSTATED, TOLD_AS_OTHER = 0.85, 0.15, 0.08
"Of the ends: share with a reason; of these, shares with a wrong one and with 'other' instead of the true one."
PAYMENT_FAILED = 0.2
"Of the ends for prices, share that shows as a payment that failed."
REFUNDED = 0.3
"Of the ends for product or support, share with part of a month paid back."


@dataclass(frozen=True)
class Spans:
    """Unchanged stretches of contracts, by account and then time; every array is (spans,)."""

    accounts: np.ndarray
    "int64 rows of Accounts."
    months: np.ndarray
    "int64: in which it starts."
    starts: np.ndarray
    "int64 days from the start of the records."
    stops: np.ndarray
    "int64: the first day without it; n_days + 1 where it runs on."
    ends: np.ndarray
    "int64 rows of Ends; -1 where the account did not leave."


def contract_spans(world: SoftwareWorld, accounts: Accounts, lives: Lives) -> Spans:
    """A span begins when an account does, when seats, plan or price change, and when a yearly term is renewed."""
    begins = lives.is_customer & (lives.tenure_months == 0)
    changed = np.zeros_like(begins)
    for values in (seats_by_month(lives), plans_by_month(lives), amounts(accounts, lives)):
        changed[:, 1:] |= values[:, 1:] != values[:, :-1]
    yearly = accounts.term_months[:, None] > 1
    renewed = yearly & (lives.tenure_months > 0) & (lives.tenure_months % 12 == 0)
    who, months = np.nonzero(begins | (lives.is_customer & (changed | renewed)))
    return _stopped(world, lives, who, months)


def _stopped(world: SoftwareWorld, lives: Lives, who: np.ndarray, months: np.ndarray) -> Spans:
    """Each span ends where the account leaves, or where its next one begins."""
    starts = lives.paid_from[who, months]
    follows = np.append(who[1:] == who[:-1], False)
    next_start = np.where(follows, np.append(starts[1:], 0), world.n_days + 1)
    key = world.n_days + 2
    order = np.lexsort((lives.ends.days, lives.ends.accounts))
    moments = (lives.ends.accounts * key + lives.ends.days)[order]
    place = np.searchsorted(moments, who * key + starts, side="right")
    found = np.append(order, -1)[place]
    left_on = np.append(lives.ends.days, -1)[found]
    leaving = (np.append(lives.ends.accounts, -1)[found] == who) & (left_on <= next_start)
    return Spans(who, months, starts, np.where(leaving, left_on, next_start), np.where(leaving, found, -1))


def seats_by_month(lives: Lives) -> np.ndarray:
    """(n, n_months) int64: what each month is paid for."""
    return np.stack([state.seats for state in lives.states[1:]], axis=1)


def plans_by_month(lives: Lives) -> np.ndarray:
    """(n, n_months) int64 rows of PLANS."""
    return np.stack([state.plan for state in lives.states[1:]], axis=1)


def amounts(accounts: Accounts, lives: Lives) -> np.ndarray:
    """(n, n_months) what each month costs, whole units of the account's own currency."""
    level = np.stack([state.price_level for state in lives.states[1:]], axis=1)
    yen = SEAT_PRICE[plans_by_month(lives)] * seats_by_month(lives) * level * np.exp(accounts.dearness)[:, None]
    return np.round(np.where(accounts.foreign[:, None], yen / YEN_PER_USD, yen))


def subscriptions_table(
    world: SoftwareWorld, accounts: Accounts, lives: Lives, spans: Spans, random: np.random.Generator
) -> pa.Table:
    """Every span, with why the last ones ended as far as firms said so."""
    who, months = spans.accounts, spans.months
    plans = plans_by_month(lives)[who, months]
    mrr = amounts(accounts, lives)[who, months]
    ended = world.times(spans.stops).astype("datetime64[s]")
    reasons, kinds, refunds = _told_of_ends(lives, random)
    leaving = spans.ends >= 0
    return pa.table(
        {
            "customer_id": accounts.account_ids[who],
            "subscription_id": np.char.add("s", np.char.lstrip(accounts.account_ids[who], "a")),
            "plan": PLANS[plans],
            "mrr": mrr,
            "started_at": world.times(spans.starts),
            "ended_at": np.where(spans.stops > world.n_days, np.datetime64("NaT", "s"), ended),
            "end_reason": _texts(np.where(leaving, reasons[spans.ends], "")),
            "end_kind": _texts(np.where(leaving, kinds[spans.ends], "")),
            "renews_at": _renewals(world, accounts, lives, spans),
            "refunded": np.where(leaving, np.round(refunds[spans.ends] * mrr), 0.0),
            "margin_rate": MARGINS[plans],
            "currency": np.where(accounts.foreign[who], "USD", "JPY"),
            "seats": seats_by_month(lives)[who, months],
            "term_months": accounts.term_months[who],
        }
    ).sort_by([("started_at", "ascending"), ("customer_id", "ascending")])


def _told_of_ends(lives: Lives, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The reason that was told, the kind of end and the share of a month paid back, of every end; '' is silence.

    One more stands at the end, for spans that end otherwise.
    """
    causes, n = lives.ends.causes, len(lives.ends.causes)
    wrong = (causes + random.integers(1, len(CAUSES), n)) % len(CAUSES)
    told = np.where(random.random(n) < MISSTATED, wrong, causes)
    reasons = np.where(random.random(n) < TOLD_AS_OTHER, "other", CAUSES[told])
    reasons = np.where(random.random(n) < STATED, reasons, "")
    failed = (CAUSES[causes] == "price") & (random.random(n) < PAYMENT_FAILED)
    unhappy = np.isin(CAUSES[causes], ["product", "support"]) & (random.random(n) < REFUNDED)
    refunds = np.where(unhappy, random.uniform(0.1, 0.9, n), 0.0)
    kinds = np.where(failed, "payment failed", "chosen")
    return np.append(reasons, ""), np.append(kinds, ""), np.append(refunds, 0.0)


def _renewals(world: SoftwareWorld, accounts: Accounts, lives: Lives, spans: Spans) -> np.ndarray:
    """When the term that a span lies in ends, datetime64[s]; NaT for terms of one month, which just roll on."""
    who, months = spans.accounts, spans.months
    left = 12 - lives.tenure_months[who, months] % 12
    ends = (np.datetime64(world.start, "M") + months + left).astype("datetime64[s]")
    return np.where(accounts.term_months[who] > 1, ends, np.datetime64("NaT", "s"))


def accounts_table(world: SoftwareWorld, accounts: Accounts, lives: Lives, spans: Spans) -> pa.Table:
    """What the CRM says of each firm: a dated row when it begins, and one for every change of its seats."""
    seats = seats_by_month(lives)[spans.accounts, spans.months]
    same = np.append(False, (spans.accounts[1:] == spans.accounts[:-1]) & (seats[1:] == seats[:-1]))
    who = spans.accounts[~same]
    return pa.table(
        {
            "account_id": accounts.account_ids[who],
            "seats": seats[~same],
            "owner": accounts.owner[who],
            "industry": accounts.industry[who],
            "size": accounts.size[who],
            "country": np.where(accounts.foreign[who], "US", "JP"),
            "valid_from": world.times(spans.starts[~same]),
        }
    )


def _texts(words: np.ndarray) -> pa.Array:
    return pa.array(words, pa.string(), mask=words == "")
