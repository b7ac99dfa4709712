"""Decides before a body is read whether a request is answered: host, key, scope and rate.

                      without keys                        with keys
loopback peer         if Host is localhost, 127.0.0.1     with a key
any other peer        403                                 with a key

The check of Host keeps pages of other sites, whose name an attacker has pointed to 127.0.0.1, from the API (DNS
rebinding). Keys are compared in constant time; a missing, a wrong and a revoked key get the same answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from core.access import ApiKey, Scope
from serving.http.problems import Problem, ProblemType
from serving.keys import LiveKeys

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
BEARER = b"bearer "
CHALLENGE = {"www-authenticate": "Bearer"}
SEND_KEY = "send the header authorization: Bearer <key>; `kizuna keys add` makes keys"


@dataclass
class Bucket:
    """Requests that a key has left; it fills up evenly, and holds those of one minute."""

    left: float
    filled_at: float

    def take(self, per_minute: float, *, now: float) -> float:
        """Take one request; returns 0, or the seconds to wait where none is left. `now` is in seconds."""
        self.left = min(per_minute, self.left + (now - self.filled_at) * per_minute / 60)
        self.filled_at = now
        if self.left < 1:
            return (1 - self.left) * 60 / per_minute
        self.left -= 1
        return 0.0


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rules of one worker."""

    keys: LiveKeys
    hosts: frozenset[str] = frozenset()
    "Names that requests may call the service by, in lower case without port; empty: any, if there are keys."
    without_keys: bool = False
    "Whether every caller is answered while there are no keys."
    n_workers: int = 1
    "Each worker of the host grants its share of a key's rate."
    _buckets: dict[str, Bucket] = field(default_factory=dict[str, Bucket], repr=False)

    def admit(self, scope: Mapping[str, Any]) -> ApiKey | None:
        """The key of an ASGI request; None where none is needed. Raises Problem for requests that get no answer."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        has_keys = self.keys.exist
        self._check_host(headers, has_keys=has_keys)
        if not has_keys:
            if not (self.without_keys or _is_loopback(scope)):
                raise Problem(ProblemType.FORBIDDEN, f"without keys, only this host is answered; {SEND_KEY}")
            return None
        key = self.keys.find(_bearer(headers), now=datetime.now(UTC))
        if key is None:
            raise Problem(ProblemType.UNAUTHORIZED, SEND_KEY, headers=CHALLENGE)
        self._limit(key)
        return key

    def require(self, key: ApiKey | None, scope: Scope | None) -> None:
        """Raise Problem where a key does not permit this."""
        if key is not None and not key.permits(scope):
            raise Problem(ProblemType.FORBIDDEN, f"this route needs a key with the scope {scope}")

    def _check_host(self, headers: list[tuple[bytes, bytes]], *, has_keys: bool) -> None:
        allowed = self.hosts or (frozenset[str]() if has_keys or self.without_keys else LOCAL_NAMES)
        if allowed and _host_of(headers) not in allowed:
            raise Problem(
                ProblemType.WRONG_HOST, "the service is not called by this name; KIZUNA_HOSTS lists its names"
            )

    def _limit(self, key: ApiKey) -> None:
        if key.requests_per_minute is None:
            return
        rate, now = max(1.0, key.requests_per_minute / self.n_workers), time.monotonic()
        bucket = self._buckets.setdefault(key.key_id, Bucket(rate, now))
        if wait := bucket.take(rate, now=now):
            raise Problem(
                ProblemType.TOO_MANY_REQUESTS,
                f"this key may send {key.requests_per_minute:,} requests a minute",
                headers={"retry-after": str(math.ceil(wait))},
            )


def _bearer(headers: list[tuple[bytes, bytes]]) -> str:
    """The key in the header Authorization; '' for none, or for several."""
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) != 1 or not values[0].lower().startswith(BEARER):
        return ""
    return values[0][len(BEARER) :].strip().decode("latin-1")


def _host_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The name in the header Host, in lower case without port; '' for none, or for several."""
    values = [value for name, value in headers if name == b"host"]
    if len(values) != 1:
        return ""
    host = values[0].decode("latin-1").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _is_loopback(scope: Mapping[str, Any]) -> bool:
    client = scope.get("client")
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False
