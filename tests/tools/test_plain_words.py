"""The check for plain words finds idiom in prose and names, and leaves plain text alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.plain_words import complaints


def complaints_of(tmp_path: Path, text: str, *, name: str = "page.md") -> list[str]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [complaint for _, complaint in complaints(path)]


@pytest.mark.parametrize(
    "idiom", ["what is told", "laid on a cause", "who refused", "of whom", "the other way round", "learnt from"]
)
def test_an_idiom_is_found_in_prose(tmp_path: Path, idiom: str):
    assert complaints_of(tmp_path, f"A sentence with {idiom} in it.")


def test_plain_prose_has_no_complaint(tmp_path: Path):
    assert complaints_of(tmp_path, "Export churn scores from the active release, highest risk first.") == []


@pytest.mark.parametrize("code", ["def told(x): ...", "def _joined(x): ...", "found = 1", "def f(asked): ..."])
def test_participles_and_vague_names_are_found_in_code(tmp_path: Path, code: str):
    assert len(complaints_of(tmp_path, code, name="module.py")) == 1


@pytest.mark.parametrize("code", ["def load_tables(x): ...", "def needs_memory(x): ...", "scores = 1", "seed = 7"])
def test_verbs_and_nouns_are_fine(tmp_path: Path, code: str):
    assert complaints_of(tmp_path, code, name="module.py") == []
