"""Whether a release can answer: the lengths of its arrays, and its mean score against that of the release before.

Checksums prove that files are as they were written. A release that was written wrongly, or by another program, has
right checksums and wrong arrays, and every request to it would fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

import numpy as np

from core.errors import BrokenArtifact
from serving.release.lookup import IdIndex, PackedJson, TextColumn
from serving.release.release import PARTS, Release

OWN_PACKAGE = "serving."
"Arrays of models have other conventions; example requests try them."
MAX_CHANGE, MAX_RATIO = 0.05, 2.0
"A mean churn probability that differs by more than both is unlike the release before."


def verify_release(release: Release) -> None:
    """Raise BrokenArtifact for arrays that do not fit together, with the part and the field."""
    for name in PARTS:
        part = getattr(release, name)
        if part is not None:
            _verify(part, name)
    retention, churn = release.retention, release.churn
    if retention is not None and churn is not None and len(retention.values) != len(churn.index):
        raise _wrong("retention.values", n_rows=len(retention.values), n_ids=len(churn.index))


def mean_score(release: Release) -> float | None:
    """The mean churn probability of all scored customers; None without churn scores."""
    churn = release.churn
    return None if churn is None or not len(churn.probability) else float(np.mean(churn.probability))


def explain_other_mean(release: Release, before: Release | None) -> str:
    """How the mean churn probability is unlike that of the release before; '' where it is alike or unknown."""
    new, old = mean_score(release), None if before is None else mean_score(before)
    if new is None or old is None or before is None:
        return ""
    is_alike = abs(new - old) <= MAX_CHANGE or max(new, old) <= MAX_RATIO * min(new, old)
    if is_alike:
        return ""
    return f"the mean churn probability is {new:.3f}, and {old:.3f} in release {before.description.release_id}"


def _verify(value: object, place: str) -> None:
    """Check one part, or what is inside it."""
    match value:
        case IdIndex():
            _verify_ids(value, place)
        case PackedJson():
            _verify_json(value, place)
        case TextColumn():
            _verify_texts(value, place)
        case Mapping():
            for name, one in value.items():
                _verify(one, f"{place}.{name}")
        case _ if is_dataclass(value) and type(value).__module__.startswith(OWN_PACKAGE):
            _verify_rows(value, place)
            for field in fields(value):
                _verify(getattr(value, field.name), f"{place}.{field.name}")
        case _:
            pass


def _verify_rows(part: Any, place: str) -> None:
    """Columns of a part with an index have a row for each id."""
    index = getattr(part, "index", None)
    if not isinstance(index, IdIndex):
        return
    for field in fields(part):
        for inner, n_rows in _count_rows(field, getattr(part, field.name)):
            if n_rows != len(index):
                raise _wrong(f"{place}.{inner}", n_rows=n_rows, n_ids=len(index))


def _count_rows(field: Field[Any], content: object) -> Iterator[tuple[str, int]]:
    """The columns in a field and their rows, one per id of the index, as most fields have."""
    if field.metadata.get("rows") == "others":
        return
    columns = content if isinstance(content, Mapping) else {"": content}
    for name, column in columns.items():
        inner = f"{field.name}.{name}" if name else field.name
        if isinstance(column, np.ndarray | PackedJson):
            yield inner, len(column)
        elif isinstance(column, TextColumn):
            yield inner, len(column.codes)


def _verify_ids(index: IdIndex, place: str) -> None:
    ids = index.ids
    if ids.ndim != 1 or ids.dtype.kind != "S":
        raise BrokenArtifact(f"{place}: ids are {ids.dtype} of {ids.ndim} dimensions; run `kizuna release`")
    if not (ids[:-1] < ids[1:]).all():
        raise BrokenArtifact(f"{place}: ids are not sorted or occur twice; run `kizuna release`")


def _verify_json(texts: PackedJson, place: str) -> None:
    offsets = texts.offsets
    ends = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (-1, -1)
    if ends != (0, len(texts.content)) or (np.diff(offsets) < 0).any():
        raise BrokenArtifact(f"{place}: offsets do not divide its {len(texts.content)} bytes; run `kizuna release`")


def _verify_texts(column: TextColumn, place: str) -> None:
    codes = column.codes
    if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < len(column.words):
        raise BrokenArtifact(f"{place}: codes are not those of its {len(column.words)} words; run `kizuna release`")


def _wrong(place: str, *, n_rows: int, n_ids: int) -> BrokenArtifact:
    return BrokenArtifact(f"{place} has {n_rows} rows for {n_ids} ids; run `kizuna release`")
