"""What the average effects of several treatments have in common, and which of them are shown to be above 0.

    effect + (1 - b) * (mean - effect),  b = tau^2 / (tau^2 + error^2)

`mean` is that of the random-effects model, and tau is the standard deviation of the true effects (DerSimonian & Laird
1986). The highest of many estimates is high by chance, too: without shrinkage, the best of a dozen offers that change
nothing looks as if it paid. So does what is left in about half of the worlds without any effect, and a contact that
costs little pays with any effect above 0. An effect is therefore one only if it is shown over all treatments together:
their mean at 2.5 %, or its own estimate by Holm's procedure at 2.5 %, so that chance shows one in at most 5 % of the
worlds without effects. Where it is not shown it is 0, or below, with the same spread: exploration goes on.

A treatment whose own effect was not measured is like the next draw from the same distribution: its effect is the mean,
if that is shown, with the variance tau^2 + se(mean)^2 (Higgins, Thompson & Spiegelhalter 2009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple, Self

import numpy as np

from core.intervals import HALF_WIDTH, TAILS
from core.joint_tests import ALPHA, adjust_p_values
from models.uplift.average_effect import AverageEffect

MIN_TREATMENTS = 3
"With fewer, nothing tells how much true effects differ."
BOTH = NormalDist().inv_cdf(1 - TAILS[0] / 2) / HALF_WIDTH
"The factor on the width of intervals that hold for two treatments together."
HALF_ALPHA = ALPHA / 2
"Of the mean, and of all treatments together."


class MeasuredAverage(NamedTuple):
    """The average effect of one treatment in its own experiment, and its standard error."""

    effect: float
    error: float

    @classmethod
    def of(cls, learner: AverageEffect, refits: Sequence[AverageEffect]) -> Self | None:
        """The estimate of a learner, with the spread of its refits on resampled customers; None where there is none."""
        error = float(np.std([one.average for one in refits], ddof=1)) if len(refits) > 1 else 0.0
        return cls(learner.average, error) if error > 0 else None


@dataclass(frozen=True)
class EffectDistribution:
    """The distribution of the true average effects of treatments."""

    mean: float
    error: float
    "Standard error of the mean."
    variance: float
    "tau^2, of the true effects."

    @classmethod
    def fit(cls, averages: Sequence[MeasuredAverage]) -> Self:
        """Estimate it from the measured averages of at least two treatments."""
        effects, errors = np.array(averages, dtype=np.float64).T
        weights = errors**-2
        deviation = weights @ (effects - np.average(effects, weights=weights)) ** 2
        freedom = weights.sum() - (weights**2).sum() / weights.sum()
        variance = max(0.0, float((deviation - (len(effects) - 1)) / freedom))
        weights = 1 / (errors**2 + variance)
        return cls(float(np.average(effects, weights=weights)), float(weights.sum() ** -0.5), variance)

    @property
    def is_shown(self) -> bool:
        """Whether the mean is above 0."""
        return NormalDist().cdf(-self.mean / self.error) <= HALF_ALPHA

    @property
    def error_of_next(self) -> float:
        """Standard deviation of the effect of a treatment that was not measured."""
        return (self.variance + self.error**2) ** 0.5

    def posterior(self, average: MeasuredAverage) -> MeasuredAverage:
        """The mean and standard deviation of the true effect of one of the treatments."""
        share = self.variance / (average.error**2 + self.variance)
        spread = (share * average.error**2 + ((1 - share) * self.error) ** 2) ** 0.5
        return MeasuredAverage(self.mean + share * (average.effect - self.mean), spread)


def find_shown(averages: Mapping[str, MeasuredAverage]) -> frozenset[str]:
    """The treatments whose effect may be above 0, tested together: all of them where their mean is above 0."""
    if len(averages) < MIN_TREATMENTS or EffectDistribution.fit(list(averages.values())).is_shown:
        return frozenset(averages)
    p_values = adjust_p_values([NormalDist().cdf(-one.effect / one.error) for one in averages.values()])
    return frozenset(name for name, p_value in zip(averages, p_values, strict=True) if p_value <= HALF_ALPHA)


def find_common_effects(
    averages: Mapping[str, MeasuredAverage], *, kinds: Mapping[str, str]
) -> dict[str, MeasuredAverage]:
    """The effect of a treatment that was not measured, by kind; '' is any kind. Both need three measured treatments.

    `kinds` are those of treatments; some may have none. Where the mean of all is not shown, no effect is above 0.
    """
    members = {"": list(averages.values())}
    for name, average in averages.items():
        if name in kinds:
            members.setdefault(kinds[name], []).append(average)
    distributions = {kind: EffectDistribution.fit(own) for kind, own in members.items() if len(own) >= MIN_TREATMENTS}
    return {
        kind: MeasuredAverage(one.mean if distributions[""].is_shown else min(one.mean, 0.0), one.error_of_next)
        for kind, one in distributions.items()
    }


def shrink_average_effects(
    fits: Mapping[str, tuple[AverageEffect, Sequence[AverageEffect]]], averages: Mapping[str, MeasuredAverage]
) -> None:
    """Replace the effect of each of these treatments, and those of its refits so that they spread as its posterior.

    Each has its learner and the refits of it on resampled customers; `averages` are those of all treatments, of which
    others may have a rule. The effects of two treatments stay, and their intervals hold for both together (Bonferroni).
    """
    if len(averages) < 2:
        return
    common = EffectDistribution.fit(list(averages.values())) if len(averages) >= MIN_TREATMENTS else None
    shown = find_shown(averages)
    for name, (learner, refits) in fits.items():
        if name not in averages:
            continue
        own = averages[name]
        after = MeasuredAverage(own.effect, own.error * BOTH) if common is None else common.posterior(own)
        effect = after.effect if name in shown else min(after.effect, 0.0)
        for refit in refits:
            refit.average = effect + (refit.average - own.effect) * after.error / own.error
        learner.average = effect
