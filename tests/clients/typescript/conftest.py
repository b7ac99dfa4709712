"""The TypeScript client as it is built, programs that use it, and services that they ask."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import PROJECT

PACKAGE = PROJECT / "clients" / "typescript"
NODE = shutil.which("node") or ""
HOW = "run `make client-typescript`, which needs Node 20 and npm"
PROGRAM = """
import * as kizuna from "{client}/index.js";
const {{ Client }} = kizuna;
const SOON = {{ firstWait: 1 }};
const given = {given};
async function failure(promise) {{
  try {{ return {{ answered: await promise }}; }}
  catch (error) {{
    const {{ name, message, status, problem, field, retryAfter }} = error;
    return {{ name, message, status, problem, field, retryAfter }};
  }}
}}
const result = await (async () => {{ {body} }})();
console.log(JSON.stringify(result ?? null));
"""


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the installed compiler and generator."""
    folder = PACKAGE / "node_modules" / ".bin"
    if not NODE or not (folder / "tsc").exists():
        pytest.skip(f"the TypeScript client is not installed: {HOW}")
    return folder


@pytest.fixture(scope="session")
def client(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built client."""
    folder = tmp_path_factory.mktemp("client") / "dist"
    run = run_tool(tools / "tsc", "--outDir", str(folder))
    assert run.returncode == 0, run.stdout
    # Its own package.json says that the files are ES modules.
    (folder.parent / "package.json").write_text('{"type": "module"}')
    return folder


def run_tool(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool in the folder of the package."""
    return subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def run(client: Path) -> Callable[..., Any]:
    """A function that runs the body of an async function with the client in Node, and returns what it returns."""

    def run_program(body: str, **given: Any) -> Any:
        program = PROGRAM.format(client=client, given=json.dumps(given), body=body)
        command = [NODE, "--input-type=module", "--eval", program]
        environment = os.environ | {"NODE_NO_WARNINGS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run_program
