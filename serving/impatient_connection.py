"""Connections to PostgreSQL that do not wait for ever.

A server that hangs, and a network that drops packets, close no connection: without a limit of our own, a program
that waits for a statement waits for a quarter of an hour.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

R = TypeVar("R")


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that ends where a statement is not answered in time."""

    answer_seconds: float | None = None
    "For each statement; None: no limit."

    def wait(self, gen: PQGen[R], *limits: Any, **named_limits: Any) -> R:
        """Wait for the server. A limit of the caller, such as that of notifications, goes before ours."""
        if limits or named_limits.get("timeout") is not None or self.answer_seconds is None:
            return super().wait(gen, *limits, **named_limits)
        ends_at = time.monotonic() + self.answer_seconds
        try:
            return super().wait(gen, **named_limits | {"timeout": self.answer_seconds})
        except psycopg.OperationalError as error:
            if self.closed or time.monotonic() < ends_at:
                raise
            self.pgconn.finish()  # a rollback would wait for the same server
            raise psycopg.OperationalError(f"no answer within {self.answer_seconds:g} seconds") from error


def connect_impatiently(conninfo: str = "", *, answer_seconds: float | None, **parameters: Any) -> ImpatientConnection:
    """A connection with such a limit. Raises psycopg.Error."""
    connection = ImpatientConnection.connect(conninfo, **parameters)
    connection.answer_seconds = answer_seconds
    return connection
