"""The reference page lists every figure of the report."""

from __future__ import annotations

from tools.figure_reference import PAGE, render


def test_the_figure_reference_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m tools.figure_reference"
