"""Training texts: the company's labels, and the scores that customers gave next to their own words.

labels.csv     text,cause[,sentiment]     sentiment from -1, worst, to 1, best
tickets        text, satisfaction         the lowest score on record is -1, the highest 1
surveys        comment, score             NPS: 0 is -1 and 10 is 1; other kinds as tickets
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.errors import DataError, SourceUnavailable, UnknownName, did_you_mean
from models.texts.fitting import CauseLabels, SentimentLabels
from tables.engines.arrays import numbers, texts
from tables.tables import Tables

WITH_LINE_BREAKS = csv.ParseOptions(newlines_in_values=True)
READERS = {".csv": partial(csv.read_csv, parse_options=WITH_LINE_BREAKS), ".parquet": pq.read_table}
COLUMNS = ("text", "cause")
NPS_SCORES = (0, 10)
MAX_SCORED_TEXTS = 20_000
"Texts of each source that sentiment is trained on; the newest."


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with causes, and texts with sentiment by the source of the score."""

    causes: CauseLabels
    sentiment: dict[str, SentimentLabels]

    @property
    def all_sentiment(self) -> SentimentLabels:
        """The labels of every source together."""
        parts = list(self.sentiment.values())
        return SentimentLabels(
            [text for part in parts for text in part.texts],
            np.concatenate([np.empty(0), *(part.sentiment for part in parts)]),
        )


def load_labelled_texts(path: Path, tables: Tables, *, known_causes: tuple[str, ...]) -> LabelledTexts:
    """Load the company's labels and the scored texts of its tables.

    Raises SourceUnavailable or DataError for a file that cannot be used, UnknownName for a cause that is not in the
    TOML.
    """
    table = _read(path)
    written, causes = texts(table["text"].cast(pa.string())), texts(table["cause"].cast(pa.string()))
    is_labelled = (np.char.strip(written) != "") & (causes != "")
    for cause in np.unique(causes[is_labelled]).tolist():
        if cause not in known_causes:
            raise UnknownName(f"{path}: the TOML's [causes] has no '{cause}'{did_you_mean(cause, known_causes)}")
    sentiment = {"labels": _read_sentiment(table, written, path=path), **load_scored_texts(tables)}
    with_texts = {source: labels for source, labels in sentiment.items() if len(labels.texts)}
    return LabelledTexts(CauseLabels(written[is_labelled].tolist(), causes[is_labelled]), with_texts)


def load_scored_texts(tables: Tables) -> dict[str, SentimentLabels]:
    """Load texts of tickets and surveys with a score of the writer, as sentiment; by table and column."""
    tickets = _load_scored(tables, "tickets", time="opened_at", text="text", score="satisfaction")
    labels = {"tickets.satisfaction": scale_to_range(*tickets)}
    if "surveys" in tables:
        load_surveys = partial(_load_scored, tables, "surveys", time="event_time", text="comment", score="score")
        labels["surveys.score of nps"] = scale_nps(*load_surveys(is_nps=True))
        labels["surveys.score of others"] = scale_to_range(*load_surveys(is_nps=False))
    return labels


def scale_to_range(written: list[str], scores: NDArray[np.float64]) -> SentimentLabels:
    """Scale scores so that the lowest is -1 and the highest 1; empty where all are equal."""
    if not len(scores) or scores.min() == scores.max():
        return SentimentLabels()
    return SentimentLabels(written, 2 * (scores - scores.min()) / (scores.max() - scores.min()) - 1)


def scale_nps(written: list[str], scores: NDArray[np.float64]) -> SentimentLabels:
    """Scale scores so that 0 is -1 and 10 is 1; scores out of range are dropped."""
    in_range = (scores >= NPS_SCORES[0]) & (scores <= NPS_SCORES[1])
    middle = sum(NPS_SCORES) / 2
    selected = [text for text, is_valid in zip(written, in_range, strict=True) if is_valid]
    return SentimentLabels(selected, (scores[in_range] - middle) / middle)


def _load_scored(
    tables: Tables, table: str, *, time: str, text: str, score: str, is_nps: bool | None = None
) -> tuple[list[str], NDArray[np.float64]]:
    """The newest texts of a table with their scores; empty where it lacks one of the columns.

    `is_nps` selects the NPS surveys or all other ones.
    """
    if table not in tables or not {text, score} <= set(tables[table].columns):
        return [], np.empty(0)
    rows = tables[table]
    if is_nps is not None:
        kind = rows.kind.lower()
        rows = rows.filter(kind == "nps" if is_nps else kind != "nps")
    scored = rows.filter(rows[text].notnull() & rows[score].notnull())
    newest = scored.order_by(scored[time].desc()).limit(MAX_SCORED_TEXTS).select(text, score).to_pyarrow()
    return texts(newest[text]).tolist(), numbers(newest[score])


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise SourceUnavailable(f"there is no file {path}; name one with --labels")
    if path.suffix not in READERS:
        raise DataError(f"a file of labels must be {' or '.join(READERS)}, found {path}")
    try:
        table = READERS[path.suffix](path)
    except pa.ArrowInvalid as fault:
        raise DataError(f"{path} cannot be read as {path.suffix}: {fault}") from fault
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise DataError(f"{path} needs the columns {', '.join(COLUMNS)}, found {', '.join(table.column_names)}")
    return table


def _read_sentiment(table: pa.Table, written: NDArray[np.str_], *, path: Path) -> SentimentLabels:
    if "sentiment" not in table.column_names:
        return SentimentLabels()
    try:
        sentiment = numbers(table["sentiment"])
    except pa.ArrowInvalid as fault:
        raise DataError(f"{path}: sentiment must be a number from -1 to 1 ({fault})") from fault
    if (np.abs(sentiment) > 1).any():
        raise DataError(f"{path}: sentiment must be between -1 and 1, found {sentiment[np.abs(sentiment) > 1][0]}")
    is_given = ~np.isnan(sentiment)
    return SentimentLabels(written[is_given].tolist(), sentiment[is_given])
