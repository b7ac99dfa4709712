"""Exports in the working directory, what `kizuna init` makes of them, and the rows that its check has read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.config.data_set import Config
from kizuna import today
from kizuna.main import run
from tables.sources.opening import open_tables
from tables.tables import Tables

opened: list[Tables] = []
"The tables that the check at the end of `kizuna init` has read, newest last; reading them again costs seconds."


def keep_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tables that commands open during a test."""

    def open_and_keep(config: Config, **options: Any) -> Tables:
        opened.append(open_tables(config, **options))
        return opened[-1]

    opened.clear()
    monkeypatch.setattr(today, "open_tables", open_and_keep)


def write(name: str, lines: list[str], *, encoding: str = "utf-8") -> str:
    """Write a file; returns its name."""
    Path(name).write_text("\n".join(lines) + "\n", encoding=encoding)
    return name


def init(*arguments: str, exit_codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """The TOML that `kizuna init` writes."""
    assert run(["init", *arguments]) in exit_codes
    return tomllib.loads(Path("kizuna.toml").read_text(encoding="utf-8"))


def purchases() -> list[dict[str, Any]]:
    """The rows of purchases that the last command read; needs the fixture `folder`."""
    return opened[-1]["purchases"].to_pyarrow().to_pylist()
