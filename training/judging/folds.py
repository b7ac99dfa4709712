"""Folds: the cutoffs at which a model is fitted, chosen and tested.

    train              train              train                                test        watermark
    |===label===)      |                  |                                    |                |
            |===label===)      |===label===)   every label ends before the test |===label===)   |

Walk-forward (rolling origin): later training cutoffs validate models fitted on the cutoffs whose labels were complete
by then, so no model is scored on a cutoff that it was fitted on.
Where the training cutoffs are too close together for that, folds over customers inside them are used instead, and the
card says so. Neither uses the test cutoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from core.labels import MIN_OBSERVED_DAYS
from features.labels.cutoffs import MIN_CUTOFFS, count_cutoffs, space_cutoffs
from features.labels.labelling import (
    confirmation_delay,
    describe_short_history,
    is_daily,
    label_watermark,
    record_start,
)
from tables.tables import Tables

Scheme = Literal["walk_forward", "over_customers"]

MAX_ORIGINS = 12
"Validation cutoffs at most, spread over the last two years: each costs a fit of every model."
MAX_ORIGIN_AGE = timedelta(days=730)
"Before the test cutoff: older windows say little about customers of today."
N_CUSTOMER_FOLDS = 5


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to validate on; both masks are (n,)."""

    name: str
    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    day: date | None = None
    "On which the training rows were known; None for folds over customers."


