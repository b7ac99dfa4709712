"""What an assistant gets from each tool, and what it is refused."""

from __future__ import annotations

import asyncio
import json

import pytest
from mcp import Client

from core.errors import BadInput
from serving.assistants.asking import fill_path, open_http
from serving.assistants.server import build_server
from serving.assistants.tools import TOOLS
from serving.http.app import ENDPOINTS
from tests.serving.assistants.conftest import TASK, text_of

CALLS = {
    "score_churn": {"customer_ids": ["cyd"]},
    "get_customer": {"customer_id": "ada", "k": 1},
    "recommend_items": {"customer_id": "ada", "where": {"category": ["vessels"]}},
    "get_next_best_offer": {"customer_id": "cyd", "excluded": True},
    "predict_value": {"customer_ids": ["cyd"]},
    "list_segments": {},
    "list_segment_customers": {"name": "often", "limit": 1},
    "get_kpis": {},
    "list_tasks": {"customer_id": "ada"},
    "close_task": {"task_id": TASK, "state": "done", "outcome": "kept", "note": "called"},
}


def read(result):
    """The JSON of a result."""
    assert not result.is_error, text_of(result)
    return result.structured_content


def error_of(result):
    """The one line of an error."""
    assert result.is_error
    assert "\n" not in text_of(result)
    return text_of(result)


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS])
def test_a_tool_answers_as_its_schema_has_it(call, name):
    answer = read(call(name, write=True, **CALLS[name]))  # the client compares it with the schema

    assert (answer["release_id"], answer["cutoff"]) == ("20260401T030000Z-aaaaaa", "2026-04-01")


def test_a_risk_comes_with_its_interval_and_reasons(call):
    result = call("score_churn", customer_ids=["cyd", "unknown"])
    cyd, unknown = read(result)["scores"]

    assert (cyd["churn_probability"], cyd["low"], cyd["high"]) == (0.9, pytest.approx(0.8), pytest.approx(0.95))
    assert cyd["reasons"][0]["en"].startswith("Last purchase 74 days ago")
    assert unknown == {"status": "not_found", "customer_id": "unknown"}
    assert json.loads(text_of(result)) == result.structured_content


def test_a_key_figure_is_that_of_the_release(call):
    summary = read(call("get_kpis"))["summary"]

    revenue = summary["sections"][0]["figures"][0]
    assert (revenue["name"], revenue["value"], revenue["months"][1]) == (
        "revenue",
        1_234_567,
        {"month": "2026-03", "value": 110_000},
    )
    assert summary["campaigns"][0]["effects"][0]["value"] == pytest.approx(0.02)
    assert "needs a key with the scope read" in error_of(call("get_kpis", "recommend"))


def test_an_offer_is_advice_and_never_stored(call):
    answer = read(call("get_next_best_offer", customer_id="cyd"))

    assert (answer["offer_id"], answer["recorded"]) == ("voucher", False)
    assert "has no argument 'record'" in error_of(call("get_next_best_offer", customer_id="cyd", record=True))


def test_without_write_no_tool_changes_anything(place):
    def list_tools(*, may_write):
        server = build_server(lambda: open_http(place.address), find_authorization=lambda _: None, may_write=may_write)

        async def ask():
            async with Client(server) as client:
                tools = (await client.list_tools()).tools
                return {tool.name: tool.annotations and tool.annotations.read_only_hint for tool in tools}

        return asyncio.run(ask())

    reading, all_tools = list_tools(may_write=False), list_tools(may_write=True)

    assert all_tools.keys() - reading.keys() == {"close_task"}
    assert all(reading.values())
    assert all_tools["close_task"] is False
    writing = {one.endpoint for one in TOOLS if ENDPOINTS[one.endpoint].method in ("PUT", "PATCH")}
    assert writing == {"task_change"}


def test_a_tool_that_is_not_offered_cannot_be_called(call):
    assert "`kizuna mcp --write` offers it" in error_of(call("close_task", **CALLS["close_task"]))
    assert "did you mean 'list_tasks'?" in error_of(call("list_task"))


def test_a_task_can_be_closed_but_not_opened(call):
    line = error_of(call("close_task", write=True, task_id=TASK, state="open"))

    assert line == "state is one of done, dismissed"


@pytest.mark.parametrize(
    ("name", "key", "arguments", "line"),
    [
        ("score_churn", "wrong", {"customer_ids": ["ada"]}, "401 The request has no valid API key: send the header"),
        ("score_churn", "recommend", {"customer_ids": ["ada"]}, "this route needs a key with the scope score"),
        ("get_customer", "admin", {"customer_id": "../models"}, "404 There is no such customer: "),
        ("get_customer", "admin", {"customer_id": ".."}, "404 There is no such customer: "),
        ("get_customer", "admin", {}, "get_customer needs the argument 'customer_id'"),
        ("get_customer", "admin", {"customer_id": None}, "get_customer needs the argument 'customer_id'"),
        ("score_churn", "admin", {"customer_ids": "ada"}, "expected a list, found text (at $.customer_ids)"),
        ("list_tasks", "admin", {"limit": 0}, "expected a whole number of at least 1 (at $.limit)"),
        ("list_tasks", "admin", {"limits": 1}, "has no argument 'limits'; did you mean 'limit'?"),
    ],
)
def test_what_is_refused_is_one_line(call, name, key, arguments, line):
    assert line in error_of(call(name, key, **arguments))


def test_a_value_cannot_leave_its_place_in_the_path():
    assert fill_path("/v1/customers/{customer_id}", {"customer_id": "../a?b#c"}) == "/v1/customers/%2E%2E%2Fa%3Fb%23c"


@pytest.mark.parametrize("url", ["kizuna.example.com", "ftp://kizuna", "http://a\nb", "", "http://a/?x=1"])
def test_an_address_that_cannot_be_is_refused_with_an_example(url):
    with pytest.raises(BadInput, match=r"such as http://127\.0\.0\.1:3000"):
        open_http(url)
