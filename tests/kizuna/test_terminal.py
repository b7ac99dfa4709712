"""Lines are printed unchanged."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

import kizuna
from kizuna.terminal import ProgressBars, print_table, say


@pytest.fixture(autouse=True)
def slow_steps() -> None:
    """The lines of slow steps, which other tests of this folder do without."""


def test_brackets_in_a_line_are_printed_as_they_are(capsys):
    say(Console(), "the data set has no offers; add [tables.offers] to its TOML")

    assert capsys.readouterr().out == "the data set has no offers; add [tables.offers] to its TOML\n"


def test_a_table_is_not_wrapped_where_no_terminal_shows_it(capsys):
    long = "word " * 40

    print_table(Console(), [("name", "why"), ("churn", long.strip())], numeric=False)

    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == ["churn", *long.split()]


def test_a_table_fits_into_a_terminal(capsys):
    console = Console(force_terminal=True, color_system=None, width=40)

    print_table(console, [("name", "why"), ("churn", "word " * 40)], numeric=False)

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_without_a_terminal_progress_is_lines_with_what_is_done(monkeypatch: pytest.MonkeyPatch):
    times = iter([0.0, 11.0, 12.0, 30.0, 31.0, 40.0])
    monkeypatch.setattr("kizuna.terminal.SECONDS_BETWEEN_LINES", 10.0)
    monkeypatch.setattr("kizuna.terminal.monotonic", lambda: next(times))
    written = StringIO()
    bars = ProgressBars(Console(file=written))

    steps = list(bars.over([1, 2, 3], "recommenders"))

    assert steps == [1, 2, 3]
    assert written.getvalue().splitlines() == [
        "recommenders: 1 of 3 after 12 s",
        "recommenders: 2 of 3 after 31 s",
        "recommenders: done after 40 s",
    ]


def test_without_a_terminal_quick_work_prints_nothing():
    written = StringIO()
    bars = ProgressBars(Console(file=written))

    with bars.during("histories"):
        list(bars.over([1, 2, 3], "recommenders"))

    assert written.getvalue() == ""


def test_no_command_shows_a_step_that_is_silent_without_a_terminal():
    files = [path for path in Path(kizuna.__path__[0]).rglob("*.py") if path.name != "terminal.py"]

    assert len(files) > 30
    assert [path.name for path in files if ".status(" in path.read_text(encoding="utf-8")] == []


def test_without_a_terminal_one_long_step_prints_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kizuna.terminal.SECONDS_BETWEEN_LINES", 0.01)
    printed = Event()
    written = StringIO()
    console = Console(file=written)
    monkeypatch.setattr("kizuna.terminal.say", lambda _, text: (written.write(text), printed.set()))

    with ProgressBars(console).during("histories"):
        assert printed.wait(timeout=60)

    assert written.getvalue() == "histories"
