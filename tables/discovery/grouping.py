"""Which files are one table, although they may be written in different ways.

    orders_2024.csv   UTF-8, commas:       Order ID, Date, Customer ID, Amount, Coupon
    orders_2023.csv   cp932, semicolons:   order_id, Amount, date, customer

One table: path = "orders_*.csv", an entry in `files` for 2023, and Coupon in `optional_columns`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from glob import escape
from itertools import groupby
from pathlib import Path

from core.config.rows import FileSource
from core.config.sources import TableSource
from tables.discovery.text_format import TextFormat
from tables.discovery.vocabulary import compact, load_vocabulary
from tables.sources.parquet import types_of

PART = re.compile(r"\d+|(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE)
"The part of a file name that differs between monthly exports."
ENOUGH = 0.6
"Share of the columns of the narrower file that the other one has to have."
MAX_NAMED = 12

Entry = tuple[Path, TextFormat | None]
"A file with its format; None for Parquet."


@dataclass(frozen=True)
class DiscoveredSource:
    """One table that was given: files whose rows belong together, or a table of a database."""

    label: str
    "Its name for people: the file, the pattern of the files, or the table."
    settings: TableSource
    "Where it is and how its text is read."
    files: tuple[Path, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    "Why a setting is not the usual one, by its key."
    formats: tuple[TextFormat, ...] = ()
    "Of each file, if all are CSV."


def group_files(files: Iterable[Entry]) -> Iterator[DiscoveredSource]:
    """Files whose names differ in numbers or months alone are one table if they have enough columns in common."""

    def pattern_of(entry: Entry) -> tuple[Path, str, str]:
        return entry[0].parent, PART.sub("*", entry[0].stem), entry[0].suffix.lower()

    in_order = sorted(files, key=pattern_of)
    for _, members in groupby(in_order, key=pattern_of):
        groups: list[list[Entry]] = []
        for entry in sorted(members, key=lambda one: one[0].name):
            group = next((group for group in groups if _belongs(entry, group[-1])), None)
            if group is None:
                groups.append(group := [])
            group.append(entry)
        for group in groups:
            paths = {path for path, _ in group}
            yield from join_files(group, strangers=[path for path, _ in in_order if path not in paths])


def _belongs(one: Entry, other: Entry) -> bool:
    (_, ours), (_, theirs) = one, other
    if ours is None or theirs is None:
        return ours is theirs and have_same_columns([*types_of(one[0])], [*types_of(other[0])])
    if ours.is_json or theirs.is_json:
        return ours.is_json and theirs.is_json and ours.encoding == theirs.encoding
    return have_same_columns(ours.header, theirs.header)


def have_same_columns(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two headers have enough columns in common to be one table."""
    n_shared = len(match_columns(ours, theirs))
    return n_shared >= 2 and n_shared >= ENOUGH * min(len(ours), len(theirs))


