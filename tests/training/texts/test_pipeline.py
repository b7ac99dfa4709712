"""Labels become a registered text model with its evaluation; unusable labels raise an error of one line."""

from __future__ import annotations

from pathlib import Path

import mlflow.pyfunc
import msgspec
import numpy as np
import pandas as pd
import pytest

from core.errors import DataError, GateRefused, NotEnoughHistory, SourceUnavailable, UnknownName
from core.intervals import Estimate
from core.model_card import Comparison, Metric, ModelCard
from core.model_kinds import TEXTS
from kizuna.main import run
from models.mlflow_store.registry import load_text_champion
from models.texts.text_model import TextModel
from tables.building import tables_from_frames
from tests.models.texts.labelled import SENTENCES
from tests.training.conftest import session_of
from tests.worlds import config, frame
from training.judging.promotion import GateResult, promote, refuse_no_better_than_baselines
from training.run.cards import render_card_markdown
from training.run.session import Session
from training.texts.labelled_texts import load_labelled_texts, scale_nps, scale_to_range
from training.texts.pipeline import TextTrainingResult, compare_text_cards, train_texts

CAUSES = ("product", "price", "support", "other")
TICKETS = [
    {"customer_id": "ada", "opened_at": f"2024-01-{day:02}", "text": f"{text} {day}", "satisfaction": score}
    for day, (text, score) in enumerate([("thank you, well done", 5.0), ("still broken, awful", 1.0)] * 6, start=1)
]
VISIT = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})
SURVEYS = frame(
    *({"customer_id": "ada", "event_time": "2024-01-01", "kind": kind, "score": score, "comment": f"{kind} {score}"}
      for kind, score in (("nps", 10.0), ("nps", 0.0), ("nps", 11.0), ("csat", 3.0), ("csat", 5.0)))
)  # fmt: skip


FRAMES = {"usage": VISIT, "tickets": frame(*TICKETS), "surveys": SURVEYS}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return session_of(config(var=str(tmp_path_factory.mktemp("texts"))), {"name": "world"}, FRAMES)


@pytest.fixture(scope="module")
def training_result(session: Session) -> TextTrainingResult:
    return train_texts(session, SENTENCES)


def test_a_trained_model_is_registered_with_its_evaluation(session: Session, training_result: TextTrainingResult):
    evaluation, registered = training_result.evaluation, training_result.challenger

    model = TextModel.from_artifact(session.registry.artifact(registered))
    assert model.causes_of(["値上げで高すぎます"], 0.0).tolist() == ["price"]
    assert evaluation is not None
    assert evaluation.n_texts == {"other": 37, "price": 37, "product": 37, "support": 37}
    assert evaluation.n_japanese == 100
    assert evaluation.n_sentiment == {
        "tickets.satisfaction": 12, "surveys.score of nps": 2, "surveys.score of others": 2,
    }  # fmt: skip
    assert 0.4 < evaluation.accuracy.value < evaluation.answered_accuracy.value
    assert evaluation.tone_correlation.value > 0.5
    assert registered.card.metric("accuracy", split="cross_validation") == evaluation.accuracy
    assert registered.card.metric("accuracy", "words", split="cross_validation") == evaluation.words_accuracy
    assert evaluation.over_words.value == pytest.approx(evaluation.accuracy.value - evaluation.words_accuracy.value)
    assert "148 rows |" in render_card_markdown(registered.card)


def test_only_a_champion_reads_texts_and_the_ledger_records_it(session: Session, training_result: TextTrainingResult):
    before = load_text_champion(session.registry)
    promotion = promote(session, "texts", force_reason="the labels are few")
    model = load_text_champion(session.registry)

    assert before is None
    assert model is not None
    assert model.causes_of(["値上げで高すぎます"], 0.0).tolist() == ["price"]
    assert promotion.version.aliases == ("challenger", "champion")
    assert session.ledger.latest().aliases["texts", "champion"].details["version"] == training_result.challenger.version


def test_models_lists_the_accuracy_on_held_out_texts(
    session: Session, training_result: TextTrainingResult, tmp_path: Path, capsys
):
    path = tmp_path / "world.toml"
    path.write_text(
        f'name = "world"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\nvar = "{session.config.var}"\n'
        '[tables.usage]\npath = "usage.parquet"\n',
        encoding="utf-8",
    )

    assert training_result.evaluation is not None
    assert run(["models", "--config", str(path)]) == 0

    out = capsys.readouterr().out
    assert "kizuna.world.texts" in out
    assert f"{training_result.evaluation.accuracy.value:.3g}" in out
    assert "on held-out texts" in " ".join(out.split())
    assert "next: kizuna train churn" in out
    assert "train recommender" not in out, "there are no purchases to train one on"


