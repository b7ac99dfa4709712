"""Check that pyproject.toml allows the licence of every installed package. Run by `make check`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Mapping
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import cast


def licence_of(metadata: Message) -> str:
    """The licence that a package declares, as an SPDX expression or as free text."""
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or [] if "License ::" in line]
    licence = " AND ".join(name for name in classifiers if name != "OSI Approved")
    return licence or ((metadata.get("License") or "").strip().splitlines() or ["none stated"])[0]


def is_allowed(licence: str, allowed: Collection[str]) -> bool:
    """Whether one of the alternatives (OR) consists of allowed licences only."""
    alternatives = [one.split(" AND ") for one in licence.split(" OR ")]
    return any(all({part.strip(), part.strip(" ()")} & set(allowed) for part in parts) for parts in alternatives)


def list_violations(packages: Mapping[str, str], allowed: Collection[str]) -> list[str]:
    """One line per package whose licence is not allowed."""
    return [f"{name}: {licence}" for name, licence in sorted(packages.items()) if not is_allowed(licence, allowed)]


def main() -> int:
    """Print violations; the exit code says whether there are any."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["kizuna"]["licences"]
    metadata = [cast(Message, package.metadata) for package in distributions()]
    packages = {str(one["Name"]): licence_of(one) for one in metadata} | settings["looked_up"]
    violations = list_violations(packages, settings["allowed"])
    print(
        *violations,
        f"{len(packages)} packages, {len(violations)} with a licence that pyproject.toml does not allow",
        sep="\n",
    )
    return int(bool(violations))


if __name__ == "__main__":
    sys.exit(main())
