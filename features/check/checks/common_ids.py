"""Ids that should meet those of another table and do not."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.links import Link, find_links

MIN_COMMON_SHARE = 0.5
"Rows that look up a thing find it at least this often; below it, a note says how often."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each pair of tables."""
    for link in data.once(find_links):
        if not link.n_ids or link.n_common == link.n_ids:
            continue
        if link.n_alike > link.n_common:
            count = link.n_alike - link.n_common
            setting = _suggest_width(link, data)
            yield _describe(link, "differing_ids", count=count, severity=_severity(link), setting=setting)
        elif not link.n_common:
            yield _describe(link, "no_common_ids", count=link.n_ids, severity=Severity.ERROR)
        elif link.looks_up_attributes and link.n_common < MIN_COMMON_SHARE * link.n_ids:
            yield _describe(link, "few_common_ids", count=link.n_ids - link.n_common, severity=Severity.NOTE)


def _severity(link: Link) -> Severity:
    """Ids that differ in writing cut a customer in two; where none meets, the tables have nothing in common."""
    return Severity.WARNING if link.n_common else Severity.ERROR


def _suggest_width(link: Link, data: CheckedData) -> str | None:
    """The setting that fills in the zeros that the other table has, where the ids differ by nothing else."""
    names, other = data[link.table].source_names(link.column), link.other_example or ""
    if link.spellings != ("leading_zeros",) or len(names) != 1 or len(other) <= len(link.example or ""):
        return None
    return f'{link.column} = {{ column = "{names[0]}", id_width = {len(other)} }}'


def _describe(link: Link, kind: str, *, count: int, severity: Severity, setting: str | None = None) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        table=link.table,
        column=link.column,
        count=count,
        of=link.n_ids,
        example=link.example,
        setting=setting,
        values={
            "n_common": link.n_common,
            "others": link.others,
            "spellings": link.spellings,
            "other_example": link.other_example or "",
        },
    )


CHECK = Check(find=find)
