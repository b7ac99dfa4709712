"""A PostgreSQL cluster of the test's own, on a free port, which it may stop and start."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
USER = "postgres" if os.geteuid() == 0 else None
"PostgreSQL refuses to run as root."


@dataclass(frozen=True)
class PrivatePostgres:
    """A cluster that only this test uses."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://kizuna@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it responds."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash: connections break in the middle, and the next start recovers."""
        self._control("stop", "-m", mode)

    def _control(self, *command: str) -> None:
        run_program("pg_ctl", "-w", "-D", str(self.folder / "data"), *command, folder=self.folder)


def run_program(name: str, *options: str, folder: Path) -> None:
    """Run one of PostgreSQL's programs as a user who is not root."""
    identity: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": []} if USER else {}
    program = str(PROGRAMS[-1].with_name(name))
    # A server that pg_ctl starts would keep a pipe open.
    with (folder / "output").open("ab") as output:
        subprocess.run([program, *options], check=True, cwd=folder, stdout=output, stderr=output, **identity)


@contextmanager
def run_private_postgres() -> Iterator[PrivatePostgres]:
    """A running cluster; skips the test where PostgreSQL is not installed."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed: /usr/lib/postgresql/*/bin/initdb is missing")
    # Folders of pytest can be read by their owner alone, who is root here.
    folder = Path(tempfile.mkdtemp(prefix="kizuna-postgres-"))
    try:
        if USER:
            shutil.chown(folder, USER, USER)
        postgres = PrivatePostgres(folder, free_port())
        run_program("initdb", "-D", str(folder / "data"), "-U", "kizuna", "-A", "trust", "--no-sync", folder=folder)
        postgres.start()
        try:
            yield postgres
        finally:
            if (folder / "data/postmaster.pid").exists():
                postgres.stop()
    finally:
        shutil.rmtree(folder)
