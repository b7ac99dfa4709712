"""What can go wrong, and whose turn it is.

    KizunaError                 exit code 1: our fault
    +-- BadInput                exit code 2: something given to us cannot be used
    |   +-- ConfigError         the data set's TOML
    |   +-- DataError           a table's content or columns
    |   +-- SourceUnavailable   a file or a database that does not answer
    |   +-- RuleError           a rule's text
    |   +-- UnknownName         a name that is not on its shelf
    |   +-- NotEnoughHistory    too few days or customers for what was asked
    |   +-- GateRefused         a model that may not become champion
    |   +-- NotFound            a version, release or moment that does not exist
    |   +-- NotEnoughMemory     a fit that would take more memory than there is
    |   +-- WrongTransition     a step that a task cannot take from where it stands
    +-- BrokenArtifact          a stored model or release that cannot be read
    +-- TamperedLedger          a ledger whose chain of hashes does not hold

A message says what is wrong, what was found and how to mend it, in one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class KizunaError(Exception):
    """Anything that Kizuna reports in one line instead of a traceback."""

    exit_code = 1


class BadInput(KizunaError):
    """What we were given cannot be used; mending it is up to the caller."""

    exit_code = 2


class ConfigError(BadInput):
    """The data set's TOML says something that cannot be meant."""


class DataError(BadInput):
    """A table does not hold what its contract asks for."""


class SourceUnavailable(BadInput):
    """A file, folder or database is not there or does not answer."""


class RuleError(BadInput):
    """A rule does not parse, or speaks of something unknown."""


class UnknownName(BadInput):
    """A name is not on its shelf."""


class NotEnoughHistory(BadInput):
    """There are too few days or customers for what was asked."""


class GateRefused(BadInput):
    """A model may not become champion."""


class NotFound(BadInput):
    """A version, a release or a moment does not exist."""


class NotEnoughMemory(BadInput):
    """A fit would take more memory than there is; it was not begun."""


class WrongTransition(BadInput):
    """A task cannot take this step from where it stands."""


class BrokenArtifact(KizunaError):
    """A stored model or release cannot be read."""


class TamperedLedger(KizunaError):
    """A ledger's chain of hashes does not hold."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: `; did you mean 'als'?`, or what there is."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there are: {', '.join(names)}"
