"""Write docs/reference/cli.md from the command line itself: `python -m tools.cli_reference`."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import typer

from kizuna.command_group import CommandFile

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/cli.md"
HEADER = """# Command line

Written by `python -m tools.cli_reference`; a test keeps it current.

Every command reads the data set's TOML ([configuration](configuration.md)): `--config`, else `KIZUNA_CONFIG`, else
`./kizuna.toml`. Models, releases and the ledger are kept below `var/`. Exit codes: 0 done, 1 internal error, 2 bad
input, 130 interrupted, 143 terminated. On bad input a command prints one line with the problem and the fix.

Results go to the standard output, progress and notes to the standard error. `--format json` prints one JSON document
instead of lines and tables. `kizuna --version` shows the version; `kizuna --install-completion` makes the shell
complete commands, options and values.

"""


def render() -> str:
    """The page."""
    from kizuna.main import command_line

    commands = list(_commands(typer.main.get_command(command_line()), "kizuna"))
    index = [f"| [`{name}`](#{_anchor(name)}) | {_first_line(command)} |" for name, command in commands]
    table = ["| command | what it does |", "| --- | --- |", *index]
    return HEADER + "\n".join(table) + "\n\n" + "\n".join(_section(name, command) for name, command in commands)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command with its full name, depth first."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for part, nested in sorted(inner.items()):
        yield from _commands(nested.load() if isinstance(nested, CommandFile) else nested, f"{name} {part}")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _first_line(command: Any) -> str:
    return command.help.strip().split("\n")[0]


def _section(name: str, command: Any) -> str:
    arguments = "".join(f" {parameter.name.upper()}" for parameter in command.params if not _is_option(parameter))
    required = "".join(f" {parameter.opts[0]} ..." for parameter in command.params if _is_required_option(parameter))
    text = [f"## {name}", "", command.help.strip(), "", f"    {name}{arguments}{required} [OPTIONS]"]
    if command.epilog:
        text.append(f"    {command.epilog.removeprefix('Example: ')}")
    rows = [_row(parameter) for parameter in command.params]
    if rows:
        text += ["", "| option | value | default | meaning |", "| --- | --- | --- | --- |", *rows]
    return "\n".join([*text, ""])


def _is_option(parameter: Any) -> bool:
    return parameter.opts[0].startswith("-")


def _is_required_option(parameter: Any) -> bool:
    return _is_option(parameter) and parameter.required


def _row(parameter: Any) -> str:
    name = parameter.opts[0] if _is_option(parameter) else parameter.name.upper()
    return f"| `{name}` | {_value(parameter)} | {_default(parameter)} | {parameter.help or ''} |"


def _value(parameter: Any) -> str:
    if parameter.is_flag if hasattr(parameter, "is_flag") else False:
        return ""
    if parameter.metavar:
        # A `|` would end the table cell.
        choices = parameter.metavar.split("|")
        return ", ".join(f"`{choice}`" for choice in choices) if len(choices) > 1 else parameter.metavar
    kind = parameter.type_descriptor.annotation
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = [choice.value for choice in kind]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    kind = (typing.get_args(kind) or (kind,))[0]
    return {int: "integer", float: "number", str: "text", Path: "path"}.get(kind, getattr(kind, "__name__", str(kind)))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    if default is None or default is False:
        return ""
    return f"`{default.value if isinstance(default, StrEnum) else default}`"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
