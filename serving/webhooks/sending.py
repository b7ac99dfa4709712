"""Sends one event to a webhook: signed as in Standard Webhooks, and retried.

    POST <webhook>  {"type": "task.created", "timestamp": "...", "data": {...}}   -> 2xx: accepted
    webhook-id: <id>     webhook-timestamp: 1790000000     webhook-signature: v1,<base64>

An event may arrive twice, if the response to the first delivery was lost; `webhook-id` is then the same. Each attempt
is signed with its own time, so that receivers can refuse old ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import standardwebhooks
import tenacity

from core.addresses import Network
from core.webhooks import EventType
from serving.webhooks.guard import GuardedBackend, GuardedTransport, Resolver, resolve

N_ATTEMPTS = 4
FIRST_WAIT_SECONDS = 1.0
"Before the second attempt; doubles before each further one."
TIMEOUT_SECONDS = 10.0
"Of connecting, and of each read and write."
MAX_RESPONSE_BYTES = 16_384
"Of a response that are read. Only its status counts."
LATER = (408, 425, 429)
"Statuses, other than 5xx, that may be another one later."


class WebhookUnavailable(Exception):
    """The webhook did not accept an event in any attempt; the message is its last response."""

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status
        "Of the last response; None where there was none."


class WebhookEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a delivery."""

    type: EventType
    timestamp: datetime
    "When it happened, UTC."
    data: Any


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """The webhook that receives events."""

    address: str
    secret: str
    "whsec_ and base64, as in Standard Webhooks."
    allowed: tuple[Network, ...] = ()
    "Networks that it may be in although they are not public."
    sleep: Callable[[float], None] = time.sleep
    resolver: Resolver = field(default=resolve)

    @contextmanager
    def connect(self) -> Iterator[httpx.Client]:
        """A client whose connections are kept between events. It follows no redirects."""
        transport = GuardedTransport(GuardedBackend(self.allowed, resolver=self.resolver))
        with httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
            yield client

    def send(self, client: httpx.Client, event: WebhookEvent, *, webhook_id: str) -> int:
        """Send one event and return the status of the response.

        No response, 408, 425, 429 and 5xx are retried; any other status is final. Raises WebhookUnavailable after the
        last attempt, and AddressRefused at once.
        """
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(N_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=FIRST_WAIT_SECONDS),
            retry=tenacity.retry_if_exception_type(WebhookUnavailable),
            sleep=self.sleep,
            reraise=True,
        )
        return attempts(self._post, client, msgspec.json.encode(event), webhook_id=webhook_id)

    def _post(self, client: httpx.Client, body: bytes, *, webhook_id: str) -> int:
        headers = self._headers(body, webhook_id)
        try:
            with client.stream("POST", self.address, content=body, headers=headers) as response:
                status = response.status_code
                with suppress(httpx.TransportError):  # the status is the answer
                    _skip_body(response)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise WebhookUnavailable(type(error).__name__) from error
        if status in LATER or status >= 500:
            raise WebhookUnavailable(f"status {status}", status=status)
        return status

    def _headers(self, body: bytes, webhook_id: str) -> dict[str, str]:
        now = datetime.now(UTC)
        signature = standardwebhooks.Webhook(self.secret).sign(webhook_id, now, body.decode())
        return {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }


def _skip_body(response: httpx.Response) -> None:
    """Read a short body, so that its connection can be used again; a longer one closes it."""
    n_bytes = 0
    for chunk in response.iter_raw():
        n_bytes += len(chunk)
        if n_bytes > MAX_RESPONSE_BYTES:
            return
