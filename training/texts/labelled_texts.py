"""The labels that a company gives for its texts, and the scores that stand beside its customers' own words.

labels.csv     text,cause[,tone]          tone from -1, worst, to 1, best
tickets        text beside satisfaction   the lowest score on record is -1, the highest 1
surveys        comment beside score       NPS: 0 is -1 and 10 is 1; other kinds as tickets
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from core.errors import DataError, SourceUnavailable, UnknownName, did_you_mean
from models.texts.learning import CauseLabels, ToneLabels
from tables.engines.arrays import numbers, texts
from tables.engines.expressions import Expression
from tables.tables import Tables

WITH_LINE_BREAKS = csv.ParseOptions(newlines_in_values=True)
READERS = {".csv": partial(csv.read_csv, parse_options=WITH_LINE_BREAKS), ".parquet": pq.read_table}
COLUMNS = ("text", "cause")
NPS_SCORES = (0, 10)
MOST_SCORED = 20_000
"Texts of each source that the tone is learnt from; the newest."


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with causes, and texts with tones by where these come from."""

    causes: CauseLabels
    tones: dict[str, ToneLabels]

    @property
    def all_tones(self) -> ToneLabels:
        """Of every source together."""
        parts = list(self.tones.values())
        return ToneLabels(
            [text for part in parts for text in part.texts], np.concatenate([np.empty(0), *(p.tones for p in parts)])
        )


def labelled_texts(path: Path, tables: Tables, known_causes: tuple[str, ...]) -> LabelledTexts:
    """The company's labels and the scored texts of its tables.

    Raises SourceUnavailable or DataError for a file that is none, UnknownName for a cause that the TOML does not name.
    """
    read = _read(path)
    written, causes = texts(read["text"].cast(pa.string())), texts(read["cause"].cast(pa.string()))
    labelled = (np.char.strip(written) != "") & (causes != "")
    for cause in np.unique(causes[labelled]).tolist():
        if cause not in known_causes:
            raise UnknownName(f"{path}: the TOML's [causes] name no '{cause}'{did_you_mean(cause, known_causes)}")
    tones = {"labels": _labelled_tones(read, written, path), **scored_texts(tables)}
    there = {source: found for source, found in tones.items() if len(found.texts)}
    return LabelledTexts(CauseLabels(written[labelled].tolist(), causes[labelled]), there)


def scored_texts(tables: Tables) -> dict[str, ToneLabels]:
    """Texts of tickets and surveys whose writer gave a score beside them, as tones; by table and column."""
    found = {"tickets.satisfaction": stretched(*_scored(tables, "tickets", "opened_at", "text", "satisfaction"))}
    if "surveys" in tables:
        surveys: Expression = tables["surveys"]
        kind = surveys.kind.lower()
        asked = (tables, "surveys", "event_time", "comment", "score")
        found["surveys.score of nps"] = of_nps(*_scored(*asked, kind == "nps"))
        found["surveys.score of others"] = stretched(*_scored(*asked, kind != "nps"))
    return found


def stretched(written: list[str], scores: np.ndarray) -> ToneLabels:
    """The lowest score on record is -1 and the highest 1; where all are alike, nothing is told."""
    if not len(scores) or scores.min() == scores.max():
        return ToneLabels()
    return ToneLabels(written, 2 * (scores - scores.min()) / (scores.max() - scores.min()) - 1)


def of_nps(written: list[str], scores: np.ndarray) -> ToneLabels:
    """0 is -1 and 10 is 1; scores out of range are none."""
    usable = (scores >= NPS_SCORES[0]) & (scores <= NPS_SCORES[1])
    middle = sum(NPS_SCORES) / 2
    kept = [text for text, fits in zip(written, usable, strict=True) if fits]
    return ToneLabels(kept, (scores[usable] - middle) / middle)


def _scored(
    tables: Tables, table: str, time: str, text: str, score: str, chosen: Expression | None = None
) -> tuple[list[str], np.ndarray]:
    """The newest texts of a table with the scores beside them; none where it has not both columns."""
    if table not in tables or not {text, score} <= set(tables[table].columns):
        return [], np.empty(0)
    rows: Expression = tables[table] if chosen is None else tables[table].filter(chosen)
    known = rows.filter(rows[text].notnull() & rows[score].notnull())
    read = known.order_by(known[time].desc()).limit(MOST_SCORED).select(text, score).to_pyarrow()
    return texts(read[text]).tolist(), numbers(read[score])


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise SourceUnavailable(f"no labelled texts at {path}; name a file with --labels")
    if path.suffix not in READERS:
        raise DataError(f"labels are read from {' or '.join(READERS)}, found {path}")
    try:
        read = READERS[path.suffix](path)
    except pa.ArrowInvalid as fault:
        raise DataError(f"{path} cannot be read as {path.suffix}: {fault}") from fault
    missing = [name for name in COLUMNS if name not in read.column_names]
    if missing:
        raise DataError(f"{path} needs the columns {', '.join(COLUMNS)}, found {', '.join(read.column_names)}")
    return read


def _labelled_tones(read: pa.Table, written: np.ndarray, path: Path) -> ToneLabels:
    if "tone" not in read.column_names:
        return ToneLabels()
    try:
        tones = numbers(read["tone"])
    except pa.ArrowInvalid as fault:
        raise DataError(f"{path}: a tone is a number from -1 to 1 ({fault})") from fault
    if (np.abs(tones) > 1).any():
        raise DataError(f"{path}: a tone lies between -1 and 1, found {tones[np.abs(tones) > 1][0]}")
    known = ~np.isnan(tones)
    return ToneLabels(written[known].tolist(), tones[known])
