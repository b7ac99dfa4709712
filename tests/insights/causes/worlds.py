"""Subscriptions written in one line each, and churn with known causes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.config.customers import CauseSettings, Intervention
from core.risk_curves import RiskCurves
from insights.causes.covariates import CauseNames, Covariates
from insights.causes.current_risk import HazardRisks
from insights.causes.panel import Panel
from insights.causes.person_months import SEGMENT, TIER, Membership, PersonMonths
from insights.causes.stated import StatedCauses
from insights.finance.money import Money
from tables.episodes import SubscriptionEpisodes
from tests.worlds import frame


def subscriptions(*lines: str, **more: str) -> pa.Table:
    """Rows from lines such as "ada 2024-01-05 2024-06-01 too expensive": customer, start, end ('-' runs), reason."""
    return frame(*(_span(line) | more for line in lines))


def _span(line: str) -> dict[str, object]:
    who, began, ended, *why = line.split(maxsplit=3)
    return {
        "customer_id": who, "subscription_id": who, "plan": "pro", "mrr": 100.0, "started_at": began,
        "ended_at": None if ended == "-" else ended, "end_reason": why[0] if why else None,
    }  # fmt: skip


class Competing(NamedTuple):
    """Customers with one feature per cause, stated and true causes; aligned."""

    covariates: Covariates
    churned: np.ndarray
    stated_causes: np.ndarray
    "Place of the cause, -1 for none."
    true_shares: np.ndarray
    "(n, causes) of the risk of leaving."

    @property
    def truth(self) -> np.ndarray:
        """(causes,) the mean share of each among churned customers."""
        return self.true_shares[self.churned].mean(axis=0)


def covariates_of(values: np.ndarray) -> Covariates:
    """One column per cause, in order."""
    n_causes = values.shape[1]
    return Covariates.of(values, np.arange(n_causes), families=np.full(n_causes, "one"), n_causes=n_causes)


def competing(n: int, seed: int, noise_rate: float = 0.2, silent_share: float = 0.3) -> Competing:
    """Customers with hazards that are known functions of three features, and stated causes.

    The first two causes rise with their features, the last is a constant risk. Noisy statements name any cause.
    """
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, (n, 3))
    risks = np.exp(np.array([-5.0, -5.5, -5.5]) + np.array([1.2, 1.2, 0.0]) * values)
    total = risks.sum(axis=1)
    churned = random.random(n) < 1 - np.exp(-total)
    cause = (random.random((n, 1)) > np.cumsum(risks / total[:, None], axis=1)).sum(axis=1).clip(max=2)
    stated_causes = np.where(random.random(n) < noise_rate, random.integers(0, 3, n), cause)
    stated_causes = np.where(churned & (random.random(n) >= silent_share), stated_causes, -1)
    return Competing(covariates_of(values), churned, stated_causes, risks / total[:, None])


SETTINGS = CauseSettings(
    names=("product", "price"), interventions=(Intervention(name="call", cause="price", save_rate=0.3, cost=1.0),)
)
NAMES = CauseNames(SETTINGS)
N_LEAVING, N_TODAY = 4_000, 500


def panel() -> Panel:
    """One month of customers with known hazards, and today's."""
    n = N_LEAVING + N_TODAY
    world, past = competing(n, seed=9), np.arange(n) < N_LEAVING
    churned = world.churned & past
    months = np.where(past, np.datetime64("2024-03"), np.datetime64("2024-05"))
    ids, began = np.array([f"c{i:05d}" for i in range(n)]), np.full(n, np.datetime64("2024-01-10"))
    ended = np.where(churned, np.datetime64("2024-03-15"), np.datetime64("NaT"))
    stated_causes = np.where(churned, world.stated_causes, -1)
    stated_codes = np.append(NAMES.causes, "")[stated_causes]
    rows = PersonMonths(
        customer_ids=ids, months=months, episodes=np.arange(n), churned=churned, tenure_days=np.full(n, 51),
        mrr_units=np.full(n, 1_001),
    )  # fmt: skip
    return Panel(
        names=NAMES,
        rows=rows,
        covariates=world.covariates,
        risk=np.linspace(0.01, 0.2, n),
        stated_causes=stated_causes,
        stated_by_end=stated_causes,
        groups=(
            Membership("main_plan", "pro", np.arange(n) % 2 == 1),
            Membership("main_plan", "", np.arange(n) % 2 == 0),
        ),
        episodes=SubscriptionEpisodes(
            customer_ids=ids,
            began_on=began,
            recorded_end=ended,
            recorded_reasons=stated_codes,
            known_until=np.datetime64("2024-05-16"),
            grace_days=30,
        ),
        stated_by_episode=StatedCauses(stated_codes, np.where(stated_codes != "", "end", "")),
        today=np.datetime64("2024-05"),
        money=Money("JPY"),
        horizon_days=90,
    )


def panel_with_groups() -> Panel:
    """Two months; one silent customer churns, and the tier has April's customers and a hundred of today's."""
    base = panel()
    n, past = len(base.rows), base.is_past
    april = np.arange(n) % 2 == 1
    months = np.where(past & april, np.datetime64("2024-04"), base.rows.months)
    silent = np.zeros(n, bool)
    silent[np.flatnonzero(base.rows.churned)[:1]] = silent[np.flatnonzero(past & ~base.rows.churned)[:99]] = True
    gold = (past & april & ~silent) | (np.arange(n) >= n - 100)
    groups = (
        Membership(SEGMENT, "silent", silent), Membership(SEGMENT, "future", ~past),
        Membership(TIER, "gold", gold), Membership(TIER, "", ~gold),
    )  # fmt: skip
    ended = np.where(base.rows.churned, months.astype("M8[D]") + 14, np.datetime64("NaT"))
    episodes = replace(base.episodes, began_on=months.astype("M8[D]") - 51, recorded_end=ended)
    return replace(base, rows=replace(base.rows, months=months), groups=groups, episodes=episodes)


LEVELS = np.linspace(0.01, 0.05, N_TODAY)[:, None]
SHARES = np.array([0.5, 0.3, 0.2])


def todays_risks(n_periods: int = 12, causes: tuple[str, ...] = ("weather", "price", "product")) -> HazardRisks:
    """A constant hazard per period with fixed shares of causes, one of which is unknown here."""
    risk = 1 - (1 - LEVELS) ** np.arange(1, n_periods + 1)
    curves = RiskCurves(period_days=30, risk=risk, by_cause=risk[:, :, None] * SHARES, causes=causes)
    return HazardRisks(
        "logistic_hazard, version 2", np.array([f"c{i + N_LEAVING:05d}" for i in range(N_TODAY)]), curves
    )
