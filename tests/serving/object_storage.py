"""An S3 server on this host: moto's, which keeps objects in memory and checks access keys if asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx

from tests.serving.conftest import free_port, wait_until

ACCESS_KEY, SECRET_KEY = "AKIAKIZUNA", "kizuna-storage-secret"
VARIABLES = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class ObjectStorage:
    """A running server with the bucket `releases`."""

    endpoint: str
    process: subprocess.Popen[bytes]

    @property
    def variables(self) -> dict[str, str]:
        """What its clients need in their environment."""
        return VARIABLES | {"AWS_ENDPOINT_URL": self.endpoint}

    def client(self) -> Any:
        """A client of its own, to look behind what is tested."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def keys(self, folder: str) -> list[str]:
        """The names of all objects below a folder of the bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket="releases", Prefix=f"{folder}/")
        return [one["Key"].removeprefix(f"{folder}/") for page in pages for one in page.get("Contents", [])]

    @contextmanager
    def refusing_keys(self) -> Iterator[None]:
        """The server knows no access key inside the block."""
        self._check_keys_after("0")
        try:
            yield
        finally:
            self._check_keys_after("inf")

    def _check_keys_after(self, n_requests: str) -> None:
        headers = {"content-type": "text/plain"}
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=n_requests, headers=headers).raise_for_status()


@contextmanager
def run_object_storage(port: int | None = None) -> Iterator[ObjectStorage]:
    """Run the server; it answers inside the block."""
    port = port or free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(
        command, env=os.environ | VARIABLES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    storage = ObjectStorage(f"http://127.0.0.1:{port}", process)
    try:
        wait_until(lambda: _answers(storage.endpoint), "moto did not start")
        storage.client().create_bucket(Bucket="releases")
        yield storage
    finally:
        process.terminate()
        process.wait(20)


def _answers(endpoint: str) -> bool:
    try:
        return httpx.get(f"{endpoint}/moto-api/", timeout=1).status_code < 500
    except httpx.HTTPError:
        return False
