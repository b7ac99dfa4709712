"""Sentences of leaving customers, written for these tests and labelled by their writer; Japanese and English."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from models.texts.learning import CauseLabels

SENTENCES = Path(__file__).with_name("labelled.csv")


def sentences(language: str) -> CauseLabels:
    """Every sentence of a language with its cause."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == language]
    return CauseLabels([row["text"] for row in rows], np.array([row["cause"] for row in rows]))


def parted(labels: CauseLabels, every: int = 3) -> tuple[CauseLabels, CauseLabels]:
    """Two sentences of three to learn from, and the third to judge by."""
    held = np.arange(len(labels.causes)) % every == 0
    learnt, judged = (
        CauseLabels([text for text, chosen in zip(labels.texts, rows, strict=True) if chosen], labels.causes[rows])
        for rows in (~held, held)
    )
    return learnt, judged
