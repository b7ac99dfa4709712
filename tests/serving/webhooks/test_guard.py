"""Connections of webhooks: to the checked address alone, with the name's certificate, bounded in size and time."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.addresses import read_networks
from core.webhooks import EventType
from serving.webhooks.guard import AddressRefused, GuardedBackend, GuardedTransport
from serving.webhooks.sending import N_ATTEMPTS, Webhook, WebhookEvent, WebhookUnavailable
from tests.serving.conftest import free_port
from tests.serving.webhooks.test_delivery import Receiver, receiver, webhook

NAME = "crm.example.com"
HERE = read_networks(["127.0.0.1"])


class Dns:
    """A name server whose answers the test gives; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = [*answers]
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a host."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def send(hook: Webhook) -> int:
    """The status of one event."""
    event = WebhookEvent(type=EventType.TASK_CREATED, timestamp=dt.datetime(2026, 9, 21, tzinfo=dt.UTC), data={})
    with hook.connect() as client:
        return hook.send(client, event, webhook_id="5f3a9c01d2b4e6f8")


def by_name(crm: Receiver, dns: Dns) -> Webhook:
    """The receiver, called by a name."""
    return replace(webhook(crm.address.replace("127.0.0.1", NAME)), resolver=dns)


def test_the_checked_address_is_the_one_connected_to_and_the_host_keeps_its_name():
    dns = Dns(["127.0.0.1"], ["10.0.0.1"])
    with receiver() as crm:
        assert send(by_name(crm, dns)) == 204

    assert dns.asked == [NAME]
    assert crm.requests[0][0]["host"].startswith(f"{NAME}:")


def test_each_new_connection_is_checked_again():
    dns = Dns(["127.0.0.1"], ["10.0.0.1"])
    with receiver() as crm:
        send(by_name(crm, dns))
        with pytest.raises(AddressRefused, match=r'10\.0\.0\.1, which .* set allow_addresses = \["10.0.0.1"\]'):
            send(by_name(crm, dns))


@pytest.mark.parametrize("other", ["10.0.0.1", "::1", "::ffff:169.254.169.254", "fe80::1%lo"])
def test_one_address_that_is_not_permitted_refuses_the_host(other):
    with receiver() as crm:
        with pytest.raises(AddressRefused):
            send(by_name(crm, Dns(["127.0.0.1", other])))
        assert crm.requests == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "[::ffff:127.0.0.1]"])
def test_other_spellings_of_this_host_are_refused(host):
    hook = replace(webhook(f"http://{host}:{free_port()}/"), allowed=())
    with pytest.raises(AddressRefused):
        send(hook)


def test_the_next_address_is_tried_if_the_first_does_not_respond():
    hook = replace(webhook("http://unused/"), allowed=read_networks(["127.0.0.0/8"]))
    with receiver() as crm:
        hook = replace(hook, address=crm.address, resolver=Dns(["127.0.0.2", "127.0.0.1"]))
        assert send(hook) == 204


def test_a_name_that_does_not_resolve_is_tried_again():
    waits: list[float] = []
    with pytest.raises(WebhookUnavailable, match="ConnectError"):
        send(webhook("http://nowhere.invalid/", waits))
    assert len(waits) == N_ATTEMPTS - 1


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with receiver() as crm:
        assert send(webhook(crm.address)) == 204


@contextmanager
def talker(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that talks to each connection as the test says; the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65_536)
                        talk(connection)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_response_without_end_is_not_read_to_its_end():
    sent = 0

    def talk(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65_536)

    with talker(talk) as address:
        assert send(webhook(address)) == 200
    assert sent < 50_000_000


def test_a_response_that_comes_byte_by_byte_ends_with_the_time_of_the_request():
    stop = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    with talker(talk) as address:
        transport = GuardedTransport(GuardedBackend(HERE, max_seconds=0.3))
        with httpx.Client(transport=transport, timeout=10) as client, pytest.raises(httpx.ReadTimeout):
            client.post(address)
        stop.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a certificate for NAME and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "crm.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + signed.public_bytes(encoding))
    return file


@pytest.mark.parametrize(("name", "is_accepted"), [(NAME, True), ("other.example.com", False)])
def test_the_certificate_has_to_be_that_of_the_name(certificate, monkeypatch, name, is_accepted):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiver(tls=context) as crm:
        hook = replace(webhook(crm.address.replace("127.0.0.1", name)), resolver=Dns(["127.0.0.1"]))
        if is_accepted:
            assert send(hook) == 204
            return
        with pytest.raises(WebhookUnavailable, match="ConnectError"):
            send(hook)
    assert crm.requests == []
