"""Usage errors in Kizuna's own words: what is wrong with a command line, and how to type it."""

from __future__ import annotations

import re
import typing
from typing import Any

from typer import TyperException

from core.errors import did_you_mean

QUOTED = re.compile(r"""command (['"])(.*?)\1|argument\(s\) \((.*)\)""", re.DOTALL)
"What Typer quotes: No such command 'x', Got unexpected extra argument(s) (x y)."
UNREADABLE = "' is not readable"
"What Typer says of a file: Path 'x' is not readable."
KINDS_OF_NUMBER = {int: "a whole number", float: "a number"}


def describe_usage_error(error: TyperException) -> str:
    """One line for what Typer finds wrong with a command line."""
    context: Any = getattr(error, "ctx", None)
    command: str = context.command_path if context is not None else "kizuna"
    problem = _describe_problem(error, command.removeprefix("kizuna").strip(), context=context)
    return f"{problem}; see {command} --help"


# Typer does not export the classes of its errors, so their names decide.
def _describe_problem(error: Any, command: str, *, context: Any) -> str:
    """What is wrong; the command without `kizuna`, which is how the line begins."""
    match type(error).__name__:
        case "NoSuchOption":
            return f"{command} has no option {error.option_name}{_suggest(error.option_name, context)}".lstrip()
        case "BadOptionUsage":
            return f"{error.option_name} takes {'no value' if 'does not take' in error.message else 'a value'}"
        case "MissingParameter":
            example = (error.ctx.command.epilog or "").removeprefix("Example: ")
            return f"{command} needs {_name(error.param)}" + (f", e.g. {example}" if example else "")
        case "BadParameter" if UNREADABLE in error.message:
            path = error.message.partition("'")[2].partition(UNREADABLE)[0]
            return f"{_name(error.param)}: permission is denied to read {path}; change its rights"
        case "BadParameter" if error.param is not None:
            return f"{_name(error.param)} takes {_describe_values(error.param)}{_describe_input(error)}"
        case _ if getattr(getattr(context, "command", None), "commands", None):
            typed = _read_quoted(error.message)
            return f"{command} has no command '{typed}'{did_you_mean(typed, context.command.commands)}".lstrip()
        case _:
            return f"{command} takes no further argument, found '{_read_quoted(error.message)}'"


def _suggest(option: str, context: Any) -> str:
    names = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
    hint = did_you_mean(option, [*names, "--help"])
    return hint if "did you mean" in hint else ""


def _name(parameter: Any) -> str:
    """An option as it is typed (`--out`), or an argument in capitals (`KIND`)."""
    longest = max(parameter.opts, key=len)
    return longest if longest.startswith("-") else longest.upper()


def _describe_values(parameter: Any) -> str:
    """The values that an option takes: `a whole number from 1 to 65535`, `one of html, json`."""
    kind, limits = parameter.type_descriptor, parameter.type_descriptor.parameter_info
    if kind.is_choice:
        return f"one of {', '.join(str(getattr(choice, 'value', choice)) for choice in kind.choices)}"
    annotation = (typing.get_args(kind.annotation) or (kind.annotation,))[0]
    number = KINDS_OF_NUMBER.get(annotation, "another value")
    if limits.min is not None and limits.max is not None:
        return f"{number} from {limits.min} to {limits.max}"
    return number + (f" of at least {limits.min}" if limits.min is not None else "")


def _describe_input(error: Any) -> str:
    """The value that was found, from the error of the library that Typer converts values with."""
    cause = error.__cause__
    inputs = [problem["input"] for problem in cause.errors()] if hasattr(cause, "errors") else []
    return f", found '{inputs[0]}'" if inputs else ""


def _read_quoted(message: str) -> str:
    match = QUOTED.search(message)
    return (match[2] or match[3] or "") if match else ""
