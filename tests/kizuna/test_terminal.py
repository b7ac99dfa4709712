"""Lines are printed unchanged."""

from __future__ import annotations

from rich.console import Console

from kizuna.terminal import say


def test_brackets_in_a_line_are_printed_as_they_are(capsys):
    say(Console(), "the data set has no offers; add [tables.offers] to its TOML")

    assert capsys.readouterr().out == "the data set has no offers; add [tables.offers] to its TOML\n"
