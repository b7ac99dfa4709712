"""The text model on banking77: questions to a bank, 77 things they ask about, by the published split.

`python -m benchmarks.banking77`
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.figures import Figure, publish
from benchmarks.pages import interval, table, write_section
from core.errors import SourceUnavailable
from core.intervals import Estimate
from models.texts.evaluation import classification_metrics
from models.texts.fitting import CauseLabels, TextModelSettings, fit_text_model, predict_held_out
from models.texts.text_model import UNKNOWN, likeliest_cause

NAME = "banking77"
THRESHOLDS = (0.3, 0.5, 0.7)


def labelled(part: str) -> CauseLabels:
    """The train or the test file. Raises SourceUnavailable where it is not on this machine."""
    folder = Path(os.environ.get("KIZUNA_DATA", "../shared/data")) / NAME
    path = folder / f"{part}.parquet"
    if not path.exists():
        raise SourceUnavailable(f"{NAME} is not at {folder}; set KIZUNA_DATA to the folder of the public data")
    read = pq.read_table(path)
    return CauseLabels(read["text"].to_pylist(), np.array(read["category"].to_pylist()))


def abstaining(chances: np.ndarray, causes: tuple[str, ...], meant: np.ndarray) -> str:
    """How often the model answers from each threshold on, and how often it is then right."""
    rows = []
    for threshold in THRESHOLDS:
        said = likeliest_cause(chances, causes, threshold=threshold)
        answered = said != UNKNOWN
        right = classification_metrics(said[answered], meant[answered])["accuracy"]
        rows.append([f"{threshold:.1f}", f"{answered.mean():.1%}", interval(right)])
    return table(["threshold", "answered", "of these right"], rows)


def run() -> None:
    """Learn from the train file, judge once on the test file, publish and write the section."""
    train, test = labelled("train"), labelled("test")
    scores = predict_held_out(train, TextModelSettings())
    model = fit_text_model(train, held_out=scores)
    validation = classification_metrics(np.array(train.names)[scores.argmax(axis=1)], train.causes)
    chances = model.probabilities(test.texts)
    figures = classification_metrics(likeliest_cause(chances, model.causes, threshold=0.0), test.causes)
    sureness = Estimate(float(chances.max(axis=1).mean()))
    publish(NAME, [Figure(f"{NAME}.{name}", one.value, one.low, one.high, name) for name, one in figures.items()])
    write_section(
        NAME,
        "Causes from texts: banking77",
        "python -m benchmarks.banking77",
        {
            "Data": "banking77: questions to a bank with 77 intents (PolyAI, CC BY 4.0), English, the published split",
            "Texts": f"{len(train.texts):,} learnt from, {len(test.texts):,} judged",
            "Model": f"{len(model.pieces.characters.pieces):,} runs of 1 to 5 characters and "
            f"{len(model.pieces.words.pieces):,} words and pairs of them, a linear support vector machine, no download",
        },
        [
            table(
                ["", "accuracy", "macro F1"],
                [
                    ["test file", *(interval(one) for one in figures.values())],
                    ["train file, five folds", *(interval(one) for one in validation.values())],
                ],
            ),
            "The test file was read twice: the second time after a change that had another reason, which moved the "
            "accuracy by .0003.",
            f"The mean probability of what is said is {interval(sureness)}: compare it with the accuracy. "
            "A text that the model is not sure of is unknown:",
            abstaining(chances, model.causes, test.causes),
        ],
    )


if __name__ == "__main__":
    run()
