"""Ids with invisible control characters, such as zero bytes, which make one customer two."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.written_ids import find_written_ids

HAS_CONTROL = r"[\x00-\x08\x0E-\x1F\x7F]"


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in a file; PostgreSQL holds no zero bytes."""
    return find_written_ids(
        data,
        HAS_CONTROL,
        kind="control_characters",
        severity=Severity.WARNING,
        show=lambda written: ascii(written)[1:-1],
    )


CHECK = Check(find=find)
