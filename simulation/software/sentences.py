"""Writes short English or Japanese texts for tickets and survey comments, from the templates in `sentences.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TEMPLATES = Path(__file__).with_name("sentences.json")
"By topic and language: sentences with placeholders, and the fillings of these."


def write_sentences(topics: NDArray[np.str_], languages: NDArray[np.str_], *, random: np.random.Generator) -> list[str]:
    """One sentence for each topic and language; texts of the same topic rarely repeat."""
    templates = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    draws = random.random((len(topics), 5))
    return [
        _fill_template(
            templates["sentences"][str(topic)][str(language)],
            (templates[kind][str(language)] for kind in ("teams", "parts", "endings", "questions")),
            draw=draw,
        )
        for topic, language, draw in zip(topics, languages, draws, strict=True)
    ]


def _fill_template(sentences: list[str], fillings: Iterable[list[str]], *, draw: NDArray[np.float64]) -> str:
    choices = (sentences, *fillings)
    template, team, part, end, ask = (words[int(u * len(words))] for words, u in zip(choices, draw, strict=True))
    sentence = template.format(team=team, part=part, end=end, ask=ask)
    return sentence[0].upper() + sentence[1:]
