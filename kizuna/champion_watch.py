"""Follows the champions in MLflow's registry, and the challenger of an experiment: publishes a release when one moves.

    @champion of each kind    the newest release
    churn 4, recommender 2    churn 3, recommender 2    churn moved: `kizuna release` runs, in a process of its own

The newest release counts, not the active one: after `kizuna release --rollback` nothing has moved. Neither a stopped
MLflow server nor a release that is refused ends the watch; both are tried again, at growing intervals.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, BrokenArtifact, KizunaError, SourceUnavailable
from core.recommender_experiment import MODEL_OF_ARM, Arm

if TYPE_CHECKING:
    from serving.release.releases import Releases
    from serving.release.remote import RemoteReleases

LOCK = ".watch-lock"
"In the folder of releases; contains who has locked it."
MAX_WAIT = 60.0
"Seconds between two looks at a store that does not answer, at most."
MAX_RELEASE_WAIT = 900.0
"Seconds between two attempts to publish the same champions, at most. An attempt scores every customer."

Versions = Mapping[str, int]
"The version of each champion, by kind, and of the challenger in an experiment."


@dataclass(frozen=True)
class WatchSources:
    """What a watch reads, and what it does when a champion has moved."""

    read_champions: Callable[[], Versions]
    "From MLflow. Raises a KizunaError where the store does not answer."
    read_released: Callable[[], Versions]
    "Those of the newest release; empty before the first."
    publish: Callable[[str], str]
    "Publishes a release for a reason, and describes it in a line. Raises a KizunaError where it is refused."


class ChampionWatch:
    """Compares the champions with those of the newest release, again and again."""

    def __init__(self, sources: WatchSources, *, note: Callable[[str], None], interval_seconds: float) -> None:
        self._sources = sources
        self._note = note
        self._interval = interval_seconds
        self._problem = ""
        self._look_wait = interval_seconds
        self._published: Versions | None = None
        self._refused: Versions | None = None
        self._release_wait = interval_seconds
        self._due_at = 0.0

    def look(self) -> bool:
        """Publish a release if a champion has moved; returns whether one was published. Raises a KizunaError."""
        return self._publish_moved(self._sources.read_champions())

    def run(self) -> None:
        """Look until an interruption; what fails is noted and tried again."""
        while True:
            time.sleep(self.look_and_wait())

    def look_and_wait(self) -> float:
        """Look once, and return the seconds until the next look. Raises nothing but interruptions."""
        try:
            champions = self._sources.read_champions()
        except Exception as error:  # noqa: BLE001 - whatever it is, the watch goes on
            return self._back_off(describe_failure(error))
        if self._problem:
            self._note("MLflow's store answers again")
        self._problem, self._look_wait = "", self._interval
        if champions == self._refused and time.monotonic() < self._due_at:
            return self._interval
        try:
            self._publish_moved(champions)
            self._refused = None
        except Exception as error:  # noqa: BLE001 - the same
            self._refuse(champions, describe_failure(error))
        return self._interval

    def _publish_moved(self, champions: Versions) -> bool:
        released = self._sources.read_released()
        if champions in (released, self._published):
            return False
        moves = describe_moves(released, champions)
        if champions != self._refused:
            self._note(f"{moves}; publishing a release")
        self._note(self._sources.publish(moves))
        self._published = champions
        return True

    def _back_off(self, problem: str) -> float:
        if problem != self._problem:
            self._note(f"{problem}; the watch goes on")
            self._problem, self._look_wait = problem, self._interval
        else:
            self._look_wait = min(2 * self._look_wait, max(MAX_WAIT, self._interval))
        return self._look_wait

    def _refuse(self, champions: Versions, problem: str) -> None:
        """Note that no release was published, and when the same champions are tried again."""
        is_same = champions == self._refused
        longest = max(MAX_RELEASE_WAIT, self._interval)
        self._release_wait = min(2 * self._release_wait, longest) if is_same else self._interval
        self._refused, self._due_at = champions, time.monotonic() + self._release_wait
        self._note(f"not published, the active release stays: {problem}; next attempt in {self._release_wait:g} s")


def describe_moves(before: Versions, after: Versions) -> str:
    """What has moved, in a line: 'champion of churn: version 4 instead of 3'."""
    challenger = MODEL_OF_ARM[Arm.CHALLENGER]
    moved = [kind for kind in sorted({*before, *after}) if before.get(kind) != after.get(kind)]
    moves = [_describe_move(kind, old=before.get(kind), new=after.get(kind)) for kind in moved if kind != challenger]
    lines = ["champion of " + ", ".join(moves)] if moves else []
    if challenger in moved:
        old, new = before.get(challenger), after.get(challenger)
        lines.append(_describe_move("challenger in the experiment", old=old, new=new))
    return "; ".join(lines)


def _describe_move(name: str, *, old: int | None, new: int | None) -> str:
    if new is None:
        return f"{name}: none instead of version {old}"
    return f"{name}: version {new}" + ("" if old is None else f" instead of {old}")


def describe_failure(error: Exception) -> str:
    """An error in a line; of those that are not ours only the kind."""
    return str(error) if isinstance(error, KizunaError) else f"internal error: {type(error).__name__}"


def read_released_champions(releases: Releases | RemoteReleases) -> Versions:
    """The champions of the newest release; empty where there is none, or where it cannot be read."""
    release_ids = releases.release_ids()
    if not release_ids:
        return {}
    try:
        description = releases.describe(release_ids[-1])
    except BrokenArtifact:  # such as one of an earlier format: it is time for another one
        return {}
    return description.champions or {kind: model.version for kind, model in description.models.items()}


def publish_in_process(config: Path, *, keep: int) -> Callable[[str], str]:
    """A function that runs `kizuna release` in a process of its own, whose memory is free again when it ends."""

    def publish(reason: str) -> str:
        # -P: a folder of the user's that is called `core` or `tables` is not ours.
        command = [sys.executable, "-P", "-m", "kizuna", "release", "--config", str(config), "--keep", str(keep)]
        command += ["--reason", reason, "--format", "json"]
        output, errors, code = _run(command)
        if code:
            line = (errors.strip().splitlines() or [f"kizuna release ended with exit code {code}"])[-1]
            raise (BadInput if code == BadInput.exit_code else KizunaError)(line.removeprefix("kizuna: "))
        release = json.loads(output)["release"]
        return f"published and activated {release['release_id']}, cutoff {release['cutoff']}"

    return publish


def _run(command: list[str]) -> tuple[str, str, int]:
    """Output, error output and exit code of a process, which does not outlive this one."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        output, errors = process.communicate()
    except BaseException:
        process.terminate()
        process.communicate()
        raise
    return output, errors, process.returncode


@contextmanager
def lock_watch(folder: Path) -> Generator[None]:
    """One watch for each folder of releases. Raises SourceUnavailable where there is another one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise SourceUnavailable(
                f"another `kizuna watch` ({lock.read().strip()}) publishes into {folder}; stop it first"
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {platform.node()}")
        lock.flush()
        yield
