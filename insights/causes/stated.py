"""Causes that customers stated: of each end, what the end itself says, or else what was said shortly before it.

    end_reason, end_kind   ->  tickets of the last days  ->  survey comments of the last days  ->  nothing stated
    by words                   by topic, text                by text

A source is asked where those before it state nothing. Of several tickets or comments, the cause that most of them
speak of counts, and of equals the newest. Texts are read by the text model where there is one, otherwise by words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np

from insights.causes.feature_causes import CauseNames
from models.texts.text_model import UNKNOWN, TextModel
from tables.engines.arrays import days, texts
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables

SOURCES = ("end", "tickets", "surveys")
TEXT_COLUMNS = {"tickets": ("opened_at", "topic", "text"), "surveys": ("event_time", "", "comment")}
"By table: when a row happened, its code where it has one, and its text."


@dataclass(frozen=True)
class StatedCauses:
    """What was stated of each end; every array is (n,), aligned with the stays."""

    causes: np.ndarray
    "Text 'U'; '' where nothing was stated, or the stay is not over."
    sources: np.ndarray
    "Text 'U': of SOURCES; ''."


@dataclass(frozen=True)
class Sayings:
    """Tickets or comments with the cause that they speak of; every array is (n,)."""

    customer_ids: np.ndarray
    days: np.ndarray
    "datetime64[D]"
    causes: np.ndarray
    "Text 'U'; '' where they speak of none."
    texts: np.ndarray
    "Text 'U'; '' where nothing was written."

    def take(self, rows: np.ndarray) -> Sayings:
        """Those that a boolean mask picks."""
        return Sayings(self.customer_ids[rows], self.days[rows], self.causes[rows], self.texts[rows])


def stated_causes(
    tables: Tables, stays: SubscriptionEpisodes, names: CauseNames, text_model: TextModel | None
) -> StatedCauses:
    """The cause of each stay that is over, as far as somebody stated it."""
    over = ~np.isnat(stays.ended_on)
    causes = np.where(over, names.causes_of(stays.reasons), "").astype("U64")
    sources = np.where(causes != "", SOURCES[0], "").astype("U16")
    for table in TEXT_COLUMNS:
        asked = np.flatnonzero(over & (causes == ""))
        if table not in tables or not len(asked):
            continue
        said = _most_said(sayings(tables, table, names, text_model), stays.take(asked), names)
        causes[asked] = said
        sources[asked[said != ""]] = table
    return StatedCauses(causes, sources)


def sayings(tables: Tables, table: str, names: CauseNames, text_model: TextModel | None) -> Sayings:
    """The rows of `tickets` or `surveys` that speak of a cause."""
    found = everything_said(tables, table, names, text_model)
    return found.take(found.causes != "")


def everything_said(tables: Tables, table: str, names: CauseNames, text_model: TextModel | None) -> Sayings:
    """The rows of `tickets` or `surveys`; what they speak of is told by their code, or else by their text."""
    time, code, text = TEXT_COLUMNS[table]
    rows: ir.Table = tables.latest()[table]
    there = [name for name in (code, text) if name in rows.columns]
    found = rows.filter(rows.customer_id.notnull()).select("customer_id", time, *there).to_pyarrow()
    causes = np.full(len(found), "", dtype="U64")
    if code in there:
        causes[:] = names.causes_of(texts(found[code]))
    written = texts(found[text]) if text in there else np.full(len(found), "")
    silent = np.flatnonzero(causes == "")
    if text in there and len(silent):
        causes[silent] = _read(written[silent], names, text_model)
    return Sayings(texts(found["customer_id"]), days(found[time]), causes, written)


def _read(written: np.ndarray, names: CauseNames, text_model: TextModel | None) -> np.ndarray:
    """The cause that each text speaks of; '' where it cannot be told. The same text is read once."""
    if text_model is None:
        return names.causes_of(written)
    unique, places = np.unique(written, return_inverse=True)
    said = text_model.causes_of(unique.tolist(), names.settings.text_threshold)
    return np.where(np.isin(said, names.causes) & (said != UNKNOWN), said, "")[places]


def _most_said(said: Sayings, ended: SubscriptionEpisodes, names: CauseNames) -> np.ndarray:
    """The cause that most of a customer's sayings before each end speak of, (n,); '' without any."""
    counts = np.zeros((len(ended), len(names.causes)))
    for stay, saying in _before(said, ended, names.settings.text_lookback_days):
        age = (ended.ended_on[stay] - said.days[saying]).astype(np.int64)
        place = np.array([names.causes.index(cause) for cause in said.causes[saying]], dtype=np.int64)
        # Below one together, so that the newest decides between equal counts.
        np.add.at(counts, (stay, place), 1 + 1e-6 / (1 + age))
    best = np.array(names.causes)[counts.argmax(axis=1)]
    return np.where(counts.max(axis=1, initial=0) > 0, best, "")


def _before(said: Sayings, ended: SubscriptionEpisodes, within_days: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (stay, saying) of one customer, the saying at most so many days before the end."""
    order = np.argsort(ended.customer_ids, kind="stable")
    sorted_ids = ended.customer_ids[order]
    first, last = (np.searchsorted(sorted_ids, said.customer_ids, side) for side in ("left", "right"))
    for step in range(int((last - first).max(initial=0))):
        saying = np.flatnonzero(first + step < last)
        stay = order[first[saying] + step]
        age = (ended.ended_on[stay] - said.days[saying]).astype(np.int64)
        near = (age >= 0) & (age <= within_days)
        yield stay[near], saying[near]
