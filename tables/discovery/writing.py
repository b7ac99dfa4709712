"""Writes a proposal as a TOML whose comments carry the evidence."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.items import InlineTable, Item, Table

from tables.discovery.proposal import Entries, Proposal, Setting, TableSection

WIDTH = 100
PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):([^@\s]+)@")
PASSWORD_VARIABLE = "KIZUNA_DATABASE_PASSWORD"
HEADER = "Written by `kizuna init`. The comments give the evidence; change what is wrong and run `kizuna check`."


def render_toml(proposal: Proposal, folder: Path) -> str:
    """The TOML; paths are relative to its folder, and a password becomes a placeholder."""
    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER))
    _add(document, proposal.head)
    document.add(tomlkit.nl())
    document.add("churn", _table(proposal.churn))
    if proposal.money:
        document.add("money", _table(proposal.money))
    if proposal.attributes:
        attributes = tomlkit.table()
        attributes.add(tomlkit.comment("Used as features if they are dated, and to break figures down."))
        for table, names in proposal.attributes.items():
            attributes.add(table, list(names))
        document.add("attributes", attributes)
    if proposal.segments:
        segments = tomlkit.table(is_super_table=True)
        for name, settings in proposal.segments.items():
            segments.add(name, _table(settings))
        document.add("segments", segments)
    sections = tomlkit.table(is_super_table=True)
    for section in proposal.tables:
        sections.add(section.name, _section(section, folder))
    if proposal.cross_section:
        cross_section = _table(proposal.cross_section)
        cross_section.add("label", _table(proposal.label))
        cross_section.add("tables", sections)
        document.add("cross_section", cross_section)
    else:
        document.add("tables", sections)
    return re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document))


def _section(section: TableSection, folder: Path) -> Table:
    """A table of the data set; a source in several files, or with few columns, stays short."""
    table = tomlkit.table()
    for line in textwrap.wrap(section.evidence, WIDTH):
        table.add(tomlkit.comment(line))
    _add(table, [make_portable(setting, folder) for setting in section.settings])
    if section.unused:
        for line in textwrap.wrap(f"Not used: {', '.join(section.unused)}.", WIDTH, break_long_words=False):
            table.add(tomlkit.comment(line))
    if section.columns:
        table.add("columns", _table(section.columns))
    return table


def make_portable(setting: Setting, folder: Path) -> Setting:
    """A path as seen from the TOML, a database without its password, a filter as a list of one."""
    if setting.key == "path":
        return Setting("path", _relative(setting.value, folder), setting.evidence)
    if setting.key == "lookup":
        lookup = cast(Mapping[str, object], setting.value)
        moved = {"path": _relative(lookup["path"], folder)} if "path" in lookup else {}
        return Setting("lookup", {**lookup, **moved}, setting.evidence)
    if setting.key == "files":
        entries = cast(Entries, setting.value)
        relative: Entries = [{**entry, "path": _relative(entry["path"], folder)} for entry in entries]
        return Setting("files", relative, setting.evidence)
    if setting.key == "database" and PASSWORD.search(str(setting.value)):
        url = PASSWORD.sub(rf"\1:${{{PASSWORD_VARIABLE}}}@", str(setting.value))
        return Setting("database", url, f"the password is read from the environment variable {PASSWORD_VARIABLE}")
    return setting


def _relative(path: object, folder: Path) -> str:
    return Path(os.path.relpath(str(path), folder)).as_posix()


def password_of(proposal: Proposal) -> str | None:
    """The password in the address of a database, which the TOML does not have."""
    for section in proposal.tables:
        for setting in section.settings:
            if setting.key == "database" and (match := PASSWORD.search(str(setting.value))):
                return match[2]
    return None


def _table(settings: Iterable[Setting]) -> Table:
    table = tomlkit.table()
    _add(table, settings)
    return table


def _add(place: Any, settings: Iterable[Setting]) -> None:
    """Add keys; short evidence goes behind its key, long evidence above it."""
    for setting in settings:
        item = cast(Item, tomlkit.item(cast(Any, _item(setting))))
        if len(f"{setting.key} = {item.as_string()}  # {setting.evidence}") <= WIDTH:
            if setting.evidence:
                item.comment(setting.evidence)
        else:
            for line in textwrap.wrap(setting.evidence, WIDTH, break_long_words=False):
                place.add(tomlkit.comment(line))
        place.add(setting.key, item)


def _item(setting: Setting) -> object:
    if setting.key == "cutoff":
        return date.fromisoformat(str(setting.value))
    if setting.key in ("where", "files", "answers"):
        entries = setting.value if isinstance(setting.value, list) else [setting.value]
        lines = cast(Any, tomlkit.array().multiline(len(entries) > 1))
        for entry in entries:
            lines.append(_plain(entry))
        return lines
    return _plain(setting.value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        inline: InlineTable = tomlkit.inline_table()
        for key, inner in cast(Mapping[str, object], value).items():
            inline.add(key, _plain(inner))
        return inline
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in cast("tuple[object, ...]", value)]
    return value
