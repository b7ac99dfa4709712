"""The report and the campaigns of a release, for the pages under /ui."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from core.business_summary import BusinessSummary
from models.artifact import Artifact

NAME = "report"


@dataclass(frozen=True)
class ReportPart:
    """What `kizuna release` has computed of the business."""

    summary: BusinessSummary

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        return {NAME: Artifact("report", msgspec.to_builtins(self.summary))}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ReportPart:
        """The part that was stored."""
        return cls(msgspec.convert(artifacts[NAME].state, BusinessSummary))
