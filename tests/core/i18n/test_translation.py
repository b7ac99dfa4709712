"""Every text has a translation, every translation is used, and both have the same gaps."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from core.errors import UnknownName
from core.i18n import translation
from core.i18n.translation import (
    ENGLISH,
    GAP,
    JAPANESE,
    Language,
    fill_template,
    languages,
    load_translations,
    translate,
    translate_plural,
    translate_template,
)
from insights.report.definitions import all_definitions, section_names

ROOT = Path(__file__).parents[3]
PACKAGES = ("core", "features", "insights", "kizuna", "models", "serving", "simulation", "tables", "training")
KEY = re.compile(r"[a-z]+\.[\w ]+(\.meaning)?")
"Looks up what is declared by a name, such as figure.grr."
TRANSLATING = {"Message", "translate", "translate_plural", "translate_template", "text"}
"Functions whose first argument is a message, or its singular and plural."
UNREADABLE_CELLS = {f"unreadable {kind}" for kind in ("number", "integer", "time", "date", "boolean", "attribute")}
"Faults of cells, which tables/cleaning puts together."
TEMPLATE_FOLDERS = ("insights/render/templates", "serving/ui/templates")
KEY_PREFIXES = {"", "missing", "threshold", "risk", "band", "state", "outcome", "purpose", "noaction"}
"The template adds the name."
TEMPLATE_TEXT = re.compile(r'text\("([^"]+)"(?: if \S+ else "([^"]+)")?')

others = [language for language in languages() if language != ENGLISH]


@cache
def syntax_trees() -> tuple[ast.Module, ...]:
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in files)


@cache
def template_messages() -> frozenset[str]:
    files = [path for folder in TEMPLATE_FOLDERS for path in sorted((ROOT / folder).glob("*.j2"))]
    matches_by_file = (TEMPLATE_TEXT.findall(path.read_text(encoding="utf-8")) for path in files)
    return frozenset(
        text
        for matches in matches_by_file
        for match in matches
        for text in match
        if text.rstrip(".") not in KEY_PREFIXES
    )


@cache
def literals() -> frozenset[str]:
    nodes = (node for tree in syntax_trees() for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def function_name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


@cache
def messages_in_code() -> frozenset[str]:
    """The literal first arguments of translating functions."""
    nodes = (node for tree in syntax_trees() for node in ast.walk(tree))
    calls = (node for node in nodes if isinstance(node, ast.Call) and node.args and function_name(node) in TRANSLATING)
    firsts = [call.args[0] for call in calls]
    singulars = [first.elts[0] for first in firsts if isinstance(first, ast.Tuple)]
    messages = {
        node.value
        for node in (*firsts, *singulars)
        # Ibis expressions have a `translate` as well, which exchanges characters.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\w", node.value)
    }
    return frozenset(messages | template_messages())


@pytest.mark.parametrize("language", others)
def test_every_message_has_a_translation(language: Language):
    catalogue = set(load_translations(Language(language)).texts)

    assert sorted(messages_in_code() - catalogue) == []


@pytest.mark.parametrize("language", others)
def test_every_translation_is_used(language: Language):
    faults = {literal.rpartition(": ")[2] for literal in literals()}
    used = literals() | template_messages() | faults | UNREADABLE_CELLS

    assert (
        sorted(text for text in set(load_translations(Language(language)).texts) - used if not KEY.fullmatch(text))
        == []
    )


@pytest.mark.parametrize("language", languages())
def test_every_key_belongs_to_a_name_in_the_code(language: Language):
    keys = [message for message in load_translations(Language(language)).texts if KEY.fullmatch(message)]
    names = literals() | {one.name for one in all_definitions()} | set(section_names())

    assert [key for key in keys if key.removesuffix(".meaning").partition(".")[2] not in names] == []


@pytest.mark.parametrize("language", others)
def test_every_language_has_the_keys_that_english_has(language: Language):
    english, other = (load_translations(Language(code)).texts for code in (ENGLISH, language))

    assert {message for message in other if KEY.fullmatch(message)} == set(english)


@pytest.mark.parametrize("language", others)
def test_a_translation_has_the_gaps_of_its_message(language: Language):
    english = load_translations(ENGLISH).texts
    for message, forms in load_translations(Language(language)).texts.items():
        source = english.get(message, (message,))[0]
        gaps = set(GAP.findall(source))
        # The plural of a message may say how many where its singular does not.
        assert all(gaps <= set(GAP.findall(form)) <= gaps | {"n"} for form in forms), message


def test_numbers_are_written_as_the_language_writes_them():
    text = "{n_left} of {n_customers} customers churned"

    assert translate(text, ENGLISH, n_left=5, n_customers=1234) == "5 of 1,234 customers churned"
    assert translate(text, JAPANESE, n_left=5, n_customers=1234) == "顧客1,234件のうち5件が解約"


def test_a_gap_without_a_value_is_an_error_and_stays_in_a_template():
    with pytest.raises(KeyError):
        translate("top {share}", JAPANESE)

    template = translate_template("top {share}", JAPANESE)
    assert template == "上位{share}"
    assert fill_template(template, JAPANESE, share="20%") == "上位20%"


def test_a_text_without_a_translation_stays_as_it_is():
    assert translate("the company's own words", JAPANESE) == "the company's own words"


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(UnknownName, match="no language 'fr'"):
        Language("fr")


def test_a_further_language_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plural = 'msgid "{n} day"\nmsgid_plural "{n} days"\nmsgstr[0] "{n} jour"\nmsgstr[1] "{n} jours"\n'
    header = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
    (tmp_path / "fr.po").write_text(header + plural, encoding="utf-8")
    monkeypatch.setattr(translation, "LOCALES", tmp_path)
    languages.cache_clear()
    try:
        french = Language("fr")

        assert [translate_plural(("{n} day", "{n} days"), n, language=french) for n in (0, 1, 2)] == [
            "0 jour",
            "1 jour",
            "2 jours",
        ]
        assert translate("no value", french) == "no value"
    finally:
        languages.cache_clear()
