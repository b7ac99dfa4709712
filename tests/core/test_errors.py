"""Errors say whose turn it is."""

from __future__ import annotations

import re

from core import errors
from core.errors import BadInput, KizunaError


def every_error(kind: type[KizunaError] = KizunaError) -> list[type[KizunaError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in every_error(child))]


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = re.findall(r"\+-- (\w+)", str(errors.__doc__))

    assert sorted(["KizunaError", *drawn]) == sorted(error.__name__ for error in every_error())


def test_bad_input_is_the_callers_turn_and_anything_else_ours():
    assert {error.exit_code for error in every_error(BadInput)} == {2}
    assert {error.exit_code for error in every_error() if not issubclass(error, BadInput)} == {1}