@dataclass(frozen=True, kw_only=True)
class Folds:
    """The cutoffs of one training, and the validation scheme that they allow."""

    train: tuple[date, ...]
    "Their labels end by the test cutoff."
    test: date
    "Used once."
    label_days: int
    "Gap and horizon: how long after a cutoff its label is known."
    purged: tuple[date, ...] = ()
    "Between train and test: their labels cross the test cutoff, so only the final fit may use them whole."
    later: tuple[date, ...] = ()
    "After the test: their labels are known in part, day by day, and only the final fit may use them."
    delay_days: int = 0
    "How long after a day it is certain who churned on it."
    seed: int = 0
    notices: tuple[str, ...] = ()
    "Stated cutoffs that are not used, and why."

    @property
    def scheme(self) -> Scheme:
        """Walk-forward where an earlier cutoff has complete labels, otherwise over customers."""
        return "walk_forward" if self._validation_cutoffs() else "over_customers"

    @property
    def refit(self) -> tuple[date, ...]:
        """Every cutoff, including the test cutoff: the registered model is fitted on them."""
        return tuple(sorted({*self.train, *self.purged, self.test, *self.later}))

    @property
    def summary(self) -> str:
        """The scheme in words, for the card."""
        if self.scheme == "walk_forward":
            return describe_walk_forward([day.isoformat() for day in self._validation_cutoffs()])
        return (
            f"{N_CUSTOMER_FOLDS} folds over customers inside the training cutoffs, because "
            f"no two cutoffs are {self.label_days} days apart"
        )

    def validation(self, customer_ids: NDArray[np.str_], cutoffs: NDArray[np.datetime64]) -> list[Fold]:
        """The folds over rows (customer, cutoff) of the training cutoffs; no mask holds other rows."""
        if self.scheme == "over_customers":
            return self._over_customers(customer_ids, cutoffs)
        return [
            Fold(
                day.isoformat(),
                self.is_labelled_by(cutoffs, day) & self._in_train(cutoffs),
                cutoffs == np.datetime64(day),
                day,
            )
            for day in self._validation_cutoffs()
        ]

    def is_labelled_by(self, cutoffs: NDArray[np.datetime64], day: date) -> NDArray[np.bool_]:
        """Whether each row's label was complete by midnight of the day, (n,)."""
        return np.less_equal(cutoffs, np.datetime64(day, "D") - np.timedelta64(self.label_days, "D"))

    def _validation_cutoffs(self) -> list[date]:
        first = max(min(self.train) + timedelta(days=self.label_days), self.test - MAX_ORIGIN_AGE)
        days = [day for day in self.train if day >= first]
        # The newest and others evenly before it.
        return days if len(days) <= MAX_ORIGINS else [
            days[round(place)] for place in np.linspace(0, len(days) - 1, MAX_ORIGINS)
        ]  # fmt: skip

    def _in_train(self, cutoffs: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        return np.isin(cutoffs, np.array(self.train, "datetime64[D]"))

    def _over_customers(self, customer_ids: NDArray[np.str_], cutoffs: NDArray[np.datetime64]) -> list[Fold]:
        folds = customer_folds(customer_ids, n_folds=N_CUSTOMER_FOLDS, seed=self.seed)
        is_train = self._in_train(cutoffs)
        return [
            Fold(f"customers {k + 1}/{N_CUSTOMER_FOLDS}", is_train & (folds != k), is_train & (folds == k))
            for k in range(N_CUSTOMER_FOLDS)
        ]


def describe_walk_forward(days: Sequence[str]) -> str:
    """Validation at these days, in words."""
    return f"walk-forward, at {', '.join(days)}, each with models fitted on what was known by then"


def customer_folds(customer_ids: NDArray[np.str_], *, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row, (n,): the same for all rows of a customer, whichever other customers there are."""
    unique_ids, owners = np.unique(customer_ids, return_inverse=True)
    salt = seed.to_bytes(8, "little", signed=True)
    hashes = (blake2b(customer.encode(), digest_size=8, salt=salt).digest() for customer in unique_ids)
    return np.array([int.from_bytes(digest, "little") % n_folds for digest in hashes], np.int64)[owners]


def folds_of(tables: Tables) -> Folds:
    """The cutoffs that the TOML states, or those that the recorded history allows."""
    config, mature_until = tables.config, label_watermark(tables)
    max_cutoffs = MIN_CUTOFFS if config.cutoffs.train else count_cutoffs(tables, _test_cutoff(config, mature_until))
    folds = choose_folds(config, first=record_start(tables), mature_until=mature_until, max_cutoffs=max_cutoffs)
    folds = replace(folds, delay_days=confirmation_delay(tables).days)
    if config.cutoffs.train or not is_daily(tables):
        return folds
    step = timedelta(days=min((later - day).days for day, later in pairwise((*folds.train, *folds.purged, folds.test))))
    last = mature_until - timedelta(days=config.churn.gap_days + MIN_OBSERVED_DAYS)
    later = tuple(folds.test + n * step for n in range(1, (last - folds.test) // step + 1))
    return replace(folds, later=later)


def choose_folds(config: Config, *, first: date, mature_until: date, max_cutoffs: int = MIN_CUTOFFS) -> Folds:
    """Choose the cutoffs of a history that begins on `first` and whose labels are certain before `mature_until`.

    Stated cutoffs are kept: an immature test cutoff is an error, training cutoffs whose labels cross the test cutoff
    are purged with a notice. Otherwise the test cutoff is the last mature day, and training cutoffs are spaced evenly
    before it. Raises NotEnoughHistory with the number of days that would be needed.
    """
    test = _test_cutoff(config, mature_until)
    candidates = sorted(set(config.cutoffs.train)) or space_cutoffs(
        config, first=first, test=test, max_cutoffs=max_cutoffs
    )
    last = test - config.label_duration
    train = tuple(day for day in candidates if day <= last)
    purged = tuple(day for day in candidates if last < day < test)
    if not train:
        raise NotEnoughHistory(_too_short(config, first=first, test=test))
    return Folds(
        train=train,
        test=test,
        label_days=config.label_duration.days,
        purged=purged,
        seed=config.seed,
        notices=_notices(config, test),
    )


def _test_cutoff(config: Config, mature_until: date) -> date:
    last_mature = mature_until - config.label_duration
    test = config.cutoffs.test or last_mature
    if test > last_mature:
        raise NotEnoughHistory(
            f"the test cutoff {test} is not mature: its label needs records until "
            f"{test + config.label_duration}, but they are complete only until {mature_until}; state a test cutoff of "
            f"{last_mature} or earlier"
        )
    return test


def _too_short(config: Config, *, first: date, test: date) -> str:
    if config.cutoffs.train:
        return (
            f"no stated training cutoff has a label that ends by the test cutoff {test}; state one of "
            f"{test - config.label_duration} or earlier"
        )
    return str(describe_short_history(config, first=first, test=test))


def _notices(config: Config, test: date) -> tuple[str, ...]:
    cutoffs = sorted(set(config.cutoffs.train))
    crossing = [day for day in cutoffs if test - config.label_duration < day < test]
    late = [day for day in cutoffs if day >= test]
    notices = []
    if crossing:
        notices.append(f"purged, because their labels cross the test cutoff {test}: {_join(crossing)}")
    if late:
        notices.append(f"ignored, because they are not before the test cutoff {test}: {_join(late)}")
    return tuple(notices)


def _join(days: Sequence[date]) -> str:
    return ", ".join(day.isoformat() for day in days)
