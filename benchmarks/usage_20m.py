"""Measures the cost of features of a million subscribers with twenty million usage events, against one plain scan.

`python -m benchmarks.usage_20m` writes seeded events, subscriptions and tickets to var/bench once, then measures one
cutoff five times, each time next to a scan of the usage; see benchmarks/against_scan.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.against_scan import compare_with_scan, every_customer, text_ids, write_cost_section, write_parquet
from benchmarks.figures import BENCH
from core.config.data_set import Config
from core.config.sources import TableSource

NAME = "usage_20m"
N_EVENTS = 20_000_000
N_CUSTOMERS = 1_000_000
N_TICKETS = 200_000
N_KINDS = 12
EVENTS_PER_SESSION = 4
DAYS = 730
EVENTS_PER_FILE = 2_000_000
CUTOFF = date(2024, 1, 1)
PLANS = {"basic": 20.0, "pro": 60.0, "max": 200.0}


def make_company(folder: Path, *, n_events: int = N_EVENTS, n_customers: int = N_CUSTOMERS, seed: int = 7) -> None:
    """Write the tables of a software company: every customer has usage and a subscription, some have tickets."""
    random = np.random.default_rng(seed)
    write_parquet(folder / "usage", _usage(random, n_events=n_events, n_customers=n_customers))
    write_parquet(folder / "subscriptions", [_subscriptions(random, n_customers)])
    n_tickets = max(1, N_TICKETS * n_customers // N_CUSTOMERS)
    write_parquet(folder / "tickets", [_tickets(random, n_tickets=n_tickets, n_customers=n_customers)])


def _usage(random: np.random.Generator, *, n_events: int, n_customers: int) -> Iterator[pa.Table]:
    """Events sorted by time: gamma-distributed rates, short sessions, some kinds of event far more frequent."""
    rates = random.gamma(0.8, size=n_customers)
    n_sessions = n_events // EVENTS_PER_SESSION
    chosen = random.choice(n_customers, n_sessions - n_customers, p=rates / rates.sum())
    owners = random.permutation(np.concatenate([np.arange(n_customers), chosen]))
    seconds = np.sort(random.integers(0, DAYS * 86_400, n_sessions))
    sessions = np.repeat(np.arange(n_sessions), EVENTS_PER_SESSION)
    for start in range(0, n_events, EVENTS_PER_FILE):
        part = sessions[start : start + EVENTS_PER_FILE]
        yield _events(random, part, owners=owners[part], seconds=seconds[part])


def _events(
    random: np.random.Generator, sessions: NDArray[np.int64], *, owners: NDArray[np.int64], seconds: NDArray[np.int64]
) -> pa.Table:
    n = len(sessions)
    kinds = np.array([*(f"feature_{number}" for number in range(N_KINDS - 1)), "error_shown"])
    roles = np.array(["member", "member", "member", "admin"])
    moments = seconds + random.integers(0, 1_800, n)
    return pa.table(
        {
            "customer_id": text_ids("C", owners),
            "event_time": np.datetime64(CUTOFF, "s") - DAYS * 86_400 + moments.astype("timedelta64[s]"),
            "event": kinds[(N_KINDS * random.power(0.5, n)).astype(np.int64)],
            "role": roles[random.integers(0, len(roles), n)],
            "session_id": text_ids("S", sessions),
            "value": np.round(random.lognormal(1.0, 1.0, n), 2),
            "channel": np.array(["app", "web"])[sessions % 2],
        }
    )


def _subscriptions(random: np.random.Generator, n_customers: int) -> pa.Table:
    """One subscription per customer; a fifth of them has ended."""
    began = random.integers(0, DAYS * 86_400, n_customers)
    ended = (began + random.exponential(300 * 86_400, n_customers)).astype(np.int64)
    has_ended = (random.random(n_customers) < 0.2) & (ended < DAYS * 86_400)
    start = np.datetime64(CUTOFF, "s") - DAYS * 86_400
    plans = np.array(list(PLANS))[random.integers(0, len(PLANS), n_customers)]
    return pa.table(
        {
            "customer_id": text_ids("C", np.arange(n_customers)),
            "subscription_id": text_ids("B", np.arange(n_customers)),
            "plan": plans,
            "mrr": np.array([PLANS[plan] for plan in plans.tolist()]),
            "seats": random.integers(1, 50, n_customers),
            "started_at": start + began.astype("timedelta64[s]"),
            "ended_at": np.where(has_ended, start + ended.astype("timedelta64[s]"), np.datetime64("NaT", "s")),
        }
    )


def _tickets(random: np.random.Generator, *, n_tickets: int, n_customers: int) -> pa.Table:
    opened = np.datetime64(CUTOFF, "s") - random.integers(0, DAYS * 86_400, n_tickets).astype("timedelta64[s]")
    hours = random.exponential(20, (2, n_tickets)) * 3_600
    return pa.table(
        {
            "customer_id": text_ids("C", random.integers(0, n_customers, n_tickets)),
            "opened_at": opened,
            "first_answered_at": opened + hours[0].astype("timedelta64[s]"),
            "closed_at": opened + hours.sum(axis=0).astype("timedelta64[s]"),
            "topic": np.array(["bill", "bug", "how"])[random.integers(0, 3, n_tickets)],
            "severity": np.array(["low", "high"])[random.integers(0, 2, n_tickets)],
            "satisfaction": random.integers(1, 6, n_tickets).astype(np.float64),
        }
    )


def company_of(folder: Path) -> Config:
    """A data set of these files."""
    tables = {name: TableSource(path=str(folder.resolve() / name / "*.parquet")) for name in
              ("usage", "subscriptions", "tickets")}  # fmt: skip
    return Config(
        name="bench", time_zone="Europe/London", currency="GBP", active_days=365, tables=tables,
    )  # fmt: skip


def main() -> None:
    """Measure and publish."""
    folder = BENCH / NAME
    if not folder.exists():
        make_company(folder)
    config = company_of(folder)
    files = str(folder.resolve() / "usage" / "*.parquet")
    cohort = every_customer(files, CUTOFF)
    figures = compare_with_scan(NAME, "features.usage_20m", files=files, amount="value", config=config, cohort=cohort)
    data = (
        f"{N_EVENTS:,} simulated usage events of {N_CUSTOMERS:,} customers at one cutoff, text ids; with one "
        f"subscription each and {N_TICKETS:,} tickets"
    )
    write_cost_section(NAME, "The cost of usage features", data=data, figures=figures)


if __name__ == "__main__":
    main()
