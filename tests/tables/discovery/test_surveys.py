"""What scores of surveys are taken for, by their scale, where no column says what was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tables.discovery.test_consents import ORDERS
from tests.tables.discovery.test_proposals import day, proposal_of


@pytest.mark.parametrize(
    ("name", "scores", "kind", "score", "csat_scale"),
    [
        ("score", range(11), "nps", "score", None),
        ("satisfaction score", range(11), "csat", "satisfaction score", (0, 10)),
        ("rating", range(1, 6), "csat", "rating", None),
        ("How satisfied are you?", range(1, 6), "csat", "How satisfied are you?", None),
        ("score", range(1, 8), "csat", "score", (1, 7)),
        ("score", range(0, 101, 10), "csat", "score", (0, 100)),
        ("nps", range(0, 101, 10), "nps", {"column": "nps", "scale": 0.1}, None),
        ("score", range(-100, 101, 50), "csat", "score", (-100, 100)),
    ],
)
def test_the_scale_of_scores_says_what_was_asked(
    tmp_path: Path, name: str, scores: range, kind: str, score: object, csat_scale: tuple[int, int] | None
):
    lines = [f"customer_id,response date,{name},comment"]
    lines += [f"c{n % 30},{day(n)},{scores[n % len(scores)]},fine {n}" for n in range(90)]

    proposal = proposal_of(tmp_path, {"surveys.csv": lines, "orders.csv": ORDERS})

    surveys = next(table for table in proposal.tables if table.name == "surveys")
    columns = {one.key: one for one in surveys.columns}
    assert (columns["kind"].value, columns["score"].value) == ({"constant": kind}, score)
    assert f"scores from {scores[0]} to {scores[-1]}" in columns["kind"].evidence
    assert {one.key: one.value for one in proposal.head}.get("csat_scale") == csat_scale
