"""The error tree and its exit codes."""

from __future__ import annotations

import re

from core import errors
from core.errors import BadInput, KizunaError


def every_error(kind: type[KizunaError] = KizunaError) -> list[type[KizunaError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in every_error(child))]


def test_the_docstring_shows_every_error():
    documented = re.findall(r"\+-- (\w+)", str(errors.__doc__))

    assert sorted(["KizunaError", *documented]) == sorted(error.__name__ for error in every_error())


def test_bad_input_has_exit_code_2_and_everything_else_1():
    assert {error.exit_code for error in every_error(BadInput)} == {2}
    assert {error.exit_code for error in every_error() if not issubclass(error, BadInput)} == {1}
