"""Short fingerprints, to notice that something changed."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def digest_of(value: Any) -> str:
    """The first 16 hex digits of the SHA-256 of the value's canonical JSON, in which keys are sorted."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]
