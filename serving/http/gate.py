"""Decides before a body is read whether a request is answered: host, key, customer token and rate.

                      without keys                        with keys
loopback peer         if Host is localhost, 127.0.0.1     with a key
any other peer        403                                 with a key

The check of Host keeps pages of other sites, whose name an attacker has pointed to 127.0.0.1, from the API (DNS
rebinding). A request that a proxy has forwarded is one of another peer, whatever the address of the proxy. Keys are
compared in constant time; a missing, a wrong and a revoked key get the same answer.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from core.access import ApiKey, BrowserAccess
from serving.http import cross_origin
from serving.http.admission import UNRESTRICTED, Admission
from serving.http.customer_tokens import read_customer
from serving.http.problems import Problem, ProblemType
from serving.keys.limits import KeyLimits
from serving.keys.live import LiveKeys

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDED = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"})
"Headers that proxies add."
BEARER, BASIC = b"bearer ", b"basic "
CHALLENGE = {"www-authenticate": "Bearer"}
PAGES = frozenset({"/", "/openapi.json", "/docs", "/ui"})
FOLDERS_OF_PAGES, FOLDER_OF_FORMS = ("/docs/", "/ui/"), "/ui/"
PAGE_CHALLENGE = {"www-authenticate": 'Basic realm="Kizuna: any name, an API key as password", charset="UTF-8"'}
"""\
Makes a browser ask. Other sites gain nothing by sending what the browser remembers: what changes something is answered
only to the pages of the service itself, see `cross_origin.is_from_own_page`."""
CUSTOMER_TOKEN = b"kizuna-customer-token"
SEND_KEY = "send the header authorization: Bearer <key>; `kizuna keys add` makes keys"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rules of one worker."""

    keys: LiveKeys
    hosts: frozenset[str] = frozenset()
    "Names that requests may call the service by, in lower case without port; empty: any, if there are keys."
    without_keys: bool = False
    "Whether every caller is answered while there are no keys."
    limits: KeyLimits = field(default_factory=lambda: KeyLimits(None))
    "What keys have left of their rates and quotas."

    def admit(self, scope: Mapping[str, Any]) -> Admission:
        """Who sends an ASGI request. Raises Problem for requests that get no answer."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.keys.refresh()
        has_keys = self.keys.exist
        self._check_host(headers, has_keys=has_keys)
        if not has_keys:
            if not (self.without_keys or _is_loopback(scope)):
                raise Problem(ProblemType.FORBIDDEN, f"without keys, only this host is answered; {SEND_KEY}")
            return UNRESTRICTED
        is_page, now = _is_page(scope), datetime.now(UTC)
        key = self.keys.find(_key_in(headers, may_be_password=is_page), now=now)
        if key is None:
            raise Problem(ProblemType.UNAUTHORIZED, SEND_KEY, headers=PAGE_CHALLENGE if is_page else CHALLENGE)
        customer_id = None if key.browser is None else _read_customer(scope, key, access=key.browser, now=now)
        self._limit(key, customer_id, now=now)
        return Admission(key, customer_id)

    def is_preflight(self, scope: Mapping[str, Any]) -> bool:
        """Whether a browser asks for permission to send a request of a page that has it."""
        if scope["method"] != "OPTIONS":
            return False
        self.keys.refresh()
        return cross_origin.is_preflight(scope, self.keys.origins)

    def answer_headers(self, scope: Mapping[str, Any]) -> cross_origin.Headers:
        """The headers that let a page of another origin read the response, errors as well."""
        return cross_origin.answer_headers(scope, self.keys.origins)

    def _check_host(self, headers: list[tuple[bytes, bytes]], *, has_keys: bool) -> None:
        allowed = self.hosts or (frozenset[str]() if has_keys or self.without_keys else LOCAL_NAMES)
        if allowed and _host_of(headers) not in allowed:
            raise Problem(
                ProblemType.WRONG_HOST, "the service is not called by this name; KIZUNA_HOSTS lists its names"
            )

    def _limit(self, key: ApiKey, customer_id: str | None, *, now: datetime) -> None:
        refusal = self.limits.take(key, customer_id, now=now)
        if refusal is None:
            return
        limit = (
            f"{key.requests_per_day:,} requests a day, which begins at midnight UTC"
            if refusal.is_of_day
            else f"{key.requests_per_minute:,} requests a minute"
        )
        raise Problem(
            ProblemType.TOO_MANY_REQUESTS,
            f"this key may send {limit}",
            headers={"retry-after": str(math.ceil(refusal.wait_seconds))},
        )


def _read_customer(scope: Mapping[str, Any], key: ApiKey, *, access: BrowserAccess, now: datetime) -> str:
    """The customer of a request with a browser key. Raises Problem."""
    origin = cross_origin.read_origin(scope)
    if origin is not None and origin not in access.origins:
        raise Problem(
            ProblemType.FORBIDDEN, "this key is not for pages of this origin; `kizuna keys list` shows its own"
        )
    tokens = [value for name, value in scope["headers"] if name == CUSTOMER_TOKEN]
    token = tokens[0].decode("latin-1") if len(tokens) == 1 else ""
    return read_customer(token, access, key_id=key.key_id, now=now)


def _key_in(headers: list[tuple[bytes, bytes]], *, may_be_password: bool) -> str:
    """The key in the header Authorization; '' for none, or for several."""
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) != 1:
        return ""
    value, kind = values[0], values[0].lower()
    if kind.startswith(BEARER):
        return value[len(BEARER) :].strip().decode("latin-1")
    return _password_in(value[len(BASIC) :]) if may_be_password and kind.startswith(BASIC) else ""


def _password_in(credentials: bytes) -> str:
    """The password of HTTP Basic credentials; '' where they cannot be read."""
    try:
        return base64.b64decode(credentials, validate=True).decode("latin-1").partition(":")[2]
    except ValueError:
        return ""


def _is_page(scope: Mapping[str, Any]) -> bool:
    """Whether a request is for what people open in a browser: the documentation, and the pages with their forms."""
    path: str = scope["path"]
    if scope["method"] == "GET":
        return path in PAGES or path.startswith(FOLDERS_OF_PAGES)
    return scope["method"] == "POST" and path.startswith(FOLDER_OF_FORMS)


def _host_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The name in the header Host, in lower case without port; '' for none, or for several."""
    values = [value for name, value in headers if name == b"host"]
    if len(values) != 1:
        return ""
    host = values[0].decode("latin-1").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _is_loopback(scope: Mapping[str, Any]) -> bool:
    """Whether this host itself sends the request, not a proxy for another one."""
    client = scope.get("client")
    if client is None or any(name in FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False
