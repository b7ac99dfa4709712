"""The pieces of a text are those that scikit-learn finds, in Japanese and in English."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from models.texts.ngrams import LONGEST_PHRASE, LONGEST_PIECE, character_pieces, normalised, phrases

THEIR_PIECES = CountVectorizer(analyzer="char_wb", ngram_range=(1, LONGEST_PIECE), preprocessor=str).build_analyzer()
THEIR_PHRASES = CountVectorizer(
    token_pattern=r"\b\w+\b", ngram_range=(1, LONGEST_PHRASE), preprocessor=str
).build_analyzer()


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_pieces_and_phrases_are_scikit_learn_s(text):
    said = normalised(text)

    assert Counter(character_pieces(said)) == Counter(piece for piece in THEIR_PIECES(said) if piece != " ")
    assert Counter(phrases(said)) == Counter(THEIR_PHRASES(said))


def test_width_and_case_make_no_difference():
    assert normalised("ＡＢＣ ﾘﾘｰｽ") == normalised("abc リリース")


def test_a_japanese_phrase_is_told_by_its_pieces():
    assert {"値上", "値上げ"} <= set(character_pieces("大幅な値上げでした"))
