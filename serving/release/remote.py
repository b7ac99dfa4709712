"""Releases in S3-compatible storage or in a folder that several hosts read.

    <address>/<release_id>/...             uploaded first, release.json last
    <address>/current                      replaced at the end: the pointer to the active release

A release without release.json is one whose upload was interrupted; nothing reads it, and a later publication deletes
it. Hosts copy the active release to their own disk and compare the checksums; see `serving.release.pull`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
import msgspec

from core.environment import RELEASE_STORE
from core.errors import BadInput, BrokenArtifact, ConfigError, KizunaError, NotFound, SourceUnavailable
from core.files import describe_disk_fault, replace_file
from serving.release.integrity import DESCRIPTION, refuse_damage
from serving.release.release import ReleaseDescription, decode_description
from serving.release.releases import Activation, decode_activation, older_than

POINTER = "current"
S3, LOCAL = "s3", "file"
ADDRESS = re.compile(rf"({S3}|{LOCAL})://(/?[^?#@\\]+)")
S3_CLIENT: dict[str, Any] = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}}
"A storage that does not answer is noticed within seconds."
CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those of a user who may read and write there"
OWN_ERRORS = {
    "NoCredentialsError": f"has no credentials; {CREDENTIALS}",
    "PartialCredentialsError": f"has half of its credentials; {CREDENTIALS}",
    "ParamValidationError": "names a bucket that cannot exist",
}
"What errors of the S3 client mean, by the name of their class. Its texts contain addresses and keys."


@dataclass(frozen=True)
class RemoteReleases:
    """The releases of one data set, on storage that several hosts read."""

    address: str
    "s3://bucket/folder or file:///folder, without credentials."

    @classmethod
    def at(cls, address: str | None) -> RemoteReleases | None:
        """The releases at an address; None without one. Raises ConfigError for what is no address."""
        if not address:
            return None
        parts = ADDRESS.fullmatch(address.rstrip("/"))
        if parts is None or (parts[1] == LOCAL) != parts[2].startswith("/"):
            raise ConfigError(
                f"{RELEASE_STORE} takes s3://bucket/folder or file:///folder, and no password; S3's own variables "
                "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL) hold the rest"
            )
        if parts[1] == S3 and find_spec("s3fs") is None:
            raise ConfigError(f"{RELEASE_STORE} is on S3, which needs the Python package s3fs; install it")
        return cls(parts[0])

    @property
    def root(self) -> str:
        """The address as the file system writes it."""
        return self.address.partition("://")[2]

    @property
    def is_local(self) -> bool:
        """Whether it is a folder: folders inside it must be made, as they need not be in S3."""
        return self.address.startswith(f"{LOCAL}:")

    @cached_property
    def files(self) -> Any:
        """An fsspec file system, opened at the first use: S3's takes 60 MB of memory."""
        options: dict[str, Any] = {} if self.is_local else {"config_kwargs": S3_CLIENT}
        scheme = LOCAL if self.is_local else S3
        return fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True, **options)

    def active(self) -> Activation | None:
        """The activation of the active release; None before the first. Raises SourceUnavailable, BrokenArtifact."""
        with self._plain_errors():
            try:
                content = self.files.cat_file(f"{self.root}/{POINTER}")
            except FileNotFoundError:
                self._objects()  # raises where it is the bucket that is missing
                return None
        return decode_activation(content, f"{self.address}/{POINTER}")

    def release_ids(self) -> list[str]:
        """The ids of all complete releases, oldest first."""
        return _complete(self._objects())

    def describe(self, release_id: str) -> ReleaseDescription:
        """The description of a release. Raises BrokenArtifact if it is damaged."""
        with self._plain_errors():
            content = self.files.cat_file(f"{self.root}/{release_id}/{DESCRIPTION}")
        return decode_description(content, f"{self.address}/{release_id}/{DESCRIPTION}")

    def previous_id(self) -> str:
        """The newest complete release that is older than the active one. Raises NotFound where there is none."""
        active = self.active()
        if active is None:
            raise NotFound(f"there is no release in {self.address} yet; run `kizuna release`")
        return older_than(active.release_id, self.release_ids(), place=self.address)

    def refuse_other(self, data_set: str) -> None:
        """Raise BadInput where the active release is of another data set."""
        active = self.active()
        try:
            other = None if active is None else self.describe(active.release_id).data_set
        except BrokenArtifact:  # such as one of an earlier format
            return
        if other not in (None, data_set):
            raise BadInput(f"{self.address} has releases of '{other}'; give '{data_set}' a folder of its own")

    def publish(self, folder: Path, activation: Activation) -> None:
        """Copy a release there and make it the active one for every host."""
        self.upload(folder, activation.release_id)
        self.activate(activation)

    def upload(self, folder: Path, release_id: str) -> None:
        """Copy a release there, its description last. Raises SourceUnavailable where not all of it has arrived."""
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in _files_of(folder)}
        with self._plain_errors():
            names = [name for name in sizes if name != DESCRIPTION]
            targets = [f"{self.root}/{release_id}/{name}" for name in names]
            if self.is_local:
                for target in targets:
                    self.files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self.files.put([str(folder / name) for name in names], targets)
            self.files.put_file(str(folder / DESCRIPTION), f"{self.root}/{release_id}/{DESCRIPTION}")
        prefix = f"{release_id}/"
        arrived = {name.removeprefix(prefix): size for name, size in self._objects().items() if name.startswith(prefix)}
        if arrived != sizes:
            raise SourceUnavailable(f"not all of {release_id} has arrived in {self.address}; publish again")

    def activate(self, activation: Activation) -> None:
        """Make a release the active one for every host. The pointer is one object, and replaced as a whole."""
        content = msgspec.json.encode(activation)
        with self._plain_errors():
            if self.is_local:
                with replace_file(Path(self.root) / POINTER) as temporary:
                    temporary.write_bytes(content)
            else:
                self.files.pipe_file(f"{self.root}/{POINTER}", content)

    def download(self, release_id: str, folder: Path) -> None:
        """Copy a release into a new folder. Raises BrokenArtifact unless every file is as it was written."""
        folder.mkdir(parents=True)
        with self._plain_errors():
            self.files.get_file(f"{self.root}/{release_id}/{DESCRIPTION}", str(folder / DESCRIPTION))
            files = decode_description((folder / DESCRIPTION).read_bytes(), f"{release_id}/{DESCRIPTION}").files
            refuse_other_places(files, self.address)
            for path in {(folder / name).parent for name in files}:
                path.mkdir(parents=True, exist_ok=True)
            sources = [f"{self.root}/{release_id}/{name}" for name in files]
            self.files.get(sources, [str(folder / name) for name in files])
        refuse_damage(folder, files)

    def delete_oldest(self, keep: int) -> None:
        """Delete all but the newest `keep` releases and the active one, and what interrupted uploads have left."""
        active = self.active()
        objects = self._objects()
        kept = {*_complete(objects)[-max(keep, 1) :], *([active.release_id] if active else [])}
        oldest = min(kept, default="")
        # An upload that is newer than the oldest of these may be in progress on another host.
        names = {name.partition("/")[0] for name in objects if "/" in name}
        complete = set(_complete(objects))
        dropped = {name for name in names - kept if name in complete or name < oldest}
        paths = sorted(
            (name for name in objects if name.partition("/")[0] in dropped),
            key=lambda name: not name.endswith(f"/{DESCRIPTION}"),  # first, so that the rest is no release any more
        )
        with self._plain_errors():
            for path in paths:
                self.files.rm_file(f"{self.root}/{path}")
            if self.is_local:
                for name in dropped:
                    self.files.rm(f"{self.root}/{name}", recursive=True)

    def _objects(self) -> dict[str, int]:
        """The size of every object, by its path below the address."""
        with self._plain_errors():
            details: Mapping[str, Any] = self.files.find(self.root, detail=True)
        return {path.removeprefix(f"{self.root}/"): int(one["size"]) for path, one in details.items()}

    @contextmanager
    def _plain_errors(self) -> Generator[None]:
        """Turn errors of the storage into one line without keys or texts of libraries."""
        try:
            yield
        except KizunaError:
            raise
        # Each client has its own classes, few of which are OSErrors; their texts contain addresses and keys.
        except Exception as error:
            fault = describe_disk_fault(error) or f"{self.address} {self._explain(error)}"
            raise SourceUnavailable(fault) from error

    def _explain(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError):
            return "does not exist, or a part of it is missing; make the bucket first, or publish again"
        if self.is_local:
            return "cannot be read or written; check the folder"
        if isinstance(error, PermissionError):
            return f"refuses these credentials; {CREDENTIALS}"
        return OWN_ERRORS.get(type(error).__name__, "does not answer; check AWS_ENDPOINT_URL and the network")


def refuse_other_places(names: Mapping[str, str], place: str) -> None:
    """Raise BrokenArtifact for a file that would be written outside of the folder of its release."""
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise BrokenArtifact(f"a release in {place} lists a file outside of its folder; publish it again")


def _complete(objects: Mapping[str, int]) -> list[str]:
    """The releases whose description has arrived, oldest first."""
    suffix = f"/{DESCRIPTION}"
    return sorted(name.removesuffix(suffix) for name in objects if name.endswith(suffix) and name.count("/") == 1)


def _files_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
