"""Short fingerprints of things that must not change unnoticed."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def digest_of(thing: Any) -> str:
    """The first 16 hex digits of SHA-256 over the thing's canonical JSON (keys sorted)."""
    return hashlib.sha256(msgspec.json.encode(thing, order="deterministic")).hexdigest()[:16]
