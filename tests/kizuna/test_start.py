"""Signals that arrive while the command line is still being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

STARTS = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.{name})

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["kizuna", "check", "--config", "absent.toml"]
runpy.run_module("kizuna", run_name="__main__")
"""
"Runs `python -m kizuna`, and sends a signal to itself where a module is imported."


def start(*, interrupted_at: str, by: str) -> subprocess.CompletedProcess[str]:
    program = STARTS.format(module=interrupted_at, name=by)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", ["core.interruption", "kizuna.main", "typer", "kizuna.commands.check"])
def test_ctrl_c_during_an_import_ends_with_one_line_and_130(module: str):
    done = start(interrupted_at=module, by="SIGINT")

    assert (done.returncode, done.stderr, done.stdout) == (130, "kizuna: interrupted\n", "")


def test_sigterm_during_an_import_ends_with_one_line_and_143():
    done = start(interrupted_at="typer", by="SIGTERM")

    assert (done.returncode, done.stderr) == (143, "kizuna: terminated\n")
