"""Ibis as it runs.

Its annotations deny what its expressions can do (a timestamp plus an interval,
the columns of a table, plain values as arguments), so a type checker would
refuse almost every one. Tables keep their type; values are `Expression`.
"""

from __future__ import annotations

from typing import Any

import ibis as annotated

ibis: Any = annotated

Expression = Any
"A column or a value of one."
