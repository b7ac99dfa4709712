"""The command line: runs one command and turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated

import typer

from core import environment
from core.errors import BadInput, KizunaError
from core.files import describe_disk_fault, write_for_owner_only
from core.interruption import ignore_interruption, was_interrupted, was_terminated, watch_for_interruption
from kizuna.command_group import CommandGroup
from kizuna.usage_errors import describe_usage_error

INTERRUPTED, TERMINATED = 130, 143
HELP = "Kizuna (絆): churn scores, recommendations and next best offers from a company's raw tables."


def command_line() -> typer.Typer:
    """The application with every command."""
    # Without rich markup, the help needs no import of rich, and [hazard] in a help text stays as it is.
    app = typer.Typer(
        cls=CommandGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=HELP,
    )
    app.callback()(_options_of_all_commands)
    return app


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        sys.stdout.write(f"kizuna {version('kizuna')}\n")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
]


def _options_of_all_commands(version: Version = False) -> None:
    del version


def run(arguments: list[str]) -> int:
    """Run one command line.

    Returns the exit code: 0 done, 1 internal error, 2 bad input, 130 interrupted (Ctrl-C), 143 terminated (SIGTERM).
    """
    watch_for_interruption()
    write_for_owner_only()
    # Warnings of libraries are for developers.
    with warnings.catch_warnings(action="default" if os.environ.get(environment.DEBUG) else "ignore"):
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        code = command_line()(arguments, prog_name="kizuna", standalone_mode=False) or 0
        # Typer turns Ctrl-C into an exit code and prints nothing.
        return _report_interruption() if code == INTERRUPTED or (code and was_interrupted()) else code
    except KeyboardInterrupt:
        return _report_interruption()
    except SystemExit as end:
        # Shell completion, and a reader of the output that has gone away.
        return end.code if isinstance(end.code, int) else 1
    # The end of every command: whatever happened becomes one line and an exit code.
    except Exception as error:
        if was_interrupted():
            return _report_interruption()
        if isinstance(error, KizunaError):
            return _fail(str(error), error.exit_code)
        if isinstance(error, typer.TyperException):
            return _print_usage_error(error)
        if os.environ.get(environment.DEBUG):
            raise
        if message := describe_disk_fault(error):
            return _fail(message, BadInput.exit_code)
        return _fail(f"internal error: {type(error).__name__}: {error}; set {environment.DEBUG}=1 for the traceback", 1)


def _report_interruption() -> int:
    return _fail("terminated", TERMINATED) if was_terminated() else _fail("interrupted", INTERRUPTED)


def _print_usage_error(error: typer.TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # Its message is the help.
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return _fail(describe_usage_error(error), error.exit_code)


def _fail(message: str, exit_code: int) -> int:
    sys.stderr.write(f"kizuna: {' '.join(message.split())}\n")
    return exit_code


def main() -> None:
    """Run the command line of this process, and end it with its exit code."""
    if not os.environ.get(environment.DEBUG):
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # for the servers that `serve` and `ui` become
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command began, or after it ended
        code = _report_interruption()
    ignore_interruption()  # The result is printed and the files are written.
    sys.exit(code)
