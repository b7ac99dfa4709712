"""The JSON of `kizuna check --format json`; docs/reference/check.md describes it.

Fields are only added within a version. A change of what a field means is a new version.
"""

from __future__ import annotations

from typing import Any

import msgspec

from core.i18n.translation import Language
from features.check.finding import Finding
from features.check.overview import DataCheck
from features.check.texts import describe_finding

VERSION = 1


def render_json(data: DataCheck, language: Language) -> bytes:
    """The whole check as indented JSON; its texts are in the language."""
    plain: dict[str, Any] = msgspec.to_builtins(data)
    findings = [_add_texts(finding, language) for finding in data.findings]
    document = {"version": VERSION, **plain, "findings": findings}
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _add_texts(finding: Finding, language: Language) -> dict[str, Any]:
    texts = describe_finding(finding, language)
    plain: dict[str, Any] = msgspec.to_builtins(finding)
    return {**plain, "message": texts.message, "remedy": texts.remedy or None}
