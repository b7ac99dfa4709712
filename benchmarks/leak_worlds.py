"""Random cross-sections with known leaks, for measuring leak detection.

    label  ->  honest columns   known before the customer left: weak ones, and in a third of the worlds strong ones
           ->  leaks            written when or after the customer left: scores, status words, cancellation reasons,
                                retention offers that only staying customers accepted

No column has a date. The generator was written before the detector and is not fitted to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from training.judging.leaks import LabelledRows

CUTOFF = np.datetime64("2026-01-01")
MAX_LEAKS = 3
Column = Callable[[np.random.Generator, NDArray[np.bool_]], tuple[NDArray[np.float64], tuple[str, ...] | None]]
"Draws one column for customers with these outcomes: its values, and its words if it is categorical."


@dataclass(frozen=True)
class LeakWorld:
    """Customers with undated columns, some of which know the label."""

    rows: LabelledRows
    leaks: frozenset[str]
    strong: frozenset[str]
    "Honest columns with an AUC of .90 to .97."

    @property
    def honest(self) -> frozenset[str]:
        """The columns that were known before the customer left."""
        return frozenset(self.rows.features.names) - self.leaks


def generate_leak_world(seed: int) -> LeakWorld:
    """A world with 400 to 6,000 customers, 4 to 16 honest columns and up to `MAX_LEAKS` leaks."""
    random = np.random.default_rng(seed)
    n = int(np.exp(random.uniform(np.log(400), np.log(6000))))
    churned = random.random(n) < random.uniform(0.08, 0.45)
    weak = _draw(random, WEAK, n=int(random.integers(4, 17)))
    strong = [_strong] * (int(random.integers(1, 3)) if random.random() < 1 / 3 else 0)
    leaks = _draw(random, LEAKS, n=int(random.integers(0, MAX_LEAKS + 1)))
    drawn = [(f"weak_{place}", column) for place, column in enumerate(weak)]
    drawn += [(f"strong_{place}", column) for place, column in enumerate(strong)]
    drawn += [(f"leak_{place}", column) for place, column in enumerate(leaks)]
    values, columns = [], []
    for place in random.permutation(len(drawn)):
        name, draw = drawn[place]
        numbers, words = draw(random, churned)
        values.append(numbers)
        columns.append(_column(name, words))
    names = [name for name, _ in drawn]
    return LeakWorld(
        LabelledRows(_features(np.column_stack(values), tuple(columns)), _outcomes(churned)),
        frozenset(name for name in names if name.startswith("leak")),
        frozenset(name for name in names if name.startswith("strong")),
    )


def _draw(random: np.random.Generator, columns: Sequence[Column], *, n: int) -> list[Column]:
    return [columns[place] for place in random.integers(0, len(columns), n)]


def _column(name: str, words: tuple[str, ...] | None) -> FeatureColumn:
    return FeatureColumn(
        name=name, family="attributes", unit="", en=name, ja=name, missing="", digest=name, vocabulary=words,
        as_of_today=True,
    )  # fmt: skip


def _ids(n: int) -> NDArray[np.str_]:
    return np.array([f"c{number:06}" for number in range(n)])


def _features(values: NDArray[np.float64], columns: tuple[FeatureColumn, ...]) -> FeatureTable:
    return FeatureTable(_ids(len(values)), np.full(len(values), CUTOFF), values, columns)


def _outcomes(churned: NDArray[np.bool_]) -> Labels:
    n = len(churned)
    return Labels(
        customer_ids=_ids(n),
        cutoffs=np.full(n, CUTOFF),
        churned=churned,
        churned_at=np.where(churned, CUTOFF + np.timedelta64(1, "D"), np.datetime64("NaT")),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, CUTOFF + np.timedelta64(90, "D")),
        horizon_days=90,
        definition="left",
    )


def _draw_separated(random: np.random.Generator, churned: NDArray[np.bool_], auc: float) -> NDArray[np.float64]:
    """Normal values with this AUC, in either direction."""
    shift = np.sqrt(2) * NormalDist().inv_cdf(auc)
    return (random.normal(size=len(churned)) + shift * churned) * float(random.choice([-1.0, 1.0]))


def _disguise(random: np.random.Generator, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values as they are, as skewed amounts, or in whole steps."""
    kind = random.integers(3)
    if kind == 1:
        return np.exp(values)
    return np.round(values * random.uniform(1.0, 3.0)) if kind == 2 else values


