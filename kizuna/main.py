"""The command line: runs one command and turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pkgutil import iter_modules

import typer

from core import environment
from core.errors import KizunaError
from core.interruption import was_interrupted, watch_for_interruption
from kizuna import commands

INTERRUPTED = 130


def command_line() -> typer.Typer:
    """The application with every command. Each file of kizuna/commands defines `register(app)`."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Kizuna (絆): churn scores, recommendations and next best offers from a company's raw tables.",
    )
    app.callback()(lambda: None)
    for module in sorted(iter_modules(commands.__path__), key=lambda module: module.name):
        import_module(f"kizuna.commands.{module.name}").register(app)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line. Returns the exit code: 0 done, 1 internal error, 2 bad input, 130 interrupted."""
    watch_for_interruption()
    try:
        command_line()(arguments, prog_name="kizuna")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        # Typer turns Ctrl-C into an exit code and prints nothing.
        return _fail("interrupted", INTERRUPTED) if code == INTERRUPTED or (code and was_interrupted()) else code
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    # The end of every command: whatever happened becomes one line and an exit code.
    except Exception as error:
        if was_interrupted():
            return _fail("interrupted", INTERRUPTED)
        if isinstance(error, KizunaError):
            return _fail(str(error), error.exit_code)
        if os.environ.get(environment.DEBUG):
            raise
        return _fail(f"internal error: {type(error).__name__}: {error}; set {environment.DEBUG}=1 for the traceback", 1)
    return 0


def _fail(message: str, exit_code: int) -> int:
    sys.stderr.write(f"kizuna: {' '.join(message.split())}\n")
    return exit_code


def main() -> None:
    """Entry point of the `kizuna` script."""
    sys.exit(run(sys.argv[1:]))