def test_mlflow_predicts_cause_probability_and_sentiment(session: Session, training_result: TextTrainingResult):
    loaded = mlflow.pyfunc.load_model(str(Path(training_result.challenger.folder).parents[1]))

    answer = loaded.predict(pd.DataFrame({"text": ["値上げで高すぎます", None]}, index=[7, 9]))

    assert list(answer.columns) == ["cause", "probability", "sentiment"]
    assert answer.index.tolist() == [7, 9]
    assert answer.cause[7] == "price"
    assert answer.probability[9] == pytest.approx(1 / 4)
    assert np.isnan(answer.sentiment[9])
    with pytest.raises(DataError, match="no column 'text'; did you mean 'texts'"):
        loaded.predict(pd.DataFrame({"texts": ["hello"]}))


def test_the_first_champion_must_beat_the_words_and_the_next_one_must_not_be_worse(
    session: Session, training_result: TextTrainingResult
):
    first = training_result.challenger.card
    worse = with_accuracy(first, Estimate(0.60, 0.55, 0.65))
    alike = with_accuracy(first, Estimate(0.90, 0.88, 0.92))

    assert compare_text_cards(session, champion=None, challenger=first).against == "words"
    assert not passes(compare_text_cards(session, champion=alike, challenger=worse))
    assert passes(compare_text_cards(session, champion=alike, challenger=alike))
    assert compare_text_cards(session, champion=alike, challenger=worse).difference.value == pytest.approx(-0.3)
    with pytest.raises(GateRefused, match="is not shown to be better"):
        refuse_no_better_than_baselines(
            msgspec.structs.replace(first, beats_baselines=False, verdict="texts is not shown to be better")
        )


def with_accuracy(card: ModelCard, accuracy: Estimate) -> ModelCard:
    return msgspec.structs.replace(
        card, metrics=(Metric(model="texts", name="accuracy", estimate=accuracy, split="cross_validation"),)
    )


def passes(comparison: Comparison) -> bool:
    return GateResult(comparison, is_refresh=True, margin=TEXTS.refresh_margin).passes


def test_scores_become_sentiment():
    assert scale_to_range(["a", "b", "c"], np.array([1.0, 3, 5])).sentiment.tolist() == [-1, 0, 1]
    assert scale_to_range(["a", "b"], np.array([3.0, 3])).texts == ()
    assert scale_nps(["a", "b", "c"], np.array([0.0, 10, 11])).sentiment.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("text", "fault", "saying"),
    [
        ("text\nhello\n", DataError, "needs the columns text, cause, found text"),
        ("text,cause\nhello,prise\n", UnknownName, "has no 'prise'; did you mean 'price'"),
        ("text,cause,sentiment\nhello,price,2\n", DataError, "must be between -1 and 1, found 2"),
        ("text,cause,sentiment\nhello,price,nice\n", DataError, "sentiment must be a number"),
    ],
)
def test_unusable_labels_raise_an_error_of_one_line(tmp_path: Path, text: str, fault, saying: str):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(fault, match=saying):
        load_labelled_texts(path, tables_from_frames(config(), FRAMES), known_causes=CAUSES)


def test_a_text_may_have_several_lines(tmp_path: Path):
    path = tmp_path / "labels.csv"
    path.write_text('text,cause\n"too dear,\nand slow",price\n', encoding="utf-8")

    assert load_labelled_texts(path, tables_from_frames(config(), FRAMES), known_causes=CAUSES).causes.texts == [
        "too dear,\nand slow"
    ]


def test_missing_and_too_few_labels_raise_an_error_of_one_line(session: Session, tmp_path: Path):
    few = tmp_path / "few.csv"
    few.write_text("text,cause\ntoo dear,price\nslow,product\n", encoding="utf-8")

    with pytest.raises(SourceUnavailable, match="there is no file"):
        load_labelled_texts(tmp_path / "none.csv", session.tables, known_causes=CAUSES)
    with pytest.raises(NotEnoughHistory, match="fewer have: price"):
        train_texts(session, few)
