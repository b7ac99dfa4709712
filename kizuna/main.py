"""The command line: finds the configuration, runs one command, turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pkgutil import iter_modules

import typer

from core.errors import KizunaError
from core.interruption import was_interrupted, watch_for_interruption
from kizuna import commands

INTERRUPTED = 130


def command_line() -> typer.Typer:
    """The application with every command: each file of kizuna/commands offers `register(app)`."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Kizuna (絆): know your customers. Churn, recommendations and next best offers from raw tables.",
    )
    app.callback()(lambda: None)
    for module in sorted(iter_modules(commands.__path__), key=lambda module: module.name):
        import_module(f"kizuna.commands.{module.name}").register(app)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code: 0 done, 2 bad input, 1 our fault, 130 interrupted."""
    watch_for_interruption()
    try:
        command_line()(arguments, prog_name="kizuna")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        # Typer turns Ctrl-C into a code, without a word.
        return _say("interrupted", INTERRUPTED) if code == INTERRUPTED or (code and was_interrupted()) else code
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except Exception as error:
        if was_interrupted():
            return _say("interrupted", INTERRUPTED)
        if isinstance(error, KizunaError):
            return _say(str(error), error.exit_code)
        if os.environ.get("KIZUNA_DEBUG"):
            raise
        return _say(f"internal error: {type(error).__name__}: {error}; KIZUNA_DEBUG=1 shows where", 1)
    return 0


def _say(message: str, exit_code: int) -> int:
    sys.stderr.write(f"kizuna: {' '.join(message.split())}\n")
    return exit_code


def main() -> None:
    """The `kizuna` script."""
    sys.exit(run(sys.argv[1:]))
