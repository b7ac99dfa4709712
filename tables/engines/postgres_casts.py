"""Casts that PostgreSQL lacks: from boolean to any number but one of 32 bits.

    CAST(treated AS SMALLINT)                 cannot cast type boolean to smallint
    CAST(CAST(treated AS INT) AS SMALLINT)    0 or 1

DuckDB has them all, so that Ibis writes the first form for both.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
from ibis.backends.sql import SQLBackend
from ibis.backends.sql.compilers.postgres import PostgresCompiler


class CastingCompiler(PostgresCompiler):
    """Ibis' compiler for PostgreSQL, which casts booleans by way of a number of 32 bits."""

    __slots__ = ()

    def visit_Cast(self, op: ops.Cast, *, arg: Any, to: dt.DataType) -> Any:  # noqa: N802 - named by Ibis
        """Compile a cast."""
        if op.arg.dtype.is_boolean() and to.is_numeric():
            arg = self.cast(arg, dt.int32)
        return super().visit_Cast(op, arg=arg, to=to)

    visit_TryCast = visit_Cast  # noqa: N815


def add_casts(backend: SQLBackend) -> SQLBackend:
    """The same backend; one of PostgreSQL casts booleans to numbers from now on."""
    if backend.name == "postgres":
        backend.compiler = CastingCompiler()
    return backend
