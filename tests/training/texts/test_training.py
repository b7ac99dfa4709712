"""A company's labels become a registered model with an honest card; labels that cannot be used are one line."""

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
from kizuna.main import run
from models.mlflow_store.text_champion import text_champion
from models.texts.text_model import TextModel
from tests.models.texts.labelled import SENTENCES
from tests.training.conftest import session_of
from tests.worlds import config, frame, shop
from training.judging.gate import MARGIN, Finding, refuse_unlearnt
from training.promotion import promote
from training.run.cards import card_markdown
from training.run.session import Session
from training.texts.cards import compare_text_cards
from training.texts.labelled_texts import labelled_texts, of_nps, stretched
from training.texts.training import TrainedTexts, train_texts

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
def trained(session: Session) -> TrainedTexts:
    return train_texts(session, SENTENCES)


def test_a_trained_model_is_registered_with_an_honest_card(session: Session, trained: TrainedTexts):
    found, registered = trained.card, trained.challenger

    model = TextModel.from_artifact(session.registry.artifact(registered))
    assert model.causes_of(["値上げで高すぎます"], 0.0).tolist() == ["price"]
    assert found.n_texts == {"other": 37, "price": 37, "product": 37, "support": 37}
    assert found.n_japanese == 100
    assert found.n_tones == {
        "tickets.satisfaction": 12, "surveys.score of nps": 2, "surveys.score of others": 2,
    }  # fmt: skip
    assert 0.4 < found.accuracy.value < found.answered_accuracy.value
    assert found.tone_correlation.value > 0.5
    assert registered.card.metric("accuracy", split="cross_validation") == found.accuracy
    assert registered.card.metric("accuracy", "words", "cross_validation") == found.words_accuracy
    assert found.over_words.value == pytest.approx(found.accuracy.value - found.words_accuracy.value)
    assert "148 rows |" in card_markdown(registered.card)


def test_only_a_champion_reads_texts_and_the_ledger_says_why(session: Session, trained: TrainedTexts):
    unread = text_champion(session.registry)
    promotion = promote(session, "texts", force="the labels are few")
    model = text_champion(session.registry)

    assert unread is None
    assert model is not None
    assert model.causes_of(["値上げで高すぎます"], 0.0).tolist() == ["price"]
    assert promotion.version.aliases == ("challenger", "champion")
    assert session.ledger.latest().aliases["texts", "champion"].details["version"] == trained.challenger.version


def test_models_shows_what_was_told_right_of_texts_held_out(
    session: Session, trained: TrainedTexts, tmp_path: Path, capsys
):
    path = tmp_path / "world.toml"
    path.write_text(
        f'name = "world"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\nvar = "{session.config.var}"\n'
        '[tables.usage]\npath = "usage.parquet"\n',
        encoding="utf-8",
    )

    assert run(["models", "--config", str(path)]) == 0

    told = capsys.readouterr().out
    assert "kizuna.world.texts" in told
    assert f"{trained.card.accuracy.value:.3g}" in told
    assert "on texts held out" in " ".join(told.split())
    assert "next: kizuna train churn" in told
    assert "train recommender" not in told, "there are no purchases to learn one from"


def test_mlflow_loads_it_and_gives_cause_probability_and_tone(session: Session, trained: TrainedTexts):
    loaded = mlflow.pyfunc.load_model(str(Path(trained.challenger.folder).parents[1]))

    answer = loaded.predict(pd.DataFrame({"text": ["値上げで高すぎます", None]}, index=[7, 9]))

    assert list(answer.columns) == ["cause", "probability", "tone"]
    assert answer.index.tolist() == [7, 9]
    assert answer.cause[7] == "price"
    assert answer.probability[9] == pytest.approx(1 / 4)
    assert np.isnan(answer.tone[9])
    with pytest.raises(DataError, match="no column 'text'; did you mean 'texts'"):
        loaded.predict(pd.DataFrame({"texts": ["hello"]}))


def test_a_first_champion_must_beat_the_words_and_the_next_one_not_be_worse(session: Session, trained: TrainedTexts):
    first = trained.challenger.card
    worse = told_right(first, Estimate(0.60, 0.55, 0.65))
    alike = told_right(first, Estimate(0.90, 0.88, 0.92))

    assert compare_text_cards(session, None, first).against == "words"
    assert not passes(compare_text_cards(session, alike, worse))
    assert passes(compare_text_cards(session, alike, alike))
    assert compare_text_cards(session, alike, worse).difference.value == pytest.approx(-0.3)
    with pytest.raises(GateRefused, match="learnt nothing"):
        refuse_unlearnt(msgspec.structs.replace(first, beats_baselines=False, verdict="texts learnt nothing"))


def told_right(card: ModelCard, accuracy: Estimate) -> ModelCard:
    return msgspec.structs.replace(card, metrics=(Metric("texts", "accuracy", accuracy, "cross_validation"),))


def passes(comparison: Comparison) -> bool:
    return Finding(comparison, is_refresh=True, margin=MARGIN.of(comparison.name)).passes


def test_scores_become_tones():
    assert stretched(["a", "b", "c"], np.array([1.0, 3, 5])).tones.tolist() == [-1, 0, 1]
    assert stretched(["a", "b"], np.array([3.0, 3])).texts == ()
    assert of_nps(["a", "b", "c"], np.array([0.0, 10, 11])).tones.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("text", "fault", "saying"),
    [
        ("text\nhello\n", DataError, "needs the columns text, cause, found text"),
        ("text,cause\nhello,prise\n", UnknownName, "name no 'prise'; did you mean 'price'"),
        ("text,cause,tone\nhello,price,2\n", DataError, "lies between -1 and 1, found 2"),
        ("text,cause,tone\nhello,price,nice\n", DataError, "a tone is a number"),
    ],
)
def test_labels_that_cannot_be_used_are_one_line(tmp_path: Path, text: str, fault, saying: str):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(fault, match=saying):
        labelled_texts(path, shop(**FRAMES), CAUSES)


def test_a_text_may_go_on_over_several_lines(tmp_path: Path):
    path = tmp_path / "labels.csv"
    path.write_text('text,cause\n"too dear,\nand slow",price\n', encoding="utf-8")

    assert labelled_texts(path, shop(**FRAMES), CAUSES).causes.texts == ["too dear,\nand slow"]


def test_labels_that_are_not_there_or_too_few_are_one_line(session: Session, tmp_path: Path):
    few = tmp_path / "few.csv"
    few.write_text("text,cause\ntoo dear,price\nslow,product\n", encoding="utf-8")

    with pytest.raises(SourceUnavailable, match="no labelled texts at"):
        labelled_texts(tmp_path / "none.csv", session.tables, CAUSES)
    with pytest.raises(NotEnoughHistory, match="fewer have: price"):
        train_texts(session, few)
