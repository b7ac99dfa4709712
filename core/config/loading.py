"""Reads a data set's TOML; whatever it says that cannot be meant is told in one line.

An unknown key is an error that names the nearest known one. Secrets appear
only as `${NAME}` of the environment, which is handed in; `${NAME:-default}`
gives a value for when it is unset.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, get_args

import msgspec

from core.config.data_set import Config
from core.config.section import Section
from core.environment import CONFIG
from core.errors import ConfigError, SourceUnavailable, did_you_mean

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
SECRET = r"password|passwd|secret|token|api_?key"
SECRET_KEY = re.compile(SECRET, re.IGNORECASE)
URL_PASSWORD = re.compile(r"(://[^:/@\s]*):\S*@")
"Up to the last @: a password may hold one."
URL_PARAMETER = re.compile(rf"([?&;\s](?:\w*(?:{SECRET}))=)[^&;\s]*", re.IGNORECASE)


def read_config(path: Path, environment: Mapping[str, str]) -> Config:
    """The data set that a TOML file describes. Raises ConfigError or SourceUnavailable, in one line."""
    config, _ = read_config_and_toml(path, environment)
    return config


def read_config_and_toml(path: Path, environment: Mapping[str, str]) -> tuple[Config, dict[str, Any]]:
    """The data set, and the TOML as stated: placeholders unfilled, passwords in addresses struck out; fit to log."""
    if not path.is_file():
        raise SourceUnavailable(f"no configuration at {path}; name one with --config or {CONFIG}")
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path} is no TOML: {fault}") from fault
    _refuse_unknown_keys(stated, Config, str(path))
    filled = _filled(stated, environment, str(path))
    for (*sections, key), said in _paths_in(stated):
        section = reduce(getitem, sections, filled)
        section[key] = _placed(said, section[key], path.parent, environment)
    if "cross_section" in filled:
        filled.setdefault("tables", {})
    try:
        return msgspec.convert(filled, Config), redacted(stated)
    except msgspec.ValidationError as fault:
        raise ConfigError(f"{path}: {fault}") from fault


def redacted(stated: Any) -> Any:
    """A copy without passwords: in URLs, and under keys that are called like secrets."""
    if isinstance(stated, dict):
        return {key: _redacted_under(key, value) for key, value in stated.items()}
    if isinstance(stated, list):
        return [redacted(value) for value in stated]
    if isinstance(stated, str):
        return URL_PARAMETER.sub(r"\1***", URL_PASSWORD.sub(r"\1:***@", stated))
    return stated


def _redacted_under(key: str, value: Any) -> Any:
    is_secret = SECRET_KEY.search(key) and not isinstance(value, dict | list)
    return "***" if is_secret else redacted(value)


def _filled(value: Any, environment: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, environment, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, environment, path) for inner in value]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = environment.get(name) or default
        if found is None:
            raise ConfigError(f"{path} asks for ${{{name}}}, which the environment does not set")
        return found

    return PLACEHOLDER.sub(fill, value)


def _paths_in(stated: dict[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Where the TOML names files, and what it says there."""
    files = {
        ("tables",): "path",
        ("cross_section", "tables"): "path",
        ("segments",): "customers_file",
        ("customer_tiers",): "customers_file",
    }
    named = [(*place, name, key) for place, key in files.items() for name in _section(stated, *place)]
    found = []
    for *section, key in (*named, ("money", "rates")):
        value = _section(stated, *section).get(key)
        if isinstance(value, str):
            found.append(((*section, key), value))
    return found


def _section(stated: Any, *place: str) -> dict[str, Any]:
    """The section of the TOML at this place; empty where there is none."""
    for key in place:
        stated = stated.get(key) if isinstance(stated, dict) else None
    return stated if isinstance(stated, dict) else {}


def _placed(stated: str, filled: str, folder: Path, environment: Mapping[str, str]) -> str:
    """A relative path is meant from the TOML; one that begins in the environment, from where its author stands."""
    begins = PLACEHOLDER.match(stated)
    start = Path.cwd() if begins and environment.get(begins[1]) else folder.resolve()
    return str(start / filled)


def _refuse_unknown_keys(stated: Any, section: Any, place: str) -> None:
    """Walk the TOML beside the sections' types, so that a misspelt key is named with its nearest neighbour."""
    if not isinstance(stated, dict):
        return
    fields = {field.name: field.type for field in msgspec.structs.fields(section)}
    for key, value in stated.items():
        if key not in fields:
            raise ConfigError(f"{place}: unknown key '{key}'{did_you_mean(key, fields)}")
        for inner in _sections_of(fields[key]):
            if isinstance(value, dict):
                nested = value.items() if _is_mapping(fields[key]) else [(key, value)]
                for name, part in nested:
                    _refuse_unknown_keys(part, inner, f"{place} [{key}{'.' + name if name != key else ''}]")


def _is_mapping(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is dict


def _sections_of(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, Section):
        return [kind]
    return [section for part in get_args(kind) for section in _sections_of(part)]
