"""Computes every declared figure for which there is data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from insights.report.definitions import PERIODS, SECTIONS, FigureDefinition, Period, section_names
from insights.report.estimation import estimate_figures
from insights.report.figure import Figure
from insights.report.inputs import FigureInputs


def compute_figures(inputs: FigureInputs) -> tuple[Figure, ...]:
    """All figures, section after section."""
    return tuple(figure for name in section_names() for figure in _compute_section(inputs, SECTIONS[name].figures))


def _compute_section(inputs: FigureInputs, definitions: Sequence[FigureDefinition]) -> Iterator[Figure]:
    """First the computations, each once, then the formulas of sums, all of a sample together."""
    periods: tuple[Period, ...] = ("today", "year") if inputs.is_summary else PERIODS
    for compute in dict.fromkeys(one.computed_by for one in definitions if one.computed_by):
        yield from compute(inputs)
    for basis in dict.fromkeys(one.sums.basis for one in definitions if one.sums):
        for sample in basis(inputs):
            specs = [spec for one in definitions for spec in one.specs(sample.cells, basis, periods=periods)]
            yield from estimate_figures(specs, sample.ids, n_resamples=inputs.n_resamples)
