"""How customers write, from -1, angry, to 1, delighted: by the cause that a text speaks of, by month and by group.

Tickets and survey comments of the months that are told of are read by the champion of text models; without one, or
where it was given no scores to learn tones from, nothing is told. Intervals are 90 % and resample customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.intervals import Estimate, estimate_intervals
from insights.causes.attribute_groups import Membership
from insights.causes.feature_causes import CauseNames
from insights.causes.stated import TEXT_COLUMNS, Sayings, everything_said
from models.metrics.weighted import ratio
from models.texts.text_model import TextModel
from tables.tables import Tables

LEAST_TEXTS = 10
"Of groups from which there are fewer, nothing is told."


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
    "'all', 'cause', 'month', or what customers are told apart by: segment, tier, main_plan, ..."
    value: str
    n_texts: int
    tone: Estimate
    "Mean, -1 to 1."
    cause: str = ""
    "Of a group's texts those that speak of it; '' for all."


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
    tones = text_model.sentiment_of(unique.tolist())[places]
    known = ~np.isnan(tones)
    months = said.days.astype("datetime64[M]")
    return Tones(said.customer_ids[known], months[known], said.causes[known], tones[known])


def told_tones(
    found: Tones, causes: tuple[str, ...], groups: Sequence[Membership] = (), seed: int = 0
) -> tuple[Tone, ...]:
    """Of everybody, of every cause that texts speak of, of every month, of every group of texts and of its causes.

    Empty where no tone is known.
    """
    return (*_everybody(found, causes, seed), *_groups(found, causes, groups, seed)) if len(found.tones) else ()


def _everybody(found: Tones, causes: tuple[str, ...], seed: int) -> Iterator[Tone]:
    yield _mean(found, np.ones(len(found.tones), bool), "all", "", seed)
    for cause in causes:
        if (found.causes == cause).any():
            yield _mean(found, found.causes == cause, "cause", cause, seed)
    for month in np.unique(found.months):
        yield _mean(found, found.months == month, "month", str(month), seed)


def _groups(found: Tones, causes: tuple[str, ...], groups: Sequence[Membership], seed: int) -> Iterator[Tone]:
    for group in groups:
        for cause in ("", *causes):
            texts = group.rows & (found.causes == cause) if cause else group.rows
            if group.value and texts.sum() >= LEAST_TEXTS:
                yield _mean(found, texts, group.by, group.value, seed, cause)


def _mean(found: Tones, members: np.ndarray, by: str, value: str, seed: int, cause: str = "") -> Tone:
    tones = found.tones[members]

    def mean(weights: np.ndarray) -> np.ndarray:
        return ratio(weights @ tones, weights.sum(axis=1))[:, None]

    (tone,) = estimate_intervals(mean, found.customer_ids[members], seed=seed)
    return Tone(by, value, len(tones), tone, cause)
