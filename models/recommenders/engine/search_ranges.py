"""Search ranges of hyperparameters, declared beside the model; `kizuna tune` searches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Between:
    """A number from low to high, both included; `log` searches on a logarithmic scale."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of a few values; None is a value like any other."""

    values: tuple[str | int | float | bool | None, ...]


Ranges = Mapping[str, Between | OneOf]
"By name of the hyperparameter."

SPANS = OneOf((None, 90, 180, 365))
HALF_LIVES = OneOf((None, 30.0, 60.0, 90.0, 120.0, 180.0, 360.0))
POPULARITY_POWER = Between(0.0, 0.6)
