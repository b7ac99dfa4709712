"""Requests of pages from other origins (CORS): permitted to the origins of browser keys, and to no other.

    OPTIONS /v1/recommendations                      204
    origin: https://shop.example              ->     access-control-allow-origin: https://shop.example
    access-control-request-method: POST              access-control-allow-methods: GET, POST ...

Browsers send a preflight without the key, so that it is answered before keys are checked. Errors have the headers as
well: a page could not read its 401 without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import BadInput

Headers = list[tuple[bytes, bytes]]
ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
VARY = (b"vary", b"origin")
EXPOSED = (b"access-control-expose-headers", b"retry-after, www-authenticate")
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, kizuna-customer-token, idempotency-key"),
    (b"access-control-max-age", b"600"),
]


def check_origin(text: str) -> str:
    """An origin as browsers send it. Raises BadInput for any other text."""
    if not ORIGIN.fullmatch(text):
        raise BadInput(
            f"--origin takes the origin of pages, such as https://shop.example (lower case, without a path), found "
            f"'{text}'; http is for localhost alone"
        )
    return text


def read_origin(scope: Mapping[str, Any]) -> str | None:
    """The header Origin of an ASGI request; None without, '' for several."""
    values = [value for name, value in scope["headers"] if name == b"origin"]
    if not values:
        return None
    return values[0].decode("latin-1") if len(values) == 1 else ""


def is_from_own_page(scope: Mapping[str, Any]) -> bool:
    """Whether a page of the service itself sends an ASGI request, such as a form, and not one of another site.

    Browsers add Sec-Fetch-Site over https and on this host, and Origin to whatever is not a GET; a page can forge
    neither. A request with neither is refused: it is no browser's, or cannot be distinguished from an attack.
    """
    sites = [value for name, value in scope["headers"] if name == b"sec-fetch-site"]
    if sites:
        return sites == [b"same-origin"]
    hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
    _, is_origin, origin_host = (read_origin(scope) or "").lower().partition("://")
    return bool(is_origin) and hosts == [origin_host]


def answer_headers(scope: Mapping[str, Any], origins: frozenset[str]) -> Headers:
    """The headers that let a page of one of these origins read the response."""
    if not origins:
        return []
    origin = read_origin(scope)
    if origin not in origins:
        return [VARY]
    return [VARY, (b"access-control-allow-origin", str(origin).encode("latin-1")), EXPOSED]


def is_preflight(scope: Mapping[str, Any], origins: frozenset[str]) -> bool:
    """Whether a browser asks for permission for a page of one of these origins."""
    if scope["method"] != "OPTIONS" or read_origin(scope) not in origins:
        return False
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])
