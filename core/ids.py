"""The id rule: an id is text of 1 to 128 characters.

Characters are Unicode code points. `tables/cleaning/readings.py` applies the same rule in SQL; a test holds the two
equal.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

MIN_ID_LENGTH = 1
MAX_ID_LENGTH = 128

Id = Annotated[str, msgspec.Meta(min_length=MIN_ID_LENGTH, max_length=MAX_ID_LENGTH)]
"An id in a message: msgspec refuses any other text."