def match_columns(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
    """Our column by theirs: the same name, the same but for case and marks, or another name of the same thing."""
    matched = {name: name for name in theirs if name in ours}
    left = {name for name in ours if name not in matched}
    for is_same in (_is_written_alike, _means_the_same):
        for name in theirs:
            other = (
                next((one for one in ours if one in left and is_same(one, name)), None) if name not in matched else None
            )
            if other is not None:
                matched[name] = other
                left.discard(other)
    return matched


def _is_written_alike(one: str, other: str) -> bool:
    return compact(one) == compact(other)


def _means_the_same(one: str, other: str) -> bool:
    """Whether two names are known for one column of the contract."""
    return bool(_meanings(one) & _meanings(other))


def _meanings(name: str) -> set[tuple[str, str]]:
    vocabulary = load_vocabulary()
    return {
        (table, column)
        for table in ("purchases", "customers", "items", "subscriptions", "usage")
        for column in vocabulary.columns[table]
        if vocabulary.rank_of(name, table=table, column=column) is not None
    }


def join_files(group: Sequence[Entry], *, strangers: Iterable[Path]) -> Iterator[DiscoveredSource]:
    """One source of all files, by the pattern of their names if it matches no other file.

    Without such a pattern, CSV files are named one by one, and each file of another kind is a source of its own.
    """
    paths = [path for path, _ in group]
    place = paths[-1].parent / pattern_of_names([path.name for path in paths])
    is_common = "*" in place.name and not any(fnmatch(str(path), str(place)) for path in strangers)
    formats = [text for _, text in group if text is not None and not text.is_json]
    if len(formats) == len(group):
        yield _join_text(paths, formats, pattern=str(place) if is_common else None)
    elif is_common:
        yield _source_of(str(place), group)
    else:
        yield from (_source_of(escape(str(path)), [(path, text)]) for path, text in group)


def _source_of(path: str, group: Sequence[Entry]) -> DiscoveredSource:
    """Parquet files or JSON Lines."""
    text, paths = group[-1][1], [one for one, _ in group]
    headers = [] if text else [{name: name for name in types_of(path)} for path in paths]
    optional = _optional_columns(headers)
    settings = TableSource(path=path, encoding=text.encoding if text else "utf-8", optional_columns=optional)
    evidence = dict(text.evidence) if text else {}
    if optional:
        evidence["optional_columns"] = "; ".join(_describe_missing(paths, headers, optional=optional))
    return DiscoveredSource(paths[0].name if len(group) == 1 else Path(path).name, settings, tuple(paths), evidence)


def _optional_columns(headers: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The columns that some files lack, as the table calls them."""
    names = dict.fromkeys(name for header in headers for name in header.values())
    return tuple(name for name in names if any(name not in header.values() for header in headers))


def _join_text(paths: list[Path], formats: list[TextFormat], *, pattern: str | None) -> DiscoveredSource:
    """CSV files as one source: the layout of most files, an entry for each other file, and what some files lack."""
    layouts = Counter(text.layout for text in reversed(formats))
    main = max(layouts, key=lambda layout: layouts[layout])
    newest = max(place for place, text in enumerate(formats) if text.layout == main)
    names = list(formats[newest].header)
    ours: list[dict[str, str]] = []
    for text in formats:
        matched = match_columns(names, text.header)
        ours.append({theirs: matched.get(theirs, theirs) for theirs in text.header})
        names += [name for name in ours[-1].values() if name not in names]
    entries = tuple(
        entry
        for place, (path, text) in enumerate(zip(paths, formats, strict=True))
        if (entry := _entry(path, text, main=formats[newest], renamed=ours[place]))
        != FileSource(path=escape(str(path)))
        or (pattern is None and place != newest)
    )
    optional = _optional_columns(ours)
    text, path = formats[newest], pattern or escape(str(paths[newest]))
    settings = TableSource(
        path=path,
        encoding=text.encoding,
        delimiter=text.delimiter,
        header_line=text.header_line,
        footer_lines=text.footer_lines,
        optional_columns=optional,
        files=entries,
    )
    label = Path(pattern).name if pattern else paths[newest].name
    label += f" and {len(paths) - 1} more" if len(paths) > 1 and not pattern else ""
    evidence = dict(text.evidence)
    if optional:
        evidence["optional_columns"] = "; ".join(_describe_missing(paths, ours, optional=optional))
    return DiscoveredSource(label, settings, tuple(paths), evidence, tuple(formats))


def _describe_missing(
    paths: list[Path], ours: Sequence[Mapping[str, str]], *, optional: Sequence[str]
) -> Iterator[str]:
    for path, renamed in list(zip(paths, ours, strict=True))[:MAX_NAMED]:
        missing = [name for name in optional if name not in renamed.values()]
        if missing:
            yield f"{path.name} has no {', '.join(missing)}"


def _entry(path: Path, text: TextFormat, *, main: TextFormat, renamed: Mapping[str, str]) -> FileSource:
    """What is different in a file."""
    return FileSource(
        path=escape(str(path)),
        encoding=text.encoding if text.encoding != main.encoding else None,
        delimiter=text.delimiter if text.delimiter != main.delimiter else None,
        header_line=text.header_line if text.header_line != main.header_line else None,
        footer_lines=text.footer_lines if text.footer_lines != main.footer_lines else None,
        columns={name: theirs for theirs, name in renamed.items() if name != theirs},
    )


def pattern_of_names(names: Sequence[str]) -> str:
    """The shortest pattern of names that differ in one stretch."""
    if len(names) == 1:
        return names[0]
    start = _common_length(names)
    end = min(_common_length([name[::-1] for name in names]), min(map(len, names)) - start)
    # A number is never cut in two, so that next year's file is found as well.
    beginning = re.sub(r"\d[\d-]*$", "", names[0][:start])
    ending = re.sub(r"^[\d-]*\d", "", names[0][len(names[0]) - end :]) if end else ""
    return f"{beginning}*{ending}"


def _common_length(names: Sequence[str]) -> int:
    """How many characters all names begin with."""
    first, last = min(names), max(names)
    return next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
