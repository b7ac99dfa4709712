"""A text that is written in a language only when someone reads it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.errors import find_similar
from core.i18n.translation import ENGLISH, GAP, Language, describe_exclusion, translate


@dataclass(frozen=True)
class Message:
    """A text of the catalogue and the values of its gaps, which may be messages; as a string it is English."""

    text: str
    values: Mapping[str, str | int | Message | tuple[Message, ...]] = field(
        default_factory=dict[str, "str | int | Message | tuple[Message, ...]"]
    )

    def translate(self, language: Language) -> str:
        """The text in a language; several messages in a gap are a list."""
        return translate(self.text, language, **{name: _write(value, language) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.translate(ENGLISH)


@dataclass(frozen=True)
class ExclusionReason(Message):
    """Why rows are excluded, as 'column: reason'."""

    def translate(self, language: Language) -> str:
        """The reason in a language, after its column."""
        return describe_exclusion(self.text, language)


def _write(value: str | int | Message | tuple[Message, ...], language: Language) -> str | int:
    if isinstance(value, tuple):
        return translate(", ", language).join(one.translate(language) for one in value)
    return value.translate(language) if isinstance(value, Message) else value


def suggest_name(name: str, names: Collection[str]) -> Message:
    """As `core.errors.did_you_mean`, for people of any language."""
    similar = find_similar(name, names)
    if similar is None:
        return Message("; there are: {names}", {"names": ", ".join(sorted(names))})
    return Message("; did you mean '{name}'?", {"name": similar})


def write(template: str, **values: str | int) -> str:
    """The English text of a template: for texts that are stored, and translated by `translate_written` when read."""
    return translate(template, ENGLISH, **values)


def translate_written(text: str, language: Language, *, templates: Collection[str]) -> str:
    """The translation of an English text that was written from one of these templates; any other text stays."""
    for template in templates:
        names, parts = GAP.findall(template), GAP.split(template)[::2]
        if match := re.fullmatch("(.+?)".join(map(re.escape, parts)), text):
            return translate(template, language, **dict(zip(names, match.groups(), strict=True)))
    return text


def describe_error(error: Exception, language: Language) -> str:
    """What an error says, in a language where its text is a message, otherwise as it is."""
    text = error.args[0] if error.args else ""
    return text.translate(language) if isinstance(text, Message) else str(error)
