"""Ids in full-width letters or digits: one system writes １２３ where another one writes 123."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.spellings import HAS_WIDE
from features.check.written_ids import find_written_ids


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in the source."""
    return find_written_ids(data, HAS_WIDE, kind="wide_ids", severity=Severity.NOTE)


CHECK = Check(find=find)
