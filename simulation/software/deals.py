"""What the company sells and spends: opportunities won and lost, acquisition by channel, and exchange rates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.software.accounts import CHANNELS, SEAT_PRICE, Accounts
from simulation.software.lives import Lives
from simulation.software.people import ACQUISITION_YEN
from simulation.software.spans import YEN_PER_USD, seats_by_month
from simulation.software.world import SoftwareWorld

UPSELLS = 0.05
"P(an account is offered more seats in a month)."
WON = 0.35
STREAM = 6
"Deals are drawn apart from everything else."


def deal_stream(world: SoftwareWorld) -> np.random.Generator:
    """The stream of random numbers that deals are drawn from."""
    return np.random.default_rng([world.seed, STREAM])


def opportunities_table(
    world: SoftwareWorld, accounts: Accounts, lives: Lives, random: np.random.Generator
) -> pa.Table:
    """Talks about more seats, in yen a year; those that are not over on the last day are open."""
    who, month = np.nonzero(lives.at_risk & (random.random(lives.paid_from.shape) < UPSELLS))
    opened = lives.paid_from[who, month]
    closed = opened + random.integers(10, 80, len(who))
    use = np.stack([state.usefulness for state in lives.states[:-1]], axis=1)[who, month]
    won = random.random(len(who)) < 2 * WON * use
    over = closed < world.n_days
    seats = np.ceil(seats_by_month(lives)[who, month] * random.uniform(0.1, 0.5, len(who)))
    return pa.table(
        {
            "account_id": accounts.account_ids[who],
            "stage": np.where(over, np.where(won, "won", "lost"), "proposal"),
            "amount": np.round(12 * seats * SEAT_PRICE[1], -3),
            "opened_at": world.times(opened),
            "closed_at": np.where(over, world.times(closed), np.datetime64("NaT", "s")),
            "won": pa.array(won, mask=~over),
        }
    )


def spend_table(world: SoftwareWorld, accounts: Accounts, random: np.random.Generator) -> pa.Table:
    """What each channel cost each month: some fixed yen, and some for every account that it brought."""
    channel = np.searchsorted(np.sort(CHANNELS), accounts.source)
    brought = np.zeros((world.n_months, len(CHANNELS)))
    np.add.at(brought, (accounts.begins_in, channel), 2.2 * ACQUISITION_YEN * accounts.seats**0.5)
    # Those of the first month had been won over years.
    brought[0] = brought[1:].mean(axis=0) if world.n_months > 1 else brought[0]
    amount = np.round((brought + 150_000) * np.exp(random.normal(0, 0.15, brought.shape)), -3)
    return pa.table(
        {
            "month": np.repeat(world.months.astype("datetime64[D]"), len(CHANNELS)),
            "channel": np.tile(np.sort(CHANNELS), world.n_months),
            "amount": amount.ravel(),
        }
    )


def rates_table(world: SoftwareWorld, random: np.random.Generator) -> pa.Table:
    """Yen for a dollar, month by month, from the month before the records to the one after them."""
    months = np.datetime64(world.start, "M") + np.arange(-1, world.n_months + 1)
    drift = np.cumsum(random.normal(0, 0.018, len(months)))
    return pa.table(
        {
            "month": np.datetime_as_string(months),
            "currency": np.full(len(months), "USD"),
            "rate": np.round(YEN_PER_USD * np.exp(drift), 2),
        }
    )
