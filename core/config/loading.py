"""Reads the TOML of a data set. Every error is one line in plain words that names the key.

An unknown key is an error that suggests the most similar key. Secrets appear only as `${NAME}`, a variable of the
environment, which the caller passes in; `${NAME:-default}` gives a value for an unset variable.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, cast

import msgspec

from core.config.data_set import Config
from core.config.profiles import apply_profiles
from core.config.validation import Toml, explain, unknown_keys, unusable_values
from core.environment import CONFIG
from core.errors import ConfigError, SourceUnavailable
from core.redaction import redact

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
LINE = re.compile(r"\(at line (\d+)")
TOML_FAULTS = {
    "Cannot declare": "a section is there twice",
    "Cannot overwrite": "a key is there twice",
    "Cannot mutate": "a section is there already",
    "Unclosed array": "a list is not closed by ]",
    "Unclosed inline table": "a table in braces is not closed by }",
    "Expected ']'": "a section is not closed by ]",
    "Expected newline": "more text follows a value",
    "Unterminated": "a text is not closed by a quote",
    "Illegal character": "a text is not closed by a quote",
    "Unescaped": "a backslash in double quotes; write / or put the text into single quotes",
    "Invalid value": "a value is no text in quotes, number, date, true or false",
}
"What Python finds wrong with a TOML, by how its message begins, in words that say what to mend."
NO_TOML = 'this is no section such as [churn] and no key with a value such as name = "shop"'
FILE_KEYS = {
    ("tables",): "path",
    ("cross_section", "tables"): "path",
    ("segments",): "customers_file",
    ("customer_tiers",): "customers_file",
}
"Sections by name whose key is the path of a file."


def read_config(path: Path, environment: Mapping[str, str]) -> Config:
    """Read a data set. Raises ConfigError or SourceUnavailable, with one line of text."""
    config, _ = read_config_and_toml(path, environment)
    return config


def read_config_and_toml(path: Path, environment: Mapping[str, str]) -> tuple[Config, Toml]:
    """Read a data set and its TOML as written, with placeholders and without passwords, so that it can be logged."""
    if not path.is_file():
        raise SourceUnavailable(f"no configuration at {path}; name one with --config or {CONFIG}")
    toml = _parse(path)
    if unknown := next(unknown_keys(toml, Config), ""):
        raise ConfigError(f"{path}: {unknown}")
    filled = cast(Toml, _fill_placeholders(toml, environment, path=str(path)))
    for (*sections, key), written in _file_paths(toml):
        section: Any = reduce(getitem, sections, cast(Any, filled))
        section[key] = _absolute_path(written, section[key], folder=path.parent, environment=environment)
    try:
        apply_profiles(filled)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if "cross_section" in filled:
        filled.setdefault("tables", {})
    try:
        config = msgspec.convert(filled, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(filled, Config) or error}") from error
    if unusable := next(unusable_values(toml), ""):
        raise ConfigError(f"{path}: {unusable}")
    return config, redact(toml)


def _parse(path: Path) -> Toml:
    """The TOML; a byte order mark, which editors of Windows write, is skipped."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        n_line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} is not valid TOML: line {n_line} is not UTF-8; save the file as UTF-8") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {_describe_fault(error, text)}") from error


def _describe_fault(error: tomllib.TOMLDecodeError, text: str) -> str:
    """What is wrong in which line. The line itself may contain a password."""
    problem = next((words for start, words in TOML_FAULTS.items() if str(error).startswith(start)), NO_TOML)
    place = LINE.search(str(error))
    return f"line {place[1] if place else len(text.rstrip().splitlines())}: {problem}"


def _fill_placeholders(value: Any, environment: Mapping[str, str], *, path: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill_placeholders(inner, environment, path=path) for key, inner in cast(Toml, value).items()}
    if isinstance(value, list):
        return [_fill_placeholders(inner, environment, path=path) for inner in cast(list[Any], value)]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        name, default = match.groups()
        filled = environment.get(name) or default
        if filled is None:
            raise ConfigError(f"{path} uses ${{{name}}}, but the environment variable {name} is not set")
        return filled

    return PLACEHOLDER.sub(fill, value)


def _file_paths(toml: Toml) -> list[tuple[tuple[str | int, ...], str]]:
    """Every path of a file in the TOML, with its place."""
    named = [(*place, name, key) for place, key in FILE_KEYS.items() for name in _section(toml, *place)]
    places = [*named, ("money", "rates")]
    values = [(place, _section(toml, *place[:-1]).get(place[-1])) for place in places]
    return [(place, value) for place, value in [*values, *_further_files(toml)] if isinstance(value, str)]


def _further_files(toml: Toml) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The paths of [tables.<name>.lookup] and [[tables.<name>.files]]."""
    for name in _section(toml, "tables"):
        yield ("tables", name, "lookup", "path"), _section(toml, "tables", name, "lookup").get("path")
        entries = _section(toml, "tables", name).get("files")
        for number, entry in enumerate(cast(list[Any], entries) if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                yield ("tables", name, "files", number, "path"), cast(Toml, entry).get("path")


def _section(toml: Toml, *place: str) -> Toml:
    """The section at a place of the TOML; empty if there is none."""
    section: Any = toml
    for key in place:
        section = cast(Toml, section).get(key) if isinstance(section, dict) else None
    return cast(Toml, section) if isinstance(section, dict) else {}


def _absolute_path(written: str, filled: str, *, folder: Path, environment: Mapping[str, str]) -> str:
    """A path is relative to the TOML; if it begins with a variable that is set, to the working directory.

    A variable is set in a shell, without knowing where the TOML is.
    """
    placeholder = PLACEHOLDER.match(written)
    start = Path.cwd() if placeholder and environment.get(placeholder[1]) else folder.resolve()
    return str(start / filled)
