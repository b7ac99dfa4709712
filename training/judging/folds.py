"""At which cutoffs a model learns, is chosen and is tested.

    train              train              train                                test        watermark
    |===label===)      |                  |                                    |                |
            |===label===)      |===label===)   every label ends before the test |===label===)   |

Walk-forward: each later training cutoff validates what was learnt at those
whose labels were complete by then. Where the training cutoffs lie too close
together for that, folds over customers inside them choose instead, and the
card says so. The test cutoff stays untouched by either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Literal

import numpy as np

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from features.labels.labelling import label_watermark, record_start
from tables.tables import Tables

Scheme = Literal["walk_forward", "over_customers"]

N_SPLITS = 3
"Validations at most: the newest three say most about tomorrow, and each costs a fit of every model."
N_CUSTOMER_FOLDS = 5


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge by; both boolean masks, (n,)."""

    name: str
    train: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True)
class Folds:
    """The cutoffs of one training, and how validation is made from them."""

    train: tuple[date, ...]
    "Whose labels end by the test cutoff."
    test: date
    "Touched once."
    label_days: int
    "Gap and horizon: how long after a cutoff its label is known."
    purged: tuple[date, ...] = ()
    "Between train and test: their labels cross the test cutoff, so only the final refit may use them."
    seed: int = 0
    notices: tuple[str, ...] = ()
    "What was left out of what the configuration states, and why."

    @property
    def scheme(self) -> Scheme:
        """How validation is made: walk-forward where a purged earlier cutoff exists, otherwise over customers."""
        return "walk_forward" if self._validating() else "over_customers"

    @property
    def refit(self) -> tuple[date, ...]:
        """Every mature cutoff, the test's too: what the shipped model learns from once its recipe was judged."""
        return tuple(sorted({*self.train, *self.purged, self.test}))

    @property
    def says(self) -> str:
        """The scheme in words, for the card."""
        if self.scheme == "walk_forward":
            days = ", ".join(day.isoformat() for day in self._validating())
            return f"walk-forward: validated at {days} on what was known by then"
        return (
            f"validated by {N_CUSTOMER_FOLDS} folds over customers inside the training cutoffs: "
            f"no two of them are {self.label_days} days apart"
        )

    def validation(self, customer_ids: np.ndarray, cutoffs: np.ndarray) -> list[Fold]:
        """The folds over rows (customer, cutoff) of the training cutoffs; other rows are in no mask."""
        if self.scheme == "over_customers":
            return self._over_customers(customer_ids, cutoffs)
        return [
            Fold(day.isoformat(), self.learnable(cutoffs, day) & self._in_train(cutoffs), cutoffs == np.datetime64(day))
            for day in self._validating()
        ]

    def learnable(self, cutoffs: np.ndarray, at: date) -> np.ndarray:
        """(n,) bool: the rows whose label was complete by midnight of `at`."""
        return np.less_equal(cutoffs, np.datetime64(at, "D") - np.timedelta64(self.label_days, "D"))

    def _validating(self) -> list[date]:
        first = min(self.train) + timedelta(days=self.label_days)
        return [day for day in self.train if day >= first][-N_SPLITS:]

    def _in_train(self, cutoffs: np.ndarray) -> np.ndarray:
        return np.isin(cutoffs, np.array(self.train, "datetime64[D]"))

    def _over_customers(self, customer_ids: np.ndarray, cutoffs: np.ndarray) -> list[Fold]:
        folds, trained = customer_folds(customer_ids, N_CUSTOMER_FOLDS, self.seed), self._in_train(cutoffs)
        return [
            Fold(f"customers {k + 1}/{N_CUSTOMER_FOLDS}", trained & (folds != k), trained & (folds == k))
            for k in range(N_CUSTOMER_FOLDS)
        ]


def customer_folds(customer_ids: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """(n,) int64: the fold of each row, the same for all rows of a customer, whoever else is there."""
    unique_ids, owners = np.unique(customer_ids, return_inverse=True)
    salt = seed.to_bytes(8, "little", signed=True)
    hashes = (blake2b(customer.encode(), digest_size=8, salt=salt).digest() for customer in unique_ids)
    return np.array([int.from_bytes(digest, "little") % n_folds for digest in hashes], np.int64)[owners]


def folds_of(tables: Tables) -> Folds:
    """The cutoffs that the TOML states, or those that the recorded history offers."""
    return choose_folds(tables.config, record_start(tables), label_watermark(tables))


def choose_folds(config: Config, first: date, mature_until: date) -> Folds:
    """The cutoffs of a history that begins on `first` and whose labels are certain before `mature_until`.

    Stated cutoffs stand as they are: an immature test is refused, training cutoffs whose labels cross the test are
    purged with a notice. Otherwise the test is the last mature day, and training cutoffs are laid out before it.
    Raises NotEnoughHistory with what would be needed.
    """
    test = _test_cutoff(config, mature_until)
    stated = sorted(set(config.cutoffs.train)) or _laid_out(config, first, test)
    last = test - config.label_days()
    train = tuple(day for day in stated if day <= last)
    purged = tuple(day for day in stated if last < day < test)
    if not train:
        raise NotEnoughHistory(_too_short(config, first, test))
    return Folds(
        train=train,
        test=test,
        label_days=config.label_days().days,
        purged=purged,
        seed=config.seed,
        notices=_notices(config, test),
    )


def _test_cutoff(config: Config, mature_until: date) -> date:
    last_mature = mature_until - config.label_days()
    test = config.cutoffs.test or last_mature
    if test > last_mature:
        raise NotEnoughHistory(
            f"the test cutoff {test} is not mature: its label needs records until {test + config.label_days()}, they "
            f"are complete until {mature_until}; state a test cutoff of {last_mature} or earlier"
        )
    return test


def _laid_out(config: Config, first: date, test: date) -> list[date]:
    """Days step_days apart before the test, the newest `max_cutoffs` whose labels end by it and those in between."""
    spacing, earliest = config.cutoffs.step_days, first + timedelta(days=config.active_days)
    grid = [test - timedelta(days=n) for n in range(spacing, (test - earliest).days + 1, spacing)]
    complete = [day for day in grid if day + config.label_days() <= test]
    crossing = grid[: len(grid) - len(complete)]
    return sorted(crossing + complete[: config.cutoffs.max_cutoffs])


def _too_short(config: Config, first: date, test: date) -> str:
    label_days = config.label_days().days
    if config.cutoffs.train:
        return (
            f"no stated training cutoff has a label that ends by the test cutoff {test}; state one of "
            f"{test - config.label_days()} or earlier"
        )
    return (
        f"the history from {first} leaves no training cutoff before the test cutoff {test}: needed are "
        f"{config.active_days + label_days} days before it (active_days and a label's {label_days}), there are "
        f"{(test - first).days}; shorten horizon_days or active_days, or state cutoffs"
    )


def _notices(config: Config, test: date) -> tuple[str, ...]:
    stated = sorted(set(config.cutoffs.train))
    crossing = [day for day in stated if test - config.label_days() < day < test]
    late = [day for day in stated if day >= test]
    notices = []
    if crossing:
        notices.append(f"purged, because their labels cross the test cutoff {test}: {_listed(crossing)}")
    if late:
        notices.append(f"left out, because they do not lie before the test cutoff {test}: {_listed(late)}")
    return tuple(notices)


def _listed(days: Sequence[date]) -> str:
    return ", ".join(day.isoformat() for day in days)
