"""Passwords never reach a log."""

from __future__ import annotations

import pytest

from core.redaction import redact


@pytest.mark.parametrize(
    "value",
    [
        "postgres://ada:hunter2@host/shop",
        "postgres://ada:p@hunter2@host/shop",
        "postgres://ada:a/hunter2@host/shop",
        "postgres://:hunter2@host",
        "mysql://host/shop?user=ada&password=hunter2&x=1",
        "host=db user=ada password=hunter2",
        {"api_key": "hunter2"},
        {"db": {"Password": "hunter2"}, "list": ["s3://a:hunter2@b"]},
        {"secrets": ["hunter2"]},
        {"token": 22, "access_token": "hunter2"},
    ],
    ids=str,
)
def test_a_secret_of_any_shape_is_removed(value):
    assert "hunter2" not in str(redact(value))
    assert "22" not in str(redact(value))


def test_everything_else_stays():
    assert redact({"path": "a:b@c.csv", "n": [1, None, True]}) == {"path": "a:b@c.csv", "n": [1, None, True]}
