"""The translation catalogue: one gettext file for each language in `locales/`.

    translate("{n} customers", JAPANESE, n=1200)      ->  '1,200件の顧客'
    translate("figure.grr", ENGLISH)                  ->  'Gross revenue retention'

A text in the code is English and is its own message id; English needs no entry for it. What is declared by a name
(report figures, thresholds) is looked up under a key, such as `figure.grr`; its English text is in `locales/en.po`.
To add a language, add `locales/<code>.po`.

A catalogue is read with Babel when a process first translates into that language, and kept in memory. Babel is
imported only then, so that processes that translate nothing start as fast as before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from core.errors import UnknownName, did_you_mean
from core.i18n.formatting import format_number

LOCALES = Path(__file__).with_name("locales")
GAP = re.compile(r"\{(\w+)\}")
"A place in a text that a value fills."


class Language(str):
    """The code of a language with a catalogue, such as 'en' or 'ja'. Raises UnknownName for any other."""

    __slots__ = ()

    def __new__(cls, code: str) -> Language:
        if code not in languages():
            raise UnknownName(f"no language '{code}'{did_you_mean(code, languages())}")
        return super().__new__(cls, code)


@cache
def languages() -> tuple[str, ...]:
    """The codes of all languages that have a catalogue."""
    return tuple(sorted(path.stem for path in LOCALES.glob("*.po")))


ENGLISH, JAPANESE = Language("en"), Language("ja")


class Translations(NamedTuple):
    """The catalogue of one language."""

    texts: Mapping[str, tuple[str, ...]]
    "One form for a text without a plural, else one for each plural form of the language."
    plural_form: Callable[[int], int]


@cache
def load_translations(language: Language) -> Translations:
    """Read the catalogue of a language."""
    from gettext import c2py

    from babel.messages.pofile import read_po

    with (LOCALES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    texts: dict[str, tuple[str, ...]] = {}
    for entry in catalogue:
        forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ("",))
        if entry.id and all(forms):
            texts[entry.id if isinstance(entry.id, str) else entry.id[0]] = forms
    return Translations(texts, c2py(catalogue.plural_expr))


def translate(message: str, language: Language, /, **values: str | int) -> str:
    """The text in a language, with its gaps filled; whole numbers are written as the language writes them.

    A text without a translation stays English. Raises KeyError where a gap has no value.
    """
    return _fill(_look_up(message, language), language, values=values)


def translate_plural(messages: tuple[str, str], n: int, /, *, language: Language, **values: str | int) -> str:
    """The text for this number `n`, which also fills the gap `{n}`, from its (singular, plural)."""
    singular, _ = messages
    translations = load_translations(language)
    forms = translations.texts.get(singular, messages)
    form = translations.plural_form(n) if singular in translations.texts else int(n != 1)
    return _fill(forms[form], language, values={"n": n, **values})


def translate_template(message: str, language: Language, /, **values: str | int) -> str:
    """As `translate`, but a gap without a value stays, to be filled later by `fill_template`."""
    return fill_template(_look_up(message, language), language, **values)


def fill_template(template: str, language: Language, /, **values: str | int) -> str:
    """Fill the gaps that there are values for."""
    return _fill(template, language, values={name: values.get(name, f"{{{name}}}") for name in GAP.findall(template)})


def describe_exclusion(problem: str, language: Language) -> str:
    """Why rows were excluded. 'surveys: score: missing' keeps its table and column, and its last part is translated."""
    if has_translation(problem, language):
        return translate(problem, language)
    place, separator, fault = problem.rpartition(": ")
    word, _, column = fault.partition(" ")
    text = translate("before {column}", language, column=column) if word == "before" else translate(fault, language)
    return f"{place}{separator}{text}"


def capitalize(text: str) -> str:
    """The text with a capital first letter, to begin a sentence."""
    return text[:1].upper() + text[1:]


def has_translation(message: str, language: Language, /) -> bool:
    """Whether the catalogue of a language has this message."""
    return message in load_translations(language).texts


def _look_up(message: str, language: Language) -> str:
    forms = load_translations(language).texts.get(message)
    return forms[0] if forms else message


def _fill(text: str, language: Language, *, values: Mapping[str, str | int]) -> str:
    parts = _split_at_gaps(text)
    return "".join(_write(values[part], language) if place % 2 else part for place, part in enumerate(parts))


@lru_cache(maxsize=4096)
def _split_at_gaps(text: str) -> list[str]:
    """Text, name of a gap, text, ..., text."""
    return GAP.split(text)


def _write(value: str | int, language: Language) -> str:
    return value if isinstance(value, str) else format_number(value, language)
