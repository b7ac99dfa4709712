"""The licence check."""

from __future__ import annotations

from email.message import Message

import pytest

from tools.licences import is_allowed, licence_of, list_violations

ALLOWED = ("MIT", "Apache-2.0")


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only OR (LGPL-3.0-only)", False),
        ("MIT-0", False),
        ("none stated", False),
    ],
)
def test_a_licence_is_allowed_if_all_parts_of_one_alternative_are(licence, allowed):
    assert is_allowed(licence, ALLOWED) is allowed


def package(**lines: str) -> Message:
    metadata = Message()
    for key, value in lines.items():
        metadata[key.replace("_", "-")] = value
    return metadata


def test_the_spdx_expression_wins_over_classifiers_and_those_over_free_text():
    assert licence_of(package(License="MIT License\n\nPermission is hereby granted")) == "MIT License"
    assert licence_of(package(License="see file", Classifier="License :: OSI Approved :: MIT License")) == "MIT License"
    assert licence_of(package(License_Expression="MIT", Classifier="License :: OSI Approved :: X")) == "MIT"
    assert licence_of(package()) == "none stated"


def test_a_package_with_another_licence_is_named():
    assert list_violations({"good": "MIT", "bad": "SSPL-1.0"}, ALLOWED) == ["bad: SSPL-1.0"]
