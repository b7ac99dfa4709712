"""Quotes are grouped by cause, carry no customer, and respect refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from core.redaction import mask_personal
from insights.causes.decomposition import decompose
from insights.causes.quotes import collect_quotes
from insights.render import causes as render
from tables.tables import Tables
from tests.insights.causes.worlds import SETTINGS, panel
from tests.worlds import config, frame, shop


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to ada.l@example.co.uk", "Write to [email]"),
        ("call +44 (0)20 7946 0018 today", "call [number] today"),
        ("電話は03-1234-5678です", "電話は[number]です"),
        ("card 4111 1111 1111 1111", "card [number]"),
        ("see https://example.com/u/77?key=1 for it", "see [link] for it"),
        ("my password is hunter2", "my password is ***"),
        ("パスワードは himitsu です", "パスワードは *** です"),
        ("I am customer C-12", "I am customer [id]"),
        ("since 2026-03-04 it takes 12,500 rows", "since 2026-03-04 it takes 12,500 rows"),
        ("too expensive: 300 EUR for 25 seats", "too expensive: 300 EUR for 25 seats"),
    ],
)
def test_what_identifies_a_person_is_masked_and_the_rest_stays(text: str, masked: str):
    assert mask_personal(text, "c-12") == masked


def firm(**frames: object) -> Tables:
    tickets = frame(
        {"customer_id": "c00000", "opened_at": "2024-03-04", "text": "Far too expensive for us,  c00000"},
        {"customer_id": "c00001", "opened_at": "2024-03-09", "text": "Far too expensive for us, c00001"},
        {"customer_id": "c00002", "opened_at": "2024-03-05", "text": "too expensive, mail me: bo@example.com"},
        {"customer_id": "c00003", "opened_at": "2024-02-05", "text": "too expensive, before the months analysed"},
        {"customer_id": "c00004", "opened_at": "2024-03-06", "text": "too expensive, and I refused to be scored"},
    )
    surveys = frame(
        {
            "customer_id": "c00005",
            "event_time": "2024-03-07",
            "kind": "nps",
            "score": 2.0,
            "comment": "a bug in the export",
        },
        {
            "customer_id": "c00006",
            "event_time": "2024-03-08",
            "kind": "nps",
            "score": 10.0,
            "comment": "no bug ever",
        },
    )
    spans = frame(
        {"customer_id": "c00000", "subscription_id": "s", "plan": "pro", "mrr": 1.0, "started_at": "2024-01-10"}
    )
    settings = config(causes=SETTINGS)
    return shop(subscriptions=spans, tickets=tickets, surveys=surveys, settings=settings, **frames)


REFUSAL = frame({"customer_id": "c00004", "purpose": "score", "granted": False, "event_time": "2024-03-20"})


def test_equal_texts_are_one_quote_without_ids_and_addresses():
    quotes = [
        quote for quote in collect_quotes(firm(consents=REFUSAL), panel(), text_model=None) if quote.cause == "price"
    ]

    assert [(quote.text, quote.n_texts, quote.day, quote.source) for quote in quotes] == [
        ("Far too expensive for us, [id]", 2, "2024-03-09", "tickets"),
        ("too expensive, mail me: [email]", 1, "2024-03-05", "tickets"),
    ]


def test_survey_comments_are_quoted_under_their_cause():
    quotes = collect_quotes(firm(consents=REFUSAL), panel(), text_model=None)

    assert [(quote.source, quote.text) for quote in quotes if quote.cause == "product"] == [
        ("surveys", "a bug in the export")
    ]


def test_a_customer_who_refused_to_be_scored_is_quoted_only_without_the_refusal():
    texts = {quote.text for quote in collect_quotes(firm(), panel(), text_model=None)}
    refused = {quote.text for quote in collect_quotes(firm(consents=REFUSAL), panel(), text_model=None)}

    assert texts - refused == {"too expensive, and I refused to be scored"}


def test_a_quote_counts_the_texts_that_came_before_the_end_of_a_subscription():
    world = panel()
    ended = np.full(len(world.episodes), np.datetime64("NaT", "D"))
    # C00000 left ten days after the text; the others stayed.
    ended[0] = np.datetime64("2024-03-14")
    episodes = replace(world.episodes, recorded_end=ended)
    quotes = collect_quotes(firm(), replace(world, episodes=episodes), text_model=None)

    assert {quote.text: quote.n_churned for quote in quotes if quote.n_texts == 2} == {
        "Far too expensive for us, [id]": 1
    }


@pytest.mark.parametrize(("language", "heading"), [(ENGLISH, "text"), (JAPANESE, "内容")])
def test_quotes_are_printed_by_cause(language, heading: str):
    world = panel()
    quotes = collect_quotes(firm(consents=REFUSAL), world, text_model=None)
    decomposition = decompose(world, config(causes=SETTINGS), offer_costs={}, excluded_rows={}, quotes=quotes)
    head, *rows = render.quotes(decomposition, language)

    assert head[-1] == heading
    assert [row[-1] for row in rows] == [
        "a bug in the export", "Far too expensive for us, [id]", "too expensive, mail me: [email]",
    ]  # fmt: skip
