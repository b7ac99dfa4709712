"""What commands tell is told as it is."""

from __future__ import annotations

from rich.console import Console

from kizuna.session import say


def test_brackets_in_what_is_told_are_words_and_no_colours(capsys):
    say(Console(), "the data set has no offers; add [tables.offers] to its TOML")

    assert capsys.readouterr().out == "the data set has no offers; add [tables.offers] to its TOML\n"
