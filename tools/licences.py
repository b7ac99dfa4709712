"""Is the licence of every installed package on the list in pyproject.toml? Run by `make check`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Mapping
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import cast


def licence_of(metadata: Message) -> str:
    """What a package says of its licence, as an SPDX expression or in its own words."""
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or [] if "License ::" in line]
    stated = " AND ".join(name for name in classifiers if name != "OSI Approved")
    return stated or ((metadata.get("License") or "").strip().splitlines() or ["none stated"])[0]


def is_allowed(licence: str, allowed: Collection[str]) -> bool:
    """Whether one of the alternatives consists of allowed licences only."""
    alternatives = [one.split(" AND ") for one in licence.split(" OR ")]
    return any(all({part.strip(), part.strip(" ()")} & set(allowed) for part in parts) for parts in alternatives)


def unlisted(packages: Mapping[str, str], allowed: Collection[str]) -> list[str]:
    """One line for each package whose licence is not on the list."""
    return [f"{name}: {licence}" for name, licence in sorted(packages.items()) if not is_allowed(licence, allowed)]


def main() -> int:
    """Print what is not on the list; 1 where there is any."""
    listed = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["kizuna"]["licences"]
    metadata = [cast(Message, package.metadata) for package in distributions()]
    packages = {str(one["Name"]): licence_of(one) for one in metadata} | listed["looked_up"]
    faults = unlisted(packages, listed["allowed"])
    print(
        *faults, f"{len(packages)} packages, {len(faults)} with a licence that pyproject.toml does not list", sep="\n"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
