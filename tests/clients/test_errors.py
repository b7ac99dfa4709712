"""Errors of both clients: which, and what they say; keys and addresses that cannot be."""

from __future__ import annotations

import math

import pytest

from kizuna_client import KizunaError, NotPermitted, Refused, Retries, ServiceFailure

PAGE = (502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>")
REDIRECT = (302, {"location": "https://elsewhere.example/"}, b"")


@pytest.mark.parametrize(("given", "sent"), [(None, "Bearer kz_environment"), ("kz_own", "Bearer kz_own"), ("", None)])
def test_the_key_comes_from_the_argument_or_the_environment(connect, run_script, monkeypatch, given, sent):
    monkeypatch.setenv("KIZUNA_KEY", "kz_environment")
    script = run_script((200, {}, b"{}"))

    connect(script.address, key=given).list_tasks()

    assert script.headers[0].get("authorization") == sent


def test_a_service_that_wants_a_key_refuses_the_client_without_one(connect, run_script):
    body = b'{"type": "urn:kizuna:problem:unauthorized", "title": "The request has no valid API key", "status": 401}'
    script = run_script((401, {}, body))

    with pytest.raises(NotPermitted) as failure:
        connect(script.address).list_tasks()

    assert str(failure.value) == "GET /v1/tasks: 401 The request has no valid API key"
    assert failure.value.problem == "urn:kizuna:problem:unauthorized"


def test_a_wrong_request_says_where_it_is_wrong(connect, address):
    with pytest.raises(Refused) as failure:
        connect(address).score_churn([])

    assert (failure.value.status, failure.value.field) == (422, "$.customer_ids")
    assert failure.value.problem == "urn:kizuna:problem:invalid-request"


@pytest.mark.parametrize(("answer", "status"), [(PAGE, 502), (REDIRECT, 302), ((200, {}, b"<html>"), 200)])
def test_what_no_kizuna_answers_is_a_failure_of_the_service(connect, run_script, answer, status):
    with pytest.raises(ServiceFailure) as failure:
        connect(run_script(answer).address).get_customer("ada-secret")

    assert failure.value.status == status
    assert "secret" not in str(failure.value)
    assert "html" not in str(failure.value)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"type": 3, "detail": null, "field": []}']
)
def test_a_strange_error_body_is_still_an_error_of_kizuna(connect, run_script, body):
    with pytest.raises(KizunaError) as failure:
        connect(run_script((500, {}, body)).address).list_tasks()

    assert failure.value.status == 500


@pytest.mark.parametrize(
    "address", ["kizuna.example.com", "ftp://kizuna", "https://", "", "http://a\nb", "http://a/?x=1"]
)
def test_an_address_that_cannot_be_is_refused_with_an_example(connect, address):
    with pytest.raises(ValueError, match=r"such as https://kizuna\.example\.com"):
        connect(address).list_tasks()


@pytest.mark.parametrize("key", ["a b\n", "鍵", " kz_a"])
def test_a_key_that_no_header_can_contain_is_not_repeated(connect, key):
    with pytest.raises(ValueError, match="KIZUNA_KEY") as failure:
        connect("http://127.0.0.1:1", key=key).list_tasks()

    assert key not in str(failure.value)


def test_settings_without_sense_are_refused(connect):
    with pytest.raises(ValueError, match="at least 1"):
        Retries(tries=0)
    with pytest.raises(ValueError, match="0 or more"):
        Retries(first_wait=math.nan)
    with pytest.raises(ValueError, match="more than 0 seconds"):
        connect("http://127.0.0.1:1", timeout=0).list_tasks()


@pytest.mark.parametrize(("value", "kind"), [(math.nan, ValueError), (object(), TypeError)])
def test_what_json_cannot_express_is_refused_before_it_is_sent(connect, value, kind):
    with pytest.raises(kind, match=r"number|text"):
        connect("http://127.0.0.1:1").change_items([{"item_id": "cup", "price": value}])
