"""Profiles: settings for the exports of known products, one TOML in `configs/profiles` each.

A table names one with `profile = "stripe_subscriptions"`. The profile's `[source]` gives the table's defaults; what
the table states itself wins, key by key, and column by column under `columns`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec

from core.config.section import Section
from core.config.sources import TableSource
from core.config.validation import Toml, explain, unknown_keys
from core.errors import ConfigError, did_you_mean

FOLDER = Path(__file__).parent.parent.parent / "configs" / "profiles"
PLACE = "profile"


class Profile(Section, frozen=True):
    """How the export of a product is read as one table of the contract."""

    title: str
    "The product and its export, for people."
    table: str
    "The table of the contract."
    header: tuple[str, ...]
    "Columns by which `kizuna init` recognises the export: all of them have to be there."
    source: dict[str, Any]
    "Keys of `[tables.<name>]`."
    attributes: tuple[str, ...] = ()
    "Columns of `source` that are listed attributes."
    other_names: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    "Columns of the export that some of its versions call differently."


@cache
def profile_names() -> tuple[str, ...]:
    """The names of all profiles, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def read_profile(name: str) -> Profile:
    """The profile of this name. Raises ConfigError for an unknown or faulty one."""
    if name not in profile_names():
        raise ConfigError(f"unknown profile '{name}'{did_you_mean(name, profile_names())}")
    path = FOLDER / f"{name}.toml"
    try:
        toml = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    if unknown := next(unknown_keys(toml, Profile), "") or next(unknown_keys(toml.get("source"), TableSource), ""):
        raise ConfigError(f"{path}: {unknown}")
    try:
        return msgspec.convert(toml, Profile)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(toml, Profile)}") from error


def apply_profiles(toml: Toml) -> None:
    """Fill the tables that name a profile with its settings, in place. Raises ConfigError."""
    tables = toml.get("tables")
    if not isinstance(tables, dict):
        return
    for name, section in cast(Toml, tables).items():
        table: Toml = cast(Toml, section) if isinstance(section, dict) else {}
        chosen = table.get(PLACE)
        if isinstance(chosen, str):
            profile = read_profile(chosen)
            if profile.table != name:
                raise ConfigError(f"[tables.{name}]: profile '{chosen}' is for [tables.{profile.table}]")
            _fill(table, profile.source)


def _fill(table: Toml, defaults: Toml) -> None:
    """Add the keys that the table lacks; `columns` are filled one by one."""
    for key, value in defaults.items():
        if key == "columns" and isinstance(table.get(key), dict):
            table[key] = value | table[key]
        else:
            table.setdefault(key, value)
