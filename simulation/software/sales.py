"""Sales and spend of the company: opportunities, acquisition cost by channel, and exchange rates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.software.contracts import YEN_PER_USD, seats_by_month
from simulation.software.history import AccountHistory
from simulation.software.people import ACQUISITION_YEN
from simulation.software.world import CHANNELS, SEAT_PRICE, Accounts, SoftwareWorld

UPSELL_PROBABILITY = 0.05
"P(sales offers an account more seats in a month)."
WON = 0.35
STREAM = 6
"A stream of their own, so that the rest of the company is the same with and without deals."


def deal_stream(world: SoftwareWorld) -> np.random.Generator:
    """The stream of random numbers for deals."""
    return np.random.default_rng([world.seed, STREAM])


def opportunities_table(
    world: SoftwareWorld, accounts: Accounts, *, history: AccountHistory, random: np.random.Generator
) -> pa.Table:
    """Opportunities for more seats, in yen per year; those not closed by the last day are open."""
    rows, month = np.nonzero(history.at_risk & (random.random(history.paid_from.shape) < UPSELL_PROBABILITY))
    opened = history.paid_from[rows, month]
    closed = opened + random.integers(10, 80, len(rows))
    use = np.stack([state.usefulness for state in history.states[:-1]], axis=1)[rows, month]
    won = random.random(len(rows)) < 2 * WON * use
    over = closed < world.n_days
    seats = np.ceil(seats_by_month(history)[rows, month] * random.uniform(0.1, 0.5, len(rows)))
    return pa.table(
        {
            "account_id": accounts.account_ids[rows],
            "stage": np.where(over, np.where(won, "won", "lost"), "proposal"),
            "amount": np.round(12 * seats * SEAT_PRICE[1], -3),
            "opened_at": world.times(opened),
            "closed_at": np.where(over, world.times(closed), np.datetime64("NaT", "s")),
            "won": pa.array(won, mask=~over),
        }
    )


def spend_table(world: SoftwareWorld, accounts: Accounts, *, random: np.random.Generator) -> pa.Table:
    """The cost of each channel in each month: a fixed amount, and one for each account it acquires."""
    channel = np.searchsorted(np.sort(CHANNELS), accounts.source)
    acquired = np.zeros((world.n_months, len(CHANNELS)))
    np.add.at(acquired, (accounts.begins_in, channel), 2.2 * ACQUISITION_YEN * accounts.seats**0.5)
    # The accounts of the first month were acquired over years.
    acquired[0] = acquired[1:].mean(axis=0) if world.n_months > 1 else acquired[0]
    amount = np.round((acquired + 150_000) * np.exp(random.normal(0, 0.15, acquired.shape)), -3)
    return pa.table(
        {
            "month": np.repeat(world.months.astype("datetime64[D]"), len(CHANNELS)),
            "channel": np.tile(np.sort(CHANNELS), world.n_months),
            "amount": amount.ravel(),
        }
    )


def rates_table(world: SoftwareWorld, random: np.random.Generator) -> pa.Table:
    """Yen per dollar by month, from the month before the records to the month after them."""
    months = np.datetime64(world.start, "M") + np.arange(-1, world.n_months + 1)
    drift = np.cumsum(random.normal(0, 0.018, len(months)))
    return pa.table(
        {
            "month": np.datetime_as_string(months),
            "currency": np.full(len(months), "USD"),
            "rate": np.round(YEN_PER_USD * np.exp(drift), 2),
        }
    )
