"""Where the service is, the key, time limits, and when to try again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TypedDict

import httpx

from kizuna_client.call import Call

KEY_VARIABLE = "KIZUNA_KEY"


@dataclass(frozen=True, kw_only=True)
class Retries:
    """When to send a request again. Waits double, and each is drawn between 0 and its length."""

    tries: int = 5
    "At most, the first one included; 1 sends nothing again."
    total_seconds: float = 60.0
    "No try begins later than this after the first one began."
    first_wait: float = 0.25
    longest_wait: float = 10.0
    "Seconds. A Retry-After may be longer, and is added to the drawn wait."

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}; it has to be at least 1, which sends each request once")
        if not all(seconds >= 0 for seconds in (self.total_seconds, self.first_wait, self.longest_wait)):
            raise ValueError("the seconds of Retries have to be 0 or more, such as Retries(total_seconds=60)")


DEFAULT_RETRIES = Retries()


class RequestOptions(TypedDict):
    """The arguments of httpx' `request`."""

    method: str
    url: str
    params: dict[str, str] | None
    content: bytes | None
    headers: dict[str, str] | None
    timeout: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to reach one service."""

    base_url: str
    "Without a slash at its end."
    headers: dict[str, str] = field(repr=False)
    timeout: float
    retries: Retries

    @classmethod
    def of(cls, base_url: str, *, key: str | None, timeout: float, retries: Retries) -> Settings:
        """The settings, with the key from the environment if none is given. Raises ValueError if they cannot be."""
        if not _is_address(base_url):
            raise ValueError("base_url has to be an address such as https://kizuna.example.com")
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout}; it has to be more than 0 seconds, such as 10")
        secret = os.environ.get(KEY_VARIABLE, "") if key is None else key
        if not (secret.isascii() and secret.isprintable() and secret == secret.strip()):
            raise ValueError(f"the key ({KEY_VARIABLE} or key=) contains spaces, line ends or other signs no key has")
        headers = {"accept": "application/json", "user-agent": "kizuna-client"}
        if secret:
            headers["authorization"] = f"Bearer {secret}"
        return cls(base_url=base_url.rstrip("/"), headers=headers, timeout=timeout, retries=retries)

    def options_of(self, call: Call[object], timeout: float) -> RequestOptions:
        """What httpx has to send for a call; `timeout` is in seconds."""
        return {
            "method": call.method,
            "url": self.base_url + call.address,
            "params": call.parameters or None,
            "content": call.body,
            "headers": None if call.body is None else {"content-type": "application/json"},
            "timeout": timeout,
        }


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host) and not (url.query or url.fragment)
