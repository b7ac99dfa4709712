"""The words of the pages: read once from words.toml, where both languages stand side by side."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "ja"]
WORDS = Path(__file__).with_name("words.toml")


@cache
def all_words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Section to key to language (and `means_` language) to text."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    language: Language

    def text(self, key: str, **filled: str) -> str:
        """A text of the page, its gaps filled."""
        return self._of("texts", key).format(**filled)

    def letter(self, key: str, **filled: str) -> str:
        """A text of the letter, its gaps filled."""
        return self._of("letter", key).format(**filled)

    def figure(self, name: str) -> str:
        """What a figure is called."""
        return self._of("figures", name)

    def meaning(self, name: str) -> str:
        """What a figure means, in a sentence; '' where its name says it all."""
        return all_words()["figures"][name].get(f"means_{self.language}", "")

    def line(self, code: str) -> str:
        """What it means that a figure has crossed a line."""
        return self._of("lines", code)

    def need(self, code: str) -> str:
        """What cannot be told without which table."""
        return self._of("needs", code)

    def group(self, word: str) -> str:
        """A group's name: ours in the language, the company's own as it is."""
        return self._of("groups", word) if word in all_words()["groups"] else word

    def cause(self, cause: str) -> str:
        """Why rows were left out."""
        if cause in all_words()["causes"]:
            return self._of("causes", cause)
        place, _, fault = cause.rpartition(": ")
        return f"{place}: {self._of('faults', fault)}" if fault in all_words()["faults"] else cause

    def _of(self, section: str, key: str) -> str:
        return all_words()[section][key][self.language]
