"""The settings of a proposal with their evidence, as `kizuna init --format json` prints them: without passwords."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tables.discovery.proposal import Proposal, Setting, TableSection
from tables.discovery.writing import make_portable


def describe_proposal(proposal: Proposal, out: Path) -> dict[str, Any]:
    """What was written to a TOML, and why; paths are relative to its folder, and passwords are placeholders."""
    return {
        "path": str(out),
        "settings": _settings(proposal.head),
        "churn": _settings(proposal.churn),
        "money": _settings(proposal.money),
        "cross_section": _settings(proposal.cross_section),
        "label": _settings(proposal.label),
        "attributes": {table: list(names) for table, names in proposal.attributes.items()},
        "segments": {name: _settings(settings) for name, settings in proposal.segments.items()},
        "tables": [_section(section, out.parent) for section in proposal.tables],
        "notes": list(proposal.notes),
    }


def _section(section: TableSection, folder: Path) -> dict[str, Any]:
    return {
        "name": section.name,
        "evidence": section.evidence,
        "settings": _settings(make_portable(setting, folder) for setting in section.settings),
        "columns": _settings(section.columns),
        "unused": list(section.unused),
    }


def _settings(settings: Iterable[Setting]) -> list[dict[str, Any]]:
    return [{"key": one.key, "value": one.value, "evidence": one.evidence or None} for one in settings]
