"""Whether customers have hours and weekdays of their own: `python -m benchmarks.contact_timing`.

Send times are learned from the first three quarters of the moments of a data set. On the last quarter, they are
compared with the best hour of all customers: the share of the later moments within one hour of the chosen one, or on
the chosen day of the week. A contact at such an hour need not sell more; that takes a control group.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.data_sets import DATA_SETS, data_set
from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import format_interval, table, write_section
from core.config.data_set import Config
from core.config.decisions import ContactPolicy
from core.config.loading import read_config
from core.customer_moments import HOURS, WEEKDAYS, CustomerMoments
from core.intervals import Estimate, estimate_interval
from features.contact_timing import load_customer_moments
from models.policies.habits import DAYS_OF_WEEK, HOURS_OF_DAY, UNKNOWN, Cycle
from models.policies.timing import SendTimes, find_allowed_hours, fit_contact_timing
from simulation.shop.simulate import simulate_shop
from simulation.shop.world import ShopWorld
from tables.sources.opening import open_tables

NAME = "contact_timing"
LEARNED_SHARE = 0.75
EVERY_HOUR = np.ones(HOURS, bool)


@dataclass(frozen=True)
class Comparison:
    """Hit rates of the chosen slots on later moments."""

    subject: str
    level: str
    common: Estimate
    chosen: Estimate
    gain: Estimate
    n: int


def compare(moments: CustomerMoments, *, subject: str, allowed: NDArray[np.bool_]) -> list[Comparison]:
    """Hours within the allowed ones, and weekdays, where the record has them."""
    n_learned = round(LEARNED_SHARE * len(moments))
    past, later = moments.take(np.arange(n_learned)), moments.take(np.arange(n_learned, len(moments)))
    customers = np.unique(past.customer_ids)
    later = later.take(np.isin(later.customer_ids, customers))
    times = fit_contact_timing(past, customers, allowed=allowed).overall
    results = []
    if times.hour_habits is not None:
        seen = later.take(later.has_hour)
        common = _common_slot(past.hours[past.has_hour], HOURS_OF_DAY, allowed=allowed)
        chosen = _of_rows(times, times.hours, seen)
        name = f"{subject}.hour" + ("" if allowed.all() else "_from_9_to_21")
        results.append(_judge(name, times.hour_habits.level, HOURS_OF_DAY, seen, seen.hours, chosen, common))
    if allowed.all():
        common = _common_slot(past.weekdays, DAYS_OF_WEEK, allowed=np.ones(WEEKDAYS, bool))
        chosen = _of_rows(times, times.weekdays, later)
        level = times.weekday_habits.level
        results.append(_judge(f"{subject}.weekday", level, DAYS_OF_WEEK, later, later.weekdays, chosen, common))
    return results


def _of_rows(times: SendTimes, slots: NDArray[np.int64], moments: CustomerMoments) -> NDArray[np.int64]:
    return slots[np.searchsorted(times.customer_ids, moments.customer_ids)]


def _common_slot(slots: NDArray[np.int64], cycle: Cycle, *, allowed: NDArray[np.bool_]) -> int:
    shares = cycle.window_shares(np.bincount(slots, minlength=cycle.n_slots).astype(float))
    return int(np.where(allowed, shares, -1).argmax())


def _judge(
    subject: str,
    level: str,
    cycle: Cycle,
    moments: CustomerMoments,
    slots: NDArray[np.int64],
    chosen: NDArray[np.int64],
    common: int,
) -> Comparison:
    hits = cycle.is_hit(slots, np.where(chosen == UNKNOWN, common, chosen)).astype(float)
    of_common = cycle.is_hit(slots, np.full(len(slots), common)).astype(float)
    rates = [
        estimate_interval(lambda rows, one=one: float(one[rows].mean()), moments.customer_ids)
        for one in (of_common, hits, hits - of_common)
    ]
    return Comparison(subject, level, *rates, n=len(slots))


def load_moments(config: Config) -> CustomerMoments:
    """All moments of a data set."""
    return load_customer_moments(open_tables(config))


def load_simulated_moments() -> CustomerMoments:
    """Those of the simulated shop, whose customers have no hours of their own."""
    with TemporaryDirectory() as folder:
        written = simulate_shop(ShopWorld()).write(Path(folder))
        return load_moments(read_config(written, os.environ))


def main() -> None:
    """Measure, print and publish the figures, and write the section."""
    subjects = {name: load_moments(data_set(name).config) for name in ("online_retail", "completejourney", "cdnow")}
    subjects["simulated_shop"] = load_simulated_moments()
    compared = [
        one
        for subject, moments in subjects.items()
        for allowed in (EVERY_HOUR, find_allowed_hours(ContactPolicy()))
        for one in compare(moments, subject=subject, allowed=allowed)
    ]
    publish(NAME, [_figure(one, name) for one in compared for name in ("common", "chosen", "gain")])
    rows = [
        [one.subject, one.level, f"{one.n:,}", *(format_interval(e) for e in (one.common, one.chosen, one.gain))]
        for one in compared
    ]
    write_section(
        NAME,
        "Hours and weekdays of customers",
        command=f"python -m benchmarks.{NAME}",
        facts={
            "Data": "; ".join(DATA_SETS[name].description for name in subjects if name in DATA_SETS)
            + "; the simulated shop, whose customers have no hours of their own",
            "Evaluation": "learned from the first three quarters of the moments, the decision between levels included; "
            "hit rate on the last quarter: within one hour of the chosen hour, or on the chosen day of the week",
        },
        parts=[table(["subject", "chosen level", "later moments", "of all customers", "chosen", "gain"], rows)],
    )


def _figure(compared: Comparison, name: str) -> BenchmarkFigure:
    estimate: Estimate = getattr(compared, name)
    return BenchmarkFigure(
        figure=f"{NAME}.{compared.subject}.{name}",
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        unit="share",
    )


if __name__ == "__main__":
    typer.run(main)