def _lose(random: np.random.Generator, values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    return np.where(random.random(len(values)) < share, np.nan, values)


def _weak_number(random: np.random.Generator, churned: NDArray[np.bool_]):
    values = _disguise(random, _draw_separated(random, churned, random.uniform(0.5, 0.8)))
    return _lose(random, values, float(random.choice([0.0, 0.0, 0.1]))), None


def _weak_word(random: np.random.Generator, churned: NDArray[np.bool_]):
    words = tuple("abcdefgh"[: random.integers(2, 9)])
    leaver, stayer = random.dirichlet(np.full(len(words), 3.0), 2)
    codes = np.where(
        churned, random.choice(len(words), len(churned), p=leaver), random.choice(len(words), len(churned), p=stayer)
    )
    return codes.astype(np.float64), words


def _complaint(random: np.random.Generator, churned: NDArray[np.bool_]):
    """Few customers have any; they leave two or three times as often."""
    stayer = random.uniform(0.03, 0.10)
    complained = random.random(len(churned)) < np.where(churned, stayer * random.uniform(2.0, 3.0), stayer)
    return np.where(complained, random.integers(1, 4, len(churned)), 0).astype(np.float64), None


def _membership(random: np.random.Generator, churned: NDArray[np.bool_]):
    """A tenth to a quarter of the customers are members, who leave a fifth to a half as often."""
    stayer = random.uniform(0.10, 0.25)
    member = random.random(len(churned)) < np.where(churned, stayer * random.uniform(0.2, 0.5), stayer)
    return member.astype(np.float64), None


def _strong(random: np.random.Generator, churned: NDArray[np.bool_]):
    values = _disguise(random, _draw_separated(random, churned, random.uniform(0.90, 0.97)))
    return _lose(random, values, float(random.choice([0.0, 0.05]))), None


def _exit_score(random: np.random.Generator, churned: NDArray[np.bool_]):
    """A score that another model, or a survey, gave after the customer left."""
    return _disguise(random, _draw_separated(random, churned, random.uniform(0.975, 0.9999))), None


def _status(random: np.random.Generator, churned: NDArray[np.bool_]):
    """A status word that most accounts get when they are closed."""
    closed = random.random(len(churned)) < np.where(churned, random.uniform(0.85, 1.0), random.uniform(0.0, 0.01))
    return np.where(closed, 2, random.integers(0, 2, len(churned))).astype(np.float64), ("active", "pending", "closed")


def _cancellation_reason(random: np.random.Generator, churned: NDArray[np.bool_]):
    """Filled in for some churned customers."""
    filled = random.random(len(churned)) < np.where(churned, random.uniform(0.2, 1.0), random.uniform(0.0, 0.005))
    return np.where(filled, random.integers(0, 3, len(churned)), np.nan), ("price", "product", "moved")


def _retention_offer(random: np.random.Generator, churned: NDArray[np.bool_]):
    """Accepted by some of those who stayed."""
    accepted = random.random(len(churned)) < np.where(churned, random.uniform(0.0, 0.005), random.uniform(0.10, 0.30))
    return np.where(accepted, random.integers(1, 3, len(churned)), 0).astype(np.float64), None


def _final_balance(random: np.random.Generator, churned: NDArray[np.bool_]):
    """An amount of the last bill, which is missing for those who stayed."""
    billed = random.random(len(churned)) < np.where(churned, random.uniform(0.5, 1.0), random.uniform(0.0, 0.01))
    return np.where(billed, np.exp(random.normal(4, 1, len(churned))), np.nan), None


WEAK: tuple[Column, ...] = (_weak_number, _weak_number, _weak_word, _complaint, _membership)
LEAKS: tuple[Column, ...] = (_exit_score, _status, _cancellation_reason, _retention_offer, _final_balance)
