"""What `kizuna init` proposes: settings with their evidence, the questions that remained, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Entries = list[Mapping[str, object]]
"Sections of a list, such as `files`."
Value = str | int | float | bool | tuple[str, ...] | tuple[int, int] | Mapping[str, object] | Entries
"A value of a TOML."


@dataclass(frozen=True)
class Question:
    """Two readings fit, or nothing in the data says it."""

    text: str
    options: tuple[str, ...]
    "The possible answers; empty where any text is one."
    default: str
    why: str
    "Why the default is what it is."


Ask = Callable[[Question], str]
"Answers a question. Raises BadInput where no one can be asked and the defaults were not allowed."


@dataclass(frozen=True)
class Setting:
    """A key of the TOML, its value and the evidence for it."""

    key: str
    value: Value
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class TableSection:
    """One `[tables.<name>]` or `[cross_section.tables.<name>]`."""

    name: str
    evidence: str
    settings: tuple[Setting, ...]
    columns: tuple[Setting, ...] = ()
    unused: tuple[str, ...] = ()
    "Columns of the source that are not used."


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A whole data set."""

    head: tuple[Setting, ...]
    churn: tuple[Setting, ...]
    tables: tuple[TableSection, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    cross_section: tuple[Setting, ...] = ()
    "Keys of `[cross_section]`; empty where the data have dates."
    label: tuple[Setting, ...] = ()
    "Keys of `[cross_section.label]`."
    money: tuple[Setting, ...] = ()
    segments: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict[str, tuple[Setting, ...]])
    "Keys of `[segments.<name>]`, by name."
    notes: tuple[str, ...] = ()
    "What the user should know, one sentence each."
