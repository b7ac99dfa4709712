"""The n-grams of a text are those of scikit-learn, in Japanese and in English."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from models.texts.vocabulary import MAX_CHARACTERS, MAX_WORDS, character_ngrams, normalize, word_ngrams

SKLEARN_CHARACTERS = CountVectorizer(
    analyzer="char_wb", ngram_range=(1, MAX_CHARACTERS), preprocessor=str
).build_analyzer()
SKLEARN_WORDS = CountVectorizer(token_pattern=r"\b\w+\b", ngram_range=(1, MAX_WORDS), preprocessor=str).build_analyzer()


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_ngrams_agree_with_scikit_learn(text):
    normalized = normalize(text)

    assert Counter(character_ngrams(normalized)) == Counter(
        ngram for ngram in SKLEARN_CHARACTERS(normalized) if ngram != " "
    )
    assert Counter(word_ngrams(normalized)) == Counter(SKLEARN_WORDS(normalized))


def test_width_and_case_make_no_difference():
    assert normalize("ＡＢＣ ﾘﾘｰｽ") == normalize("abc リリース")


def test_a_japanese_phrase_has_the_ngrams_of_its_words():
    assert {"値上", "値上げ"} <= set(character_ngrams("大幅な値上げでした"))
