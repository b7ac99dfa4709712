"""Evaluates the text model on banking77: questions to a bank with 77 intents, on the published split.

`python -m benchmarks.banking77`
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import format_interval, table, write_section
from core.errors import SourceUnavailable
from core.intervals import Estimate
from models.texts.fitting import (
    CauseLabels,
    TextModelSettings,
    classification_metrics,
    fit_text_model,
    predict_held_out,
)
from models.texts.text_model import UNKNOWN, likeliest_cause

NAME = "banking77"
THRESHOLDS = (0.3, 0.5, 0.7)


def load_labels(part: str) -> CauseLabels:
    """Load the train or the test file. Raises SourceUnavailable where it is not on this machine."""
    folder = Path(os.environ.get("KIZUNA_DATA", "../shared/data")) / NAME
    path = folder / f"{part}.parquet"
    if not path.exists():
        raise SourceUnavailable(f"no files of {NAME} at {folder}; set KIZUNA_DATA to the folder of the public data")
    rows = pq.read_table(path)
    return CauseLabels(rows["text"].to_pylist(), np.array(rows["category"].to_pylist()))


def abstention_table(probabilities: NDArray[np.float64], causes: tuple[str, ...], *, truth: NDArray[np.str_]) -> str:
    """For each threshold, how often the model answers and how often its answers are right."""
    rows = []
    for threshold in THRESHOLDS:
        predicted = likeliest_cause(probabilities, causes, threshold=threshold)
        answered = predicted != UNKNOWN
        right = classification_metrics(predicted[answered], truth[answered])["accuracy"]
        rows.append([f"{threshold:.1f}", f"{answered.mean():.1%}", format_interval(right)])
    return table(["threshold", "answered", "right among the answered"], rows)


def run() -> None:
    """Train on the train file, evaluate on the test file, publish the figures and write the section."""
    train, test = load_labels("train"), load_labels("test")
    scores = predict_held_out(train, TextModelSettings())
    model = fit_text_model(train, held_out=scores)
    validation = classification_metrics(np.array(train.names)[scores.argmax(axis=1)], train.causes)
    probabilities = model.probabilities(test.texts)
    figures = classification_metrics(likeliest_cause(probabilities, model.causes, threshold=0.0), test.causes)
    confidence = Estimate(float(probabilities.max(axis=1).mean()))
    publish(
        NAME,
        [
            BenchmarkFigure(figure=f"{NAME}.{name}", value=one.value, low=one.low, high=one.high, unit=name)
            for name, one in figures.items()
        ],
    )
    write_section(
        NAME,
        "Causes from texts: banking77",
        command="python -m benchmarks.banking77",
        facts={
            "Data": "banking77: questions to a bank with 77 intents (PolyAI, CC BY 4.0), English, the published split",
            "Texts": f"{len(train.texts):,} for training, {len(test.texts):,} for the test",
            "Model": f"{len(model.features.characters.ngrams):,} n-grams of 1 to 5 characters and "
            f"{len(model.features.words.ngrams):,} words and word pairs, a linear support vector machine, no download",
        },
        parts=[
            table(
                ["", "accuracy", "macro F1"],
                [
                    ["test file", *(format_interval(one) for one in figures.values())],
                    ["train file, five folds", *(format_interval(one) for one in validation.values())],
                ],
            ),
            "The test file was evaluated twice, the second time after a change made for another reason; it moved the "
            "accuracy by .0003.",
            f"The mean probability of the predicted cause is {format_interval(confidence)}, to be compared with the "
            "accuracy. Below a threshold the model does not answer:",
            abstention_table(probabilities, model.causes, truth=test.causes),
        ],
    )


if __name__ == "__main__":
    run()
