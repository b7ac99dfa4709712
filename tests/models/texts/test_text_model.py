"""A text model predicts as scikit-learn does, from JSON and arrays, and answers unknown where it is not certain."""

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
from models.texts.fitting import (
    CauseLabels,
    SentimentLabels,
    TextModelSettings,
    calibrate_held_out,
    classification_metrics,
    fit_text_model,
    predict_held_out,
    predict_held_out_sentiment,
)
from models.texts.text_model import UNKNOWN, TextModel
from models.texts.vocabulary import MAX_CHARACTERS, MAX_WORDS, normalize
from tests.models.texts.labelled import sentences, split_labels

JAPANESE, ENGLISH = sentences("ja"), sentences("en")
BOTH = CauseLabels([*JAPANESE.texts, *ENGLISH.texts], np.concatenate([JAPANESE.causes, ENGLISH.causes]))
NEW = ["値上げが理由です", "The app is slow and crashes", "too expensive!", "返事が来ない", ""]
GLAD, ANGRY = ["great and friendly", "とても満足です"] * 4, ["terrible and rude", "ひどい対応です"] * 4
SENTIMENT = SentimentLabels(
    [f"{text} {n}" for n, text in enumerate([*GLAD, *ANGRY])], np.repeat([1.0, -1.0], [len(GLAD), len(ANGRY)])
)


@pytest.fixture(scope="module")
def model() -> TextModel:
    return fit_text_model(BOTH, SENTIMENT)


def sklearn_features(model: TextModel) -> FeatureUnion:
    """The same n-grams, weighted by scikit-learn."""
    common = {"preprocessor": normalize, "sublinear_tf": True}
    ngrams = list(model.features.characters.ngrams)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, MAX_CHARACTERS), vocabulary=ngrams, **common)
    words = TfidfVectorizer(token_pattern=r"\b\w+\b", ngram_range=(1, MAX_WORDS), **common)
    return FeatureUnion([("characters", characters), ("words", words)])


def test_causes_and_sentiment_agree_with_scikit_learn(model: TextModel):
    union = sklearn_features(model).fit([*BOTH.texts, *SENTIMENT.texts])
    svm = LinearSVC(random_state=0).fit(union.transform(BOTH.texts), BOTH.causes)
    ridge = Ridge(solver="sparse_cg").fit(union.transform(SENTIMENT.texts), SENTIMENT.sentiment)

    weights = model.features.transform(NEW)

    np.testing.assert_allclose(weights.toarray(), union.transform(NEW).toarray(), atol=1e-12)
    np.testing.assert_allclose(model.cause_map.predict(weights), svm.decision_function(union.transform(NEW)))
    sentiment = np.clip(ridge.predict(union.transform(NEW[:4])), -1, 1)
    np.testing.assert_allclose(model.sentiment_of(NEW)[:4], sentiment, atol=1e-6)


def test_a_stored_model_predicts_the_same_and_has_no_pickle(model: TextModel, tmp_path: Path):
    model.to_artifact().write(tmp_path)

    loaded = TextModel.from_artifact(Artifact.read(tmp_path))

    np.testing.assert_array_equal(loaded.probabilities(NEW), model.probabilities(NEW))
    np.testing.assert_array_equal(loaded.sentiment_of(NEW), model.sentiment_of(NEW))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npy", ".txt"}


def test_two_causes_are_enough():
    two = np.isin(ENGLISH.causes, ["price", "support"])
    texts = [text for text, is_selected in zip(ENGLISH.texts, two, strict=True) if is_selected]

    predicted = fit_text_model(CauseLabels(texts, ENGLISH.causes[two])).causes_of(
        ["far too expensive", "no reply from support"], 0
    )

    assert predicted.tolist() == ["price", "support"]


def test_texts_without_known_ngrams_and_uncertain_ones_are_unknown(model: TextModel):
    assert model.causes_of(["", "ಠ"], threshold=0.3).tolist() == [UNKNOWN, UNKNOWN]
    assert set(model.causes_of(NEW, threshold=1.01)) == {UNKNOWN}
    assert UNKNOWN not in model.causes_of(NEW, threshold=0.0)
    np.testing.assert_allclose(model.probabilities(NEW).sum(axis=1), 1)


def test_a_higher_threshold_never_answers_more(model: TextModel):
    answered = [(model.causes_of(BOTH.texts, t / 10) != UNKNOWN) for t in range(11)]

    assert all((later <= earlier).all() for earlier, later in pairwise(answered))


def test_sentiment_is_between_minus_one_and_one_and_missing_without_labels(model: TextModel):
    glad, angry, nothing = model.sentiment_of(["great", "terrible " * 500, ""])

    assert -1 <= angry < 0 < glad <= 1
    assert np.isnan(nothing)
    assert np.isnan(fit_text_model(ENGLISH).sentiment_of(["great"])).all()


def test_the_sentiment_of_held_out_texts_follows_their_scores():
    assert np.corrcoef(predict_held_out_sentiment(SENTIMENT), SENTIMENT.sentiment)[0, 1] > 0.9


def test_equal_texts_are_on_the_same_side_of_a_fold():
    """The random cause of a random text can be predicted only by having seen the text."""
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(60)] * 2
    causes = np.tile(random.choice(["price", "product"], 60), 2)

    labels = CauseLabels(texts, causes)
    probabilities = calibrate_held_out(labels, predict_held_out(labels, TextModelSettings()))

    assert (np.array(["price", "product"])[probabilities.argmax(axis=1)] == causes).mean() < 0.7


@pytest.mark.parametrize(("labels", "least"), [(JAPANESE, 0.55), (BOTH, 0.5)], ids=["Japanese", "both"])
def test_held_out_sentences_are_predicted_far_better_than_by_chance(labels: CauseLabels, least: float):
    """Chance is a quarter. These few sentences support no claim beyond themselves."""
    train, test = split_labels(labels)
    model = fit_text_model(train)

    predicted = model.causes_of(test.texts, threshold=0.0)

    assert classification_metrics(predicted, test.causes)["accuracy"].value >= least


def test_probabilities_are_calibrated():
    probabilities = calibrate_held_out(JAPANESE, predict_held_out(JAPANESE, TextModelSettings()))
    predicted = np.array(sorted(set(JAPANESE.causes)))[probabilities.argmax(axis=1)]

    assert probabilities.max(axis=1).mean() == pytest.approx((predicted == JAPANESE.causes).mean(), abs=0.1)


def test_too_few_labels_raise_an_error_that_names_the_cause():
    with pytest.raises(NotEnoughHistory, match="at least 2 causes"):
        fit_text_model(CauseLabels(["a"] * 9, np.array(["price"] * 9)))
    with pytest.raises(NotEnoughHistory, match=r"fewer have: price \(1\)"):
        fit_text_model(
            CauseLabels([*ENGLISH.texts, *["a"] * 9], np.array(["other"] * len(ENGLISH.texts) + ["price"] * 9))
        )


def test_the_artifact_of_another_model_is_refused():
    with pytest.raises(BrokenArtifact, match="kizuna train texts"):
        TextModel.from_artifact(Artifact("als", {}))
