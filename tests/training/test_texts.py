"""A company's labels become a model that is kept with an honest card; labels that cannot be used are one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError, NotEnoughHistory, SourceUnavailable, UnknownName
from models.texts.card import TextCard
from models.texts.text_model import TextModel
from tests.models.texts.labelled import SENTENCES
from tests.training.conftest import session_of
from tests.worlds import config, frame, shop
from training.labelled_texts import labelled_texts, of_nps, stretched
from training.session import Session
from training.texts import train_texts

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


def test_a_trained_model_lies_whole_with_its_card(session: Session):
    trained = train_texts(session, SENTENCES)

    assert trained.card == TextCard.read(trained.folder)
    assert TextModel.read(trained.folder).causes_of(["値上げで高すぎます"], 0.0).tolist() == ["price"]
    assert trained.card.n_texts == {"other": 37, "price": 37, "product": 37, "support": 37}
    assert trained.card.n_japanese == 100
    assert trained.card.n_tones == {
        "tickets.satisfaction": 12, "surveys.score of nps": 2, "surveys.score of others": 2,
    }  # fmt: skip
    assert 0.4 < trained.card.accuracy.value < trained.card.answered_accuracy.value
    assert trained.card.tone_correlation.value > 0.5
    assert not list(trained.folder.parent.glob(".texts*"))


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
