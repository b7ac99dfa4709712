"""Figures are written as JSON and printed as a table."""

from __future__ import annotations

import json

from benchmarks.figures import BenchmarkFigure, publish


def test_figures_are_written_as_a_list_and_printed(tmp_path, capsys):
    path = publish(
        "tea", [BenchmarkFigure(figure="tea.seconds", value=2.0, low=1.0, high=3.0, unit="s")], folder=tmp_path
    )

    assert path == tmp_path / "tea.json"
    assert json.loads(path.read_text()) == [
        {"figure": "tea.seconds", "value": 2.0, "low": 1.0, "high": 3.0, "unit": "s"}
    ]
    assert "tea.seconds" in capsys.readouterr().out
