"""Sentences of churned customers, written and labelled for these tests; Japanese and English."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from models.texts.fitting import CauseLabels

SENTENCES = Path(__file__).with_name("labelled.csv")


def sentences(language: str) -> CauseLabels:
    """The sentences of one language with their causes."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == language]
    return CauseLabels([row["text"] for row in rows], np.array([row["cause"] for row in rows]))


def split_labels(labels: CauseLabels, every: int = 3) -> tuple[CauseLabels, CauseLabels]:
    """Two thirds of the sentences to fit on, one third to test on."""
    held = np.arange(len(labels.causes)) % every == 0
    train, test = (
        CauseLabels(
            [text for text, is_selected in zip(labels.texts, rows, strict=True) if is_selected], labels.causes[rows]
        )
        for rows in (~held, held)
    )
    return train, test
