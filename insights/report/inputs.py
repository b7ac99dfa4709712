"""The data of a report cut into the parts that figures are computed for; each cut is made once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from core.intervals import N_RESAMPLES
from insights.finance.economics import WhatIf
from insights.report.breakdowns import Part, split_book, split_book_by_source
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData


class FigureInputs:
    """What figures are computed from."""

    def __init__(self, data: ReportData, *, what_ifs: Sequence[WhatIf] = (), is_summary: bool = False) -> None:
        """The inputs of one report; `what_ifs` are its scenarios.

        A summary has the values of all customers in the year and on the day of the report, without intervals.
        """
        self.data = data
        self.what_ifs = tuple(what_ifs)
        self.is_summary = is_summary
        self.n_resamples = 0 if is_summary else N_RESAMPLES
        self._panels: dict[tuple[str, str], MrrPanel] = {}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All subscribers first, then each group and plan; empty without subscriptions."""
        return tuple(islice(split_book(self.data), 1 if self.is_summary else None))

    @cached_property
    def channels(self) -> tuple[Part, ...]:
        """The subscribers of each acquisition channel with spend."""
        return () if self.is_summary else tuple(split_book_by_source(self.data))

    def panel(self, part: Part) -> MrrPanel:
        """The MRR, profit and churn of a part by customer and month."""
        key = (part.by, part.group)
        if key not in self._panels:
            self._panels[key] = MrrPanel.of(self.data, part)
        return self._panels[key]
