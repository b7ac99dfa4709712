"""Connects to permitted addresses only, so that no webhook reaches a service inside the network by mistake or by DNS.

    host --resolve once--> every address permitted? --yes--> connect to one of these addresses
                                                   --no---> AddressRefused

The name is not resolved again between the check and the connection. TLS and the header Host go on using the name.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from core.addresses import Network, is_permitted

MAX_ADDRESSES = 4
"Tried one after another."
MAX_SECONDS = 30.0
"Of one request, however slowly the receiver sends."

Resolver = Callable[[str, int], Sequence[str]]
"The addresses of a host, as text."


class AddressRefused(Exception):
    """The host has an address that is not permitted; the message names the setting."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises ConnectError of httpcore if there are none."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the host's name does not resolve") from error
    return list(dict.fromkeys(str(one[4][0]) for one in entries))


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to permitted addresses. One request has at most `max_seconds` from its connection on."""

    def __init__(
        self, allowed: tuple[Network, ...], *, resolver: Resolver = resolve, max_seconds: float = MAX_SECONDS
    ) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._max_seconds = max_seconds
        self._sockets = httpcore.SyncBackend()
        self._deadline = 0.0

    def start_request(self) -> None:
        """Begin the time of the next request."""
        self._deadline = time.monotonic() + self._max_seconds

    def seconds_left(self, timeout: float | None) -> float:
        """The timeout of an operation. Raises ReadTimeout of httpcore where the request's time is over."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the request took too long")
        return left if timeout is None else min(timeout, left)

    # httpcore calls both methods with keywords.
    def connect_tcp(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        host: str,
        port: int,
        *,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that responds."""
        addresses = self._resolver(host, port)
        self._check(addresses)
        problem: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self.seconds_left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return TimedStream(stream, self)
        raise problem

    def _check(self, addresses: Sequence[str]) -> None:
        """Raise AddressRefused unless every address is permitted: which one is connected to is chance."""
        refused = [one for one in addresses if not is_permitted(ip_address(one.partition("%")[0]), self._allowed)]
        if refused:
            listed = ", ".join(f'"{one}"' for one in refused[:MAX_ADDRESSES])
            raise AddressRefused(
                f"the webhook's host has the address {refused[0]}, which is not public; if it may, set allow_addresses "
                f"= [{listed}] under [webhooks]"
            )


class TimedStream(httpcore.NetworkStream):
    """A connection whose operations end when the request's time is over."""

    def __init__(self, stream: httpcore.NetworkStream, backend: GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes."""
        return self._stream.read(max_bytes, self._backend.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes."""
        self._stream.write(buffer, self._backend.seconds_left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, ssl_context: ssl.SSLContext, *, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Continue with TLS. The certificate is that of the name, not of the address."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._backend.seconds_left(timeout))
        return TimedStream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows, e.g. whether it is readable."""
        return self._stream.get_extra_info(info)


class GuardedTransport(httpx.BaseTransport):
    """Sends the requests of an httpx client through a guarded backend; proxies of the environment are not used."""

    def __init__(self, backend: GuardedBackend) -> None:
        self._backend = backend
        self._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        content, extensions = request.stream, request.extensions
        if not isinstance(content, httpx.SyncByteStream):
            raise TypeError("a webhook's body is bytes")
        self._backend.start_request()
        with translating_errors():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method, target, headers=request.headers.raw, content=content, extensions=extensions
                )
            )
        return httpx.Response(response.status, headers=response.headers, stream=BodyStream(response))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class BodyStream(httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with translating_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        """Give the connection back."""
        with translating_errors():
            self._response.close()


@contextmanager
def translating_errors() -> Iterator[None]:
    """Raise errors of httpcore as the error of httpx of the same name."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        kind = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error
