"""The id rule, and short digests of values.

An id is text of 1 to 128 characters. Characters are Unicode code points. `tables/cleaning/readings.py` applies the
same rule in SQL; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec

MIN_ID_LENGTH = 1
MAX_ID_LENGTH = 128

Id = Annotated[str, msgspec.Meta(min_length=MIN_ID_LENGTH, max_length=MAX_ID_LENGTH)]
"An id in a message: msgspec refuses any other text."


def digest_of(value: Any) -> str:
    """The first 16 hex digits of the SHA-256 of the value's canonical JSON, in which keys are sorted.

    Notices that something changed.
    """
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]
