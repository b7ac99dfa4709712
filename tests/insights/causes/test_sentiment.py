"""Sentiment by cause and month, only with a text model trained on scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from core.config.customers import CauseSettings
from core.config.training import ChurnDefinition
from core.i18n.translation import ENGLISH, JAPANESE
from insights.causes.covariates import CauseNames
from insights.causes.decomposition import decompose
from insights.causes.person_months import Membership
from insights.causes.sentiment import SentimentTexts, read_sentiments, summarize_sentiment
from kizuna.commands import causes
from models.texts.fitting import SentimentLabels, fit_text_model
from models.texts.text_model import TextModel
from tables.tables import Tables
from tests.insights.causes.worlds import SETTINGS, panel, subscriptions
from tests.models.texts.labelled import sentences
from tests.worlds import config, frame, shop

BOOK = config(watermark=date(2024, 9, 1), churn=ChurnDefinition(definition="subscription_ended"), active_days=90)
NAMES = CauseNames(CauseSettings())
FIRST, UNTIL = np.datetime64("2024-04-01"), np.datetime64("2024-06-01")
GOOD, BAD = "thank you, lovely work", "awful, still broken"


@pytest.fixture(scope="module")
def model() -> TextModel:
    scored = [f"{text} {number}" for number in range(10) for text in (GOOD, BAD)]
    return fit_text_model(sentences("en"), SentimentLabels(scored, np.tile([1.0, -1.0], 10)))


def tables() -> Tables:
    tickets = [("2024-04-10", "price", BAD), ("2024-05-10", "price", GOOD), ("2024-05-11", "outage", BAD),
               ("2024-03-31", "price", BAD), ("2024-06-01", "price", BAD), ("2024-05-12", "price", "")]  # fmt: skip
    rows = ({"customer_id": "ada", "opened_at": day, "topic": topic, "text": text} for day, topic, text in tickets)
    comment = {"customer_id": "bo", "event_time": "2024-05-01", "kind": "nps", "score": 9.0, "comment": GOOD}
    return shop(
        settings=BOOK,
        subscriptions=subscriptions("ada 2024-01-05 -", "bo 2024-01-05 -"),
        tickets=frame(*rows),
        surveys=frame(comment),
    )


def score_text(who: str, month: str, cause: str, sentiment: float) -> SentimentTexts:
    return SentimentTexts(*(np.array([one]) for one in (who, np.datetime64(month), cause, sentiment)))


def together(*parts: SentimentTexts) -> SentimentTexts:
    return SentimentTexts(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in SentimentTexts.__dataclass_fields__)
    )


def test_texts_of_the_months_are_scored_with_their_cause(model: TextModel):
    summary = read_sentiments(tables(), model, names=NAMES, first_day=FIRST, until=UNTIL)

    texts = list(
        zip(
            summary.customer_ids.tolist(), summary.months.astype(str).tolist(), np.sign(summary.sentiments), strict=True
        )
    )
    assert texts == [("ada", "2024-04", -1), ("ada", "2024-05", 1), ("ada", "2024-05", -1), ("bo", "2024-05", 1)]
    assert summary.causes[:3].tolist() == ["price", "price", "support"]


def test_without_a_model_or_scores_there_is_no_sentiment():
    without_sentiment = fit_text_model(sentences("en"))

    assert (
        summarize_sentiment(read_sentiments(tables(), None, names=NAMES, first_day=FIRST, until=UNTIL), NAMES.causes)
        == ()
    )
    assert (
        summarize_sentiment(
            read_sentiments(tables(), without_sentiment, names=NAMES, first_day=FIRST, until=UNTIL), NAMES.causes
        )
        == ()
    )


def test_means_are_by_cause_and_month_and_intervals_resample_customers():
    summary = together(
        *(score_text("ada", "2024-04", "price", -0.8) for _ in range(99)), score_text("bo", "2024-05", "", 0.2)
    )  # fmt: skip

    by_group = {(one.by, one.value): one for one in summarize_sentiment(summary, NAMES.causes)}

    assert list(by_group) == [("all", ""), ("cause", "price"), ("month", "2024-04"), ("month", "2024-05")]
    assert by_group["all", ""].sentiment.value == pytest.approx(-0.79)
    assert (by_group["all", ""].sentiment.low, by_group["all", ""].sentiment.high) == pytest.approx((-0.8, 0.2))
    assert by_group["cause", "price"].n_texts == 99


def test_a_group_s_sentiment_is_of_its_own_texts_and_needs_enough_of_them():
    summary = together(
        *(score_text(f"c{place}", "2024-04", "price" if place < 11 else "", -0.5) for place in range(12)),
        *(score_text("dan", "2024-04", "price", 0.9) for _ in range(9)),
    )
    angry = np.arange(21) < 12

    groups = (
        Membership("segment", "angry", angry),
        Membership("customer_tier", "few", ~angry),
        Membership("customer_tier", "", angry),
    )
    by_group = {
        (one.by, one.value, one.cause): one for one in summarize_sentiment(summary, NAMES.causes, groups=groups)
    }

    assert [key for key in by_group if key[0] in ("segment", "customer_tier")] == [
        ("segment", "angry", ""), ("segment", "angry", "price"),
    ]  # fmt: skip
    assert by_group["segment", "angry", ""].sentiment.value == pytest.approx(-0.5)
    assert by_group["segment", "angry", "price"].n_texts == 11


@pytest.mark.parametrize(("language", "words"), [(ENGLISH, ("Sentiment", "price")), (JAPANESE, ("文面の感情", "価格"))])
def test_sentiment_is_printed_with_the_causes(language, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    summary = together(score_text("ada", "2024-04", "price", -0.8), score_text("bo", "2024-05", "price", -0.8))
    decomposition = decompose(
        replace(panel(), sentiments=summary), config(causes=SETTINGS), offer_costs={}, excluded_rows={}
    )

    causes.print_decomposition(decomposition, language, by_segment=False)
    short = capsys.readouterr().out
    causes.print_decomposition(decomposition, language, by_segment=True)

    assert all(word in short for word in (*words, "-0.80 [-0.80, -0.80]"))
    assert "2024-05" not in short.partition(words[0])[2].partition("MRR")[0]
    assert "2024-05" in capsys.readouterr().out.partition(words[0])[2].partition("MRR")[0]
