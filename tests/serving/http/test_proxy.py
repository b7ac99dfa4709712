"""nginx with docs/deployment/nginx.conf ends what the service itself would bear: huge headers, idle clients, floods.

Ports, certificates and temporary folders are those of the test, and times are shortened to a second.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from serving.http.schema import BODY_LIMIT
from tests.serving.conftest import PROJECT, free_port, wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
NAME = "api.example.com"
REQUEST = f"GET /readyz HTTP/1.1\r\nHost: {NAME}\r\n".encode()


def write_certificate(folder):
    """A key and a certificate that it has signed itself."""
    key, name = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    certificate = builder.not_valid_after(now + timedelta(days=1)).sign(key, SHA256())
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture(scope="module")
def port(service, tmp_path_factory):
    """The port of nginx, which forwards to the running service."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    write_certificate(folder)
    text = (PROJECT / "docs/deployment/nginx.conf").read_text()
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}").replace("/etc/ssl/kizuna", str(folder))
    text = text.replace("/var/log/nginx", str(folder)).replace(
        "127.0.0.1:3000", service.address.removeprefix("http://")
    )
    text = re.sub(r"((?:header|keepalive)_timeout) \d+s", r"\1 1s", text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text = text.replace("http {", "http {" + "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds), 1)
    (folder / "nginx.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    options = f"daemon off; pid {folder}/pid; {user}"
    command = [NGINX, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log", "-g", options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port), f"nginx did not start; see {folder}/log")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port):
    """Whether something listens."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def connect(port):
    """A TLS connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname=NAME)


def read_to_end(connection):
    """Everything until the other side closes."""
    content = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError, BrokenPipeError):
        while chunk := connection.recv(65_536):
            content += chunk
    return content


def send(port, method, path, **options):
    """One request through nginx."""
    headers = {"host": NAME} | options.pop("headers", {})
    with httpx.Client(verify=False) as client:
        return client.request(method, f"https://127.0.0.1:{port}{path}", headers=headers, **options)


def test_requests_are_forwarded_and_do_not_pass_as_those_of_this_host(port):
    assert send(port, "GET", "/readyz").headers["strict-transport-security"] == "max-age=31536000"
    assert send(port, "GET", "/v1/models").status_code == 421, "the service gets the name that the client has sent"
    response = send(port, "GET", "/v1/models", headers={"host": "localhost"})
    assert (response.status_code, response.json()["type"]) == (403, "urn:kizuna:problem:forbidden")


def test_a_body_above_the_limit_is_a_problem(port):
    response = send(port, "POST", "/v1/churn/score", content=b" " * (BODY_LIMIT + 1))
    assert (response.status_code, response.json()["type"]) == (413, "urn:kizuna:problem:too-large")
    assert response.headers["content-type"] == "application/problem+json"


def test_forty_megabytes_of_headers_are_refused(port):
    with connect(port) as connection:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            connection.sendall(REQUEST)
            for _ in range(40 * 16):
                connection.sendall(b"x: " + b"a" * 65_536 + b"\r\n")
        assert b"400 Request Header Or Cookie Too Large" in read_to_end(connection)
    assert send(port, "GET", "/readyz").is_success


@pytest.mark.parametrize(
    "start", [b"", REQUEST, REQUEST + b"\r\n"], ids=["idle", "slow header", "idle after a request"]
)
def test_a_connection_that_sends_nothing_more_is_ended(port, start):
    with connect(port) as connection:
        connection.sendall(start)
        content = read_to_end(connection)
    assert content.count(b"HTTP/1.1 200") == (1 if start.endswith(b"\r\n\r\n") else 0)


def test_an_address_has_64_requests_in_progress_at_most(port):
    start = f"POST /v1/churn/score HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 100\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        connections: list[ssl.SSLSocket] = []
        for _ in range(66):
            connections.append(stack.enter_context(connect(port)))
            connections[-1].sendall(start)
        assert [connection.recv(12) for connection in connections[64:]] == [b"HTTP/1.1 429"] * 2


def test_a_flood_is_ended(port):
    with connect(port) as connection:
        connection.sendall((REQUEST + b"\r\n") * 1_200)
        content = read_to_end(connection)
    assert content.count(b"HTTP/1.1 ") == 1_000, "a connection ends after 1,000 requests"
    assert content.count(b"HTTP/1.1 200") < 900
    assert content.count(b"HTTP/1.1 429") > 100
    assert b"Retry-After: 1" in content
    wait_until(lambda: send(port, "GET", "/readyz").is_success, "the address is never answered again")
