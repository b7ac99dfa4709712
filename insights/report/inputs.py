"""The data of a report cut into the parts that figures are computed for; each cut is made once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from insights.finance.economics import WhatIf
from insights.report.breakdowns import Part, split_book, split_book_by_source
from insights.report.mrr_panel import MrrPanel
from insights.report.report_data import ReportData


class FigureInputs:
    """What figures are computed from."""

    def __init__(self, data: ReportData, what_ifs: Sequence[WhatIf] = ()) -> None:
        """The inputs of one report; `what_ifs` are its scenarios."""
        self.data = data
        self.what_ifs = tuple(what_ifs)
        self._panels: dict[tuple[str, str], MrrPanel] = {}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All subscribers first, then each group and plan; empty without subscriptions."""
        return tuple(split_book(self.data))

    @cached_property
    def channels(self) -> tuple[Part, ...]:
        """The subscribers of each acquisition channel with spend."""
        return tuple(split_book_by_source(self.data))

    def panel(self, part: Part) -> MrrPanel:
        """The MRR, profit and churn of a part by customer and month."""
        key = (part.by, part.group)
        if key not in self._panels:
            self._panels[key] = MrrPanel.of(self.data, part)
        return self._panels[key]
