"""How scores are stored with their reasons."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from core.scores import Reason, Scores
from serving.release import customer_scores
from serving.release.customer_scores import sort_scores

IDS = np.array(["eve", "ada", "dan", "bo", "cyd"])
SCORES = Scores(
    customer_ids=IDS,
    cutoffs=np.full(5, np.datetime64("2026-04-01")),
    value=np.linspace(0.1, 0.5, 5),
    horizon_days=90,
)


def reason_for(name: str) -> tuple[Reason, ...]:
    """A reason that names its customer."""
    return (Reason(code="recency", direction="up", weight=1.0, value=1.0, usual_value=2.0, en=name, ja=name),)


def test_reasons_that_are_found_block_by_block_are_those_of_their_customers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(customer_scores, "REASONS_AT_ONCE", 2)
    n_asked: list[int] = []

    def find_reasons(rows: NDArray[np.int64]) -> list[tuple[Reason, ...]]:
        n_asked.append(len(rows))
        return [reason_for(name) for name in IDS[rows].tolist()]

    fields, _ = sort_scores(SCORES, find_reasons, opted_out=np.array(["dan"]))

    names = fields["index"].names().tolist()
    stored = [msgspec.json.decode(fields["reasons"][row])[0]["en"] for row in range(len(names))]
    assert stored == names == ["ada", "bo", "cyd", "eve"]
    assert n_asked == [2, 2]
