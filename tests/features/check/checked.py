"""What the checks find in a small world."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import features.check.checks
from features.check.data import CheckedData
from features.check.finding import CHECKS, Check, Finding
from features.check.overview import find_all
from tables.tables import Tables


def find(tables: Tables) -> tuple[Finding, ...]:
    """Every finding, the worst first."""
    findings = find_all(CheckedData.of_tables(tables))
    assert all(finding.check in checks_for(finding.kind) for finding in findings)
    return findings


def find_kind(tables: Tables, kind: str) -> Finding:
    """The only finding of this kind."""
    (finding,) = _findings_of(tables, kind)
    return finding


def is_found(tables: Tables, kind: str) -> bool:
    """Whether there is a finding of this kind."""
    return bool(_findings_of(tables, kind))


def kinds(tables: Tables) -> set[str]:
    """The kinds of all findings."""
    return {finding.kind for finding in find(tables)}


def _findings_of(tables: Tables, kind: str) -> list[Finding]:
    findings = find_all(CheckedData.of_tables(tables), checks_for(kind))
    return [finding for finding in findings if finding.kind == kind]


@cache
def checks_for(kind: str) -> Mapping[str, Check]:
    """The checks whose files name a kind of finding: the others cannot find it, and take most of a test's time."""
    (folder,) = map(Path, features.check.checks.__path__)
    checks = {
        name: check for name, check in CHECKS.items() if f'"{kind}"' in (folder / f"{name}.py").read_text("utf-8")
    }
    assert checks, f"no check names {kind}"
    return checks
