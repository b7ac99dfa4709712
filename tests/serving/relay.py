"""A TCP relay in front of a server, which may hang: it keeps connections open, and forwards nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Listens on a port of this host, and forwards to another one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self) -> None:
        """Forward nothing from now on."""
        self._flows.clear()

    def resume(self) -> None:
        """Forward what has waited, and what comes."""
        self._flows.set()

    def close(self) -> None:
        """Accept no further connection."""
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while content := source.recv(65_536):
                self._flows.wait()
                sink.sendall(content)


@contextmanager
def run_relay(target: int) -> Iterator[Relay]:
    """A relay to a port of this host."""
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.resume()
        relay.close()
