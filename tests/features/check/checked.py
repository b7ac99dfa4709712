"""What the checks find in a small world."""

from __future__ import annotations

from features.check.data import CheckedData
from features.check.finding import Finding
from features.check.overview import find_all
from tables.tables import Tables


def find(tables: Tables) -> tuple[Finding, ...]:
    """Every finding, the worst first."""
    return find_all(CheckedData.of_tables(tables))


def find_kind(tables: Tables, kind: str) -> Finding:
    """The only finding of this kind."""
    (finding,) = [finding for finding in find(tables) if finding.kind == kind]
    return finding


def kinds(tables: Tables) -> set[str]:
    """The kinds of all findings."""
    return {finding.kind for finding in find(tables)}
