"""Values that few customers have, nearly all of them churned, or nearly all of them retained.

A cancellation reason or an accepted retention offer is written when a customer leaves or is kept. Most customers have
none, so that the AUC of such a column is close to .5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

QUESTION = "was it written after the customer left?"

MIN_MODE_SHARE = 0.5
"Of the most frequent value of a column, for its other values to be called rare."
CERTAIN = 0.05
"Chance at which a value is called implausible although it is at the limit of what is plausible."


@dataclass(frozen=True)
class RatioLimits:
    """How much more frequent a value is among one side than among the other."""

    observed: float
    "At least this many times in the rows."
    beyond_chance: float
    "At least this many times with 95 % confidence."


LEAVING, KEEPING = RatioLimits(15.0, 8.0), RatioLimits(12.0, 4.0)
"""Of rare values. Honest signs of leaving, such as complaints, are three times as frequent among those who leave; what
keeps customers, such as memberships, up to five times as frequent among those who stay."""
KEEPING_WORD = RatioLimits(20.0, 8.0)
"Of one word among others."
MIN_WORDS = 10
"Customers with a word, for it to be looked at."
MAX_KEEPING_SHARE = 0.15
"Of customers with a word, for it to be a rare one that keeps customers."


@dataclass(frozen=True, kw_only=True)
class CountedValue:
    """How many customers of each side have a value."""

    leavers: int
    stayers: int
    n_leavers: int
    "All that churned."
    n_stayers: int

    @property
    def keeps(self) -> bool:
        """Whether the value is more frequent among those who stay."""
        return self.stayers * self.n_leavers > self.leavers * self.n_stayers

    def is_beyond(self, limits: RatioLimits) -> bool:
        """Whether the value is far more frequent on one side than on the other, beyond chance.

        Given how many have the value, those of the rarer side are binomial; the test of a ratio of two Poisson rates
        (Przyborowski and Wilenski 1940).
        """
        often, n_often, rarely, n_rarely = self.stayers, self.n_stayers, self.leavers, self.n_leavers
        if not self.keeps:
            often, n_often, rarely, n_rarely = rarely, n_rarely, often, n_often
        if often * n_rarely < limits.observed * rarely * n_often:
            return False
        expected = n_rarely / limits.beyond_chance
        return bool(binom.cdf(rarely, often + rarely, expected / (expected + n_often)) <= CERTAIN)


def describe_rare_value(
    values: NDArray[np.float64], churned: NDArray[np.bool_], *, words: tuple[str, ...] | None
) -> str:
    """The first rare value, or all but the most frequent one, that nearly all or nearly no churned customers have."""
    filled = np.where(np.isnan(values), -np.inf, values)
    levels, codes, counts = np.unique(filled, return_inverse=True, return_counts=True)
    mode = int(counts.argmax())
    candidates: list[tuple[str, NDArray[np.bool_], bool]] = []
    if counts[mode] >= MIN_MODE_SHARE * len(values) and len(levels) > 1:
        rarest = "a value" if np.isneginf(levels[mode]) else f"a value other than {_text(levels[mode], words)}"
        candidates.append((rarest, codes != mode, False))
    # Single values of a number are tails of it, which are pure in an honest column as well; words are not.
    if words is not None:
        frequent = np.flatnonzero(counts >= MIN_WORDS)
        candidates += [(_text(levels[level], words), codes == level, True) for level in frequent]
    for text, has_value, is_word in candidates:
        counted = CountedValue(
            leavers=int((has_value & churned).sum()),
            stayers=int((has_value & ~churned).sum()),
            n_leavers=int(churned.sum()),
            n_stayers=int((~churned).sum()),
        )
        # A frequent word that keeps customers may be a long contract.
        if is_word and counted.keeps and has_value.mean() > MAX_KEEPING_SHARE:
            continue
        if counted.is_beyond((KEEPING_WORD if is_word else KEEPING) if counted.keeps else LEAVING):
            n = counted.leavers + counted.stayers
            return f"of {n:,} customers with {text}, {counted.leavers:,} left: {QUESTION}"
    return ""


def _text(level: float, words: tuple[str, ...] | None) -> str:
    if np.isneginf(level):
        return "no value"
    return f"{level:g}" if words is None else f"'{words[int(level)]}'"
