"""A text that is written in a language only when someone reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.i18n.translation import ENGLISH, Language, translate


@dataclass(frozen=True)
class Message:
    """A text of the catalogue and the values of its gaps; as a string it is English."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict[str, str | int])

    def translate(self, language: Language) -> str:
        """The text in a language."""
        return translate(self.text, language, **self.values)

    def __str__(self) -> str:
        return self.translate(ENGLISH)
