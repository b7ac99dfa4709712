"""Runs commands on the small inputs of the cases folder, beside the public data.

A test names its case with `@pytest.mark.case("dayfirst")` and takes the fixture `case`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.config.data_set import Config
from core.config.loading import read_config
from kizuna.main import run
from tables.sources.opening import open_tables
from tables.tables import Tables

PROJECT = Path(__file__).parent.parent.parent
CASES = Path(os.environ.get("KIZUNA_DATA") or PROJECT.parent / "shared/data").resolve().parent / "cases"

RENAMED = {"[flat": "[cross_section", "as_of = ": "cutoff = "}
"Names in the TOML of older cases, to those of today."


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    exit_code: int
    output: str
    error: str


@dataclass(frozen=True)
class Case:
    """A copy of one case, whose folder is the working directory."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Outcome:
        """Run a command with the case's TOML."""
        self.capsys.readouterr()
        exit_code = run([*arguments, "--config", "my.toml"])
        printed = self.capsys.readouterr()
        return Outcome(exit_code, printed.out, printed.err)

    def report(self, cutoff: str) -> dict[str, Any]:
        """The JSON of `kizuna report` at the cutoff."""
        outcome = self.run("report", "--format", "json", "--out", "out.json", "--cutoff", cutoff)
        assert outcome.exit_code == 0, outcome.error
        return json.loads((self.folder / "out.json").read_bytes())

    def set_toml(self, old: str, new: str) -> None:
        """Replace a text in the case's TOML."""
        toml = self.folder / "my.toml"
        before = toml.read_text(encoding="utf-8")
        assert old in before
        toml.write_text(before.replace(old, new), encoding="utf-8")

    @property
    def config(self) -> Config:
        """The case's configuration."""
        return read_config(self.folder / "my.toml", {})

    @property
    def tables(self) -> Tables:
        """The case's tables."""
        return open_tables(self.config)


@pytest.fixture
def case(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Case:
    """The case that the test's marker names."""
    marker = request.node.get_closest_marker("case")
    assert marker is not None, "name a case with @pytest.mark.case(...)"
    source = CASES / marker.args[0]
    if not source.is_dir():
        pytest.skip(f"no {source}; KIZUNA_DATA names another folder")
    folder = tmp_path / "case"
    folder.mkdir()
    for path in source.iterdir():
        shutil.copyfile(path, folder / path.name)
    toml = (folder / "my.toml").read_text(encoding="utf-8")
    for old, new in RENAMED.items():
        toml = toml.replace(old, new)
    (folder / "my.toml").write_text(toml, encoding="utf-8")
    monkeypatch.chdir(folder)
    return Case(folder, capsys)
