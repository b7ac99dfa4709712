"""The error tree.

    KizunaError                 exit code 1: a fault of Kizuna
    +-- BadInput                exit code 2: the input cannot be used
    |   +-- ConfigError         the data set's TOML
    |   +-- DataError           a table's content or columns
    |   +-- SourceUnavailable   a file or a database that does not answer
    |   |   +-- JournalBusy     too many events wait to be stored
    |   |   +-- BuildInProgress another process writes a release
    |   +-- RuleError           a rule that does not parse, or that has an unknown name
    |   +-- UnknownName         a name that is not in its catalogue
    |   +-- NotEnoughHistory    too few days or customers
    |   +-- GateRefused         a model that may not become champion
    |   +-- NotFound            a version, release or moment that does not exist
    |   +-- NotEnoughMemory     a fit that would take more memory than there is
    |   +-- WrongTransition     a change of state that a task or a campaign cannot make
    +-- BrokenArtifact          a stored model or release that cannot be read
    +-- TamperedLedger          a ledger whose chain of hashes is broken

A message says in one line what is wrong, what was found, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class KizunaError(Exception):
    """An error that is reported in one line instead of a traceback."""

    exit_code = 1


class BadInput(KizunaError):
    """The input cannot be used. The caller can mend it."""

    exit_code = 2


class ConfigError(BadInput):
    """The TOML of the data set is not valid."""


class DataError(BadInput):
    """A table does not have the content or columns that its contract needs."""


class SourceUnavailable(BadInput):
    """A file, folder or database does not exist or does not answer."""


class JournalBusy(SourceUnavailable):
    """Too many events wait to be stored; send them again a little later."""


class BuildInProgress(SourceUnavailable):
    """Another process writes a release into the same folder; try again later."""


class RuleError(BadInput):
    """A rule does not parse, or has an unknown name."""


class UnknownName(BadInput):
    """A name is not in its catalogue."""


class NotEnoughHistory(BadInput):
    """There are too few days or customers."""


class GateRefused(BadInput):
    """A model may not become champion."""


class NotFound(BadInput):
    """A version, a release or a moment does not exist."""


class NotEnoughMemory(BadInput):
    """A fit would take more memory than there is. It was not started."""


class WrongTransition(BadInput):
    """A task or a campaign cannot make this change of state."""


class BrokenArtifact(KizunaError):
    """A stored model or release cannot be read."""


class TamperedLedger(KizunaError):
    """The chain of hashes of a ledger is broken."""


def find_similar(name: str, names: Iterable[str]) -> str | None:
    """The name that is most similar to an unknown one; None if none is."""
    return next(iter(get_close_matches(name, sorted(names), n=1)), None)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name: `; did you mean 'als'?`, or all names if none is similar.

    Without any names it is ''.
    """
    options = sorted(names)
    if not options:
        return ""
    similar = find_similar(name, options)
    return f"; did you mean '{similar}'?" if similar is not None else f"; there are: {', '.join(options)}"
