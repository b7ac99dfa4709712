"""How customers write, from -1, angry, to 1, delighted: by the cause that a text speaks of, and by month.

Tickets and survey comments of the months that are told of are read by the champion of text models; without one, or
where it was given no scores to learn tones from, nothing is told. Intervals are 90 % and resample customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from core.intervals import Estimate, estimates
from features.tables import Tables
from insights.causes.naming import CauseNames
from insights.causes.stated import TEXT_COLUMNS, Sayings, everything_said
from models.metrics.weighted import ratio
from models.texts.text_model import TextModel

N_RESAMPLES = 200


@dataclass(frozen=True)
class Tones:
    """Texts whose tone is known; every array is (n,)."""

    customer_ids: np.ndarray
    "Text 'U'."
    months: np.ndarray
    "datetime64[M] in which each was written."
    causes: np.ndarray
    "Text 'U'; '' where a text speaks of none."
    tones: np.ndarray
    "float64 from -1 to 1."

    @classmethod
    def none(cls) -> Tones:
        """Where no tone is told."""
        text = np.empty(0, "U64")
        return cls(text, np.empty(0, "datetime64[M]"), text, np.empty(0))


class Tone(msgspec.Struct, frozen=True):
    """How the texts of one group sound."""

    by: str
    "'all', 'cause' or 'month'."
    value: str
    n_texts: int
    tone: Estimate
    "Mean, -1 to 1."


def tones_of(
    tables: Tables, names: CauseNames, text_model: TextModel | None, first_day: np.datetime64, until: np.datetime64
) -> Tones:
    """The texts written from one day to before another."""
    if text_model is None:
        return Tones.none()
    parts = [everything_said(tables, table, names, text_model) for table in TEXT_COLUMNS if table in tables]
    found = [_heard(part, text_model, first_day, until) for part in parts]
    together = ([getattr(one, name) for one in (Tones.none(), *found)] for name in Tones.__dataclass_fields__)
    return Tones(*map(np.concatenate, together))


def _heard(said: Sayings, text_model: TextModel, first_day: np.datetime64, until: np.datetime64) -> Tones:
    said = said.take((said.days >= first_day) & (said.days < until) & (said.texts != ""))
    unique, places = np.unique(said.texts, return_inverse=True)
    tones = text_model.tones_of(unique.tolist())[places]
    known = ~np.isnan(tones)
    months = said.days.astype("datetime64[M]")
    return Tones(said.customer_ids[known], months[known], said.causes[known], tones[known])


def told_tones(found: Tones, causes: tuple[str, ...], seed: int = 0) -> tuple[Tone, ...]:
    """Of everybody, of every cause that texts speak of and of every month; empty where no tone is known."""
    return tuple(_groups(found, causes, seed)) if len(found.tones) else ()


def _groups(found: Tones, causes: tuple[str, ...], seed: int) -> Iterator[Tone]:
    yield _mean(found, np.ones(len(found.tones), bool), "all", "", seed)
    for cause in causes:
        if (found.causes == cause).any():
            yield _mean(found, found.causes == cause, "cause", cause, seed)
    for month in np.unique(found.months):
        yield _mean(found, found.months == month, "month", str(month), seed)


def _mean(found: Tones, members: np.ndarray, by: str, value: str, seed: int) -> Tone:
    tones = found.tones[members]

    def mean(weights: np.ndarray) -> np.ndarray:
        return ratio(weights @ tones, weights.sum(axis=1))[:, None]

    (tone,) = estimates(mean, found.customer_ids[members], N_RESAMPLES, seed)
    return Tone(by, value, len(tones), tone)
