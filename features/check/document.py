"""The JSON of `kizuna check --format json`; docs/reference/check.md describes it.

Fields are only added within a version. A change of what a field means is a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from core.config.data_set import Config
from core.i18n.message import Message
from core.i18n.translation import Language
from features.check.finding import Finding
from features.check.overview import DataCheck
from features.check.texts import describe_customers, describe_definition, describe_finding

VERSION = 1


def render_json(data: DataCheck, language: Language, *, config: Config) -> bytes:
    """The whole check as indented JSON; its texts are in the language."""
    plain: dict[str, Any] = _write_messages(data, language)
    churn = {
        **plain["churn"],
        "meaning": describe_definition(config, language),
        "cohort": describe_customers(config, [table.table for table in data.tables], language=language),
    }
    findings = [_add_texts(finding, language) for finding in data.findings]
    document = {"version": VERSION, **plain, "churn": churn, "findings": findings}
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _write_messages(value: Any, language: Language) -> Any:
    """Plain values, with each message in the language."""
    if isinstance(value, Message):
        return value.translate(language)
    if is_dataclass(value):
        return {one.name: _write_messages(getattr(value, one.name), language) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: _write_messages(one, language) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_write_messages(one, language) for one in value]
    return msgspec.to_builtins(value)


def _add_texts(finding: Finding, language: Language) -> dict[str, Any]:
    texts = describe_finding(finding, language)
    plain: dict[str, Any] = _write_messages(finding, language)
    return {**plain, "message": texts.message, "remedy": texts.remedy or None}
