"""Exports in the working directory, what `kizuna init` makes of them, and the rows that its check has read."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.config.data_set import Config
from core.config.loading import read_config
from kizuna import today
from kizuna.main import run
from tables.discovery.discover import propose
from tables.discovery.inputs import find_inputs
from tables.discovery.writing import render_toml
from tables.sources.opening import open_tables
from tables.tables import Tables

TODAY = date(2026, 12, 1)
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


def discover(*sources: str) -> dict[str, Any]:
    """The TOML that `kizuna init --yes` writes, without the check that takes most of the command's time."""
    path = Path("kizuna.toml")
    proposal = propose(
        sources, find_inputs(sources), ask=lambda question: question.default, today=TODAY, local_zone=None
    )
    path.write_text(render_toml(proposal, path.parent), encoding="utf-8")
    opened.clear()
    return tomllib.loads(path.read_text(encoding="utf-8"))


def rows_of(table: str) -> list[dict[str, Any]]:
    """The rows of a table that the last command read, or that the TOML reads; needs the fixture `folder`."""
    if not opened:
        opened.append(open_tables(read_config(Path("kizuna.toml"), {})))
    return opened[-1][table].to_pyarrow().to_pylist()


def purchases() -> list[dict[str, Any]]:
    """The rows of purchases, as `rows_of`."""
    return rows_of("purchases")
