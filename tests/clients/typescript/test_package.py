"""The TypeScript package: its types follow the service's document, it compiles strictly, and it can be installed."""

from __future__ import annotations

import json
import re
import tomllib

from tests.clients.typescript.conftest import HOW, PACKAGE, run_tool
from tests.serving.conftest import PROJECT
from tools.openapi_document import render_document

OPTIONS = {
    "module": "NodeNext", "target": "ES2022", "lib": ["ES2022", "DOM"], "types": [], "strict": True, "noEmit": True,
    "exactOptionalPropertyTypes": True, "noUncheckedIndexedAccess": True,
}  # fmt: skip


def test_the_types_are_those_of_the_served_document(tools, tmp_path):
    options = json.loads((PACKAGE / "package.json").read_text())["scripts"]["generate"].split()
    made = tmp_path / "openapi.ts"
    command = [str(tools / options[0]), *options[1:-1], str(made)]

    run = run_tool(*command, input=render_document(examples=False))

    assert run.returncode == 0, run.stderr
    assert made.read_text() == (PACKAGE / "src" / "openapi.ts").read_text(), f"the API has changed: {HOW}"


def test_the_types_allow_what_the_service_takes_and_refuse_the_rest(tools, client, tmp_path):
    usage = (PROJECT / "tests/clients/typescript/usage.ts").read_text()
    (tmp_path / "usage.ts").write_text(usage)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    settings = {"compilerOptions": OPTIONS | {"paths": {"kizuna-client": [str(client / "index.d.ts")]}}}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))

    run = run_tool(tools / "tsc", "--project", str(tmp_path))

    assert (run.returncode, run.stdout) == (0, "")


def test_the_package_contains_the_built_client_and_needs_no_other():
    package = json.loads((PACKAGE / "package.json").read_text())

    assert "dependencies" not in package
    assert package["files"] == ["dist", "README.md"]
    assert all(re.fullmatch(r"[\d.]+", version) for version in package["devDependencies"].values())


def test_the_lock_names_no_registry_and_has_a_hash_and_an_allowed_licence_for_each_package():
    text = (PACKAGE / "package-lock.json").read_text()
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    allowed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["kizuna"]["licences"]["allowed"]
    # argparse has the licence of Python; it is used while types are generated, and is part of nothing.
    accepted = {*allowed, "ISC", "Python-2.0", "(MIT OR CC0-1.0)"}

    assert "resolved" not in text
    assert {name for name, one in packages.items() if "integrity" not in one} == set()
    assert {name: one["license"] for name, one in packages.items() if one["license"] not in accepted} == {}
