"""A text model answers as scikit-learn does, from JSON and arrays; it knows what it does not know."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from core.errors import BrokenArtifact, NotEnoughHistory
from models.artifact import Artifact
from models.texts.judging import figures_of
from models.texts.learning import (
    CauseLabels,
    Recipe,
    ToneLabels,
    held_out_heights,
    held_out_probabilities,
    held_out_tones,
    learn,
)
from models.texts.ngrams import LONGEST_PHRASE, LONGEST_PIECE, normalised
from models.texts.text_model import UNKNOWN, TextModel
from tests.models.texts.labelled import parted, sentences

JAPANESE, ENGLISH = sentences("ja"), sentences("en")
BOTH = CauseLabels([*JAPANESE.texts, *ENGLISH.texts], np.concatenate([JAPANESE.causes, ENGLISH.causes]))
NEW = ["値上げが理由です", "The app is slow and crashes", "too expensive!", "返事が来ない", ""]
GLAD, ANGRY = ["great and friendly", "とても満足です"] * 4, ["terrible and rude", "ひどい対応です"] * 4
TONES = ToneLabels(
    [f"{text} {n}" for n, text in enumerate([*GLAD, *ANGRY])], np.repeat([1.0, -1.0], [len(GLAD), len(ANGRY)])
)


@pytest.fixture(scope="module")
def model() -> TextModel:
    return learn(BOTH, TONES)


def theirs(model: TextModel) -> FeatureUnion:
    """The same pieces, weighted by scikit-learn."""
    usual = {"preprocessor": normalised, "sublinear_tf": True}
    pieces = list(model.pieces.characters.pieces)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, LONGEST_PIECE), vocabulary=pieces, **usual)
    words = TfidfVectorizer(token_pattern=r"\b\w+\b", ngram_range=(1, LONGEST_PHRASE), **usual)
    return FeatureUnion([("characters", characters), ("words", words)])


def test_causes_and_tones_are_scikit_learn_s_own(model: TextModel):
    union = theirs(model).fit([*BOTH.texts, *TONES.texts])
    machine = LinearSVC(random_state=0).fit(union.transform(BOTH.texts), BOTH.causes)
    line = Ridge(solver="sparse_cg").fit(union.transform(TONES.texts), TONES.tones)

    weights = model.pieces.weights(NEW)

    np.testing.assert_allclose(weights.toarray(), union.transform(NEW).toarray(), atol=1e-12)
    np.testing.assert_allclose(model.cause_lines.heights(weights), machine.decision_function(union.transform(NEW)))
    tones = np.clip(line.predict(union.transform(NEW[:4])), -1, 1)
    np.testing.assert_allclose(model.tones_of(NEW)[:4], tones, atol=1e-6)


def test_a_stored_model_answers_the_same_and_holds_no_pickle(model: TextModel, tmp_path: Path):
    model.to_artifact().write(tmp_path)

    found = TextModel.from_artifact(Artifact.read(tmp_path))

    np.testing.assert_array_equal(found.probabilities(NEW), model.probabilities(NEW))
    np.testing.assert_array_equal(found.tones_of(NEW), model.tones_of(NEW))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npy", ".txt"}


def test_two_causes_are_enough():
    two = np.isin(ENGLISH.causes, ["price", "support"])
    texts = [text for text, kept in zip(ENGLISH.texts, two, strict=True) if kept]

    found = learn(CauseLabels(texts, ENGLISH.causes[two])).causes_of(["far too expensive", "nobody answered"], 0)

    assert found.tolist() == ["price", "support"]


def test_what_is_not_known_or_not_sure_is_unknown(model: TextModel):
    assert model.causes_of(["", "ಠ"], threshold=0.3).tolist() == [UNKNOWN, UNKNOWN]
    assert set(model.causes_of(NEW, threshold=1.01)) == {UNKNOWN}
    assert UNKNOWN not in model.causes_of(NEW, threshold=0.0)
    np.testing.assert_allclose(model.probabilities(NEW).sum(axis=1), 1)


def test_a_higher_threshold_never_answers_more(model: TextModel):
    answered = [(model.causes_of(BOTH.texts, t / 10) != UNKNOWN) for t in range(11)]

    assert all((later <= earlier).all() for earlier, later in pairwise(answered))


def test_tone_lies_between_minus_one_and_one_and_is_silent_without_labels(model: TextModel):
    glad, angry, nothing = model.tones_of(["great", "terrible " * 500, ""])

    assert -1 <= angry < 0 < glad <= 1
    assert np.isnan(nothing)
    assert np.isnan(learn(ENGLISH).tones_of(["great"])).all()


def test_tones_of_texts_that_were_held_out_follow_their_scores():
    assert np.corrcoef(held_out_tones(TONES), TONES.tones)[0, 1] > 0.9


def test_a_text_never_stands_on_both_sides_of_a_fold():
    """Nonsense with a cause drawn at random can only be told by having seen it."""
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(60)] * 2
    causes = np.tile(random.choice(["price", "product"], 60), 2)

    labels = CauseLabels(texts, causes)
    chances = held_out_probabilities(labels, held_out_heights(labels, Recipe()))

    assert (np.array(["price", "product"])[chances.argmax(axis=1)] == causes).mean() < 0.7


@pytest.mark.parametrize(("labels", "least"), [(JAPANESE, 0.55), (BOTH, 0.5)], ids=["Japanese", "both"])
def test_sentences_that_were_held_out_are_told_far_better_than_by_chance(labels: CauseLabels, least: float):
    """A quarter would be chance. These few sentences support no claim beyond themselves."""
    learnt, judged = parted(labels)
    model = learn(learnt)

    said = model.causes_of(judged.texts, threshold=0.0)

    assert figures_of(said, judged.causes)["accuracy"].value >= least


def test_probabilities_mean_what_they_say():
    chances = held_out_probabilities(JAPANESE, held_out_heights(JAPANESE, Recipe()))
    said = np.array(sorted(set(JAPANESE.causes)))[chances.argmax(axis=1)]

    assert chances.max(axis=1).mean() == pytest.approx((said == JAPANESE.causes).mean(), abs=0.1)


def test_too_few_labels_are_one_line_that_names_the_cause():
    with pytest.raises(NotEnoughHistory, match="at least 2 causes"):
        learn(CauseLabels(["a"] * 9, np.array(["price"] * 9)))
    with pytest.raises(NotEnoughHistory, match=r"fewer have: price \(1\)"):
        learn(CauseLabels([*ENGLISH.texts, *["a"] * 9], np.array(["other"] * len(ENGLISH.texts) + ["price"] * 9)))


def test_another_model_s_artifact_is_refused():
    with pytest.raises(BrokenArtifact, match="kizuna train texts"):
        TextModel.from_artifact(Artifact("als", {}))
