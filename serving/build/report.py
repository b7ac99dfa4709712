"""Puts the report and the campaigns into a release, as `kizuna release` has computed them."""

from __future__ import annotations

from collections.abc import Mapping

from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.release import ReleasePart
from serving.release.report_part import ReportPart


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """None where a release is built for another purpose than to be served; nothing is missing then."""
    del parts
    return BuiltPart(None if inputs.summary is None else ReportPart(inputs.summary))
