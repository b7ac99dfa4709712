"""Whether read-outs of campaigns are right as often as they claim: `python -m benchmarks.campaigns`.

1,000 invented campaigns of 500 to 20,000 customers with control groups of 5 to 50 %. Customers buy the more, the more
they bought the year before, and a campaign changes their probability of buying by -20 to 50 %. The interval of each
read-out should hold the true effect nine times in ten. In as many campaigns without an effect, the sequential test is
read on each of 28 days, and should stop at most one in twenty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, table, write_section
from core.intervals import HALF_WIDTH, Estimate
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from insights.campaigns.sequential import Conversions, has_effect

NAME = "campaigns"
N_CAMPAIGNS, N_DAYS = 1_000, 28
SEED = 2026
OUTCOMES = ("conversions", "revenue", "revenue, CUPED")


@dataclass(frozen=True)
class Campaign:
    """One campaign: who is in it, last year's revenue, and what customers do with it and without."""

    treated: NDArray[np.bool_]
    past: NDArray[np.float64]
    rates: NDArray[np.float64]
    "(2, n) P(buy) without and with the campaign."
    converted: NDArray[np.bool_]
    revenue: NDArray[np.float64]
    mean_amounts: NDArray[np.float64]
    "(n,) of a purchase."

    @property
    def true_effects(self) -> tuple[float, float]:
        """On P(buy) and on revenue, of a customer."""
        gains = self.rates[1] - self.rates[0]
        return float(gains.mean()), float((gains * self.mean_amounts).mean())


def draw_campaign(random: np.random.Generator, *, has_effect: bool = True) -> Campaign:
    """Invent a campaign and run it."""
    n = int(np.exp(random.uniform(np.log(500), np.log(20_000))))
    treated = random.random(n) >= random.choice([0.05, 0.1, 0.2, 0.5])
    past, base = random.gamma(0.8, 40, n), random.uniform(0.01, 0.15)
    relative = past / past.mean()
    without = np.clip(base * relative**0.5, 0, 1)
    lift = random.uniform(-0.2, 0.5) if has_effect else 0.0
    rates = np.array([without, np.clip(without * (1 + lift), 0, 1)])
    converted = random.random(n) < np.where(treated, rates[1], rates[0])
    means = np.exp(3.5) * relative**0.7
    return Campaign(treated, past, rates, converted, converted * means * random.lognormal(-0.5, 1, n), means)


def covers(effect: Estimate, true_effect: float) -> bool:
    """Whether the interval holds the truth."""
    return effect.low <= true_effect <= effect.high


def is_covered(campaign: Campaign) -> tuple[bool, bool, bool]:
    """Whether the interval of each of `OUTCOMES` holds the truth."""
    on_rate, on_revenue = campaign.true_effects
    treated, before = campaign.treated, campaign.past[:, None]
    converted = campaign.converted.astype(np.float64)
    return (
        covers(estimate_effect(CampaignOutcomes(treated, converted, before)), on_rate),
        covers(estimate_effect(CampaignOutcomes(treated, campaign.revenue)), on_revenue),
        covers(estimate_effect(CampaignOutcomes(treated, campaign.revenue, before)), on_revenue),
    )


def is_stopped(campaign: Campaign, random: np.random.Generator) -> bool:
    """Whether the test stops a campaign on any day."""
    share, days = float(campaign.treated.mean()), random.integers(0, N_DAYS, len(campaign.treated))
    by_day = [
        np.bincount(days[campaign.converted & arm], minlength=N_DAYS) for arm in (campaign.treated, ~campaign.treated)
    ]
    totals = np.cumsum(by_day, axis=1)
    return any(has_effect(Conversions(int(treated), int(control), share)) for treated, control in totals.T)


def main() -> None:
    """Run the campaigns, print and publish the figures, and write the section."""
    random = np.random.default_rng(SEED)
    covered = np.array([is_covered(draw_campaign(random)) for _ in range(N_CAMPAIGNS)])
    stopped = np.array([is_stopped(draw_campaign(random, has_effect=False), random) for _ in range(N_CAMPAIGNS)])
    figures = [_share("interval_coverage", covered.ravel()), _share("false_stops", stopped)]
    publish(NAME, figures)
    write_section(
        NAME,
        "Read-outs of campaigns",
        command="python -m benchmarks.campaigns",
        facts={"Data": f"{N_CAMPAIGNS:,} invented campaigns with an effect, and as many without; see the module"},
        parts=[
            figure_table(figures),
            table(
                ["outcome", "share of the 90 % intervals that hold the true effect"],
                [[name, f"{share:.3f}"] for name, share in zip(OUTCOMES, covered.mean(axis=0), strict=True)],
            ),
        ],
    )
    for name, share in zip(OUTCOMES, covered.mean(axis=0), strict=True):
        typer.echo(f"{name}: {share:.3f}")


def _share(name: str, hits: NDArray[np.bool_]) -> BenchmarkFigure:
    value = float(hits.mean())
    width = HALF_WIDTH * (value * (1 - value) / N_CAMPAIGNS) ** 0.5
    return BenchmarkFigure(
        figure=f"{NAME}.{name}", value=value, low=max(0.0, value - width), high=min(1.0, value + width), unit="share"
    )


if __name__ == "__main__":
    typer.run(main)
