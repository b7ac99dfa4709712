"""The BentoML service: runs the HTTP application on the releases in the folder KIZUNA_RELEASES.

BentoML's own access log (it would contain ids), metrics (unbounded labels) and tracing (the largest single cost of a
request) are off; see docs/decisions/0001-http-layer.md.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from core import environment
from core.environment import (
    DECISIONS_FILE,
    EVENTS_FILE,
    KEY_LIMITS_FILE,
    KEYS_FILE,
    LEDGER_FILE,
    METRICS_FOLDER,
    TASKS_FILE,
)
from core.errors import ConfigError
from core.files import write_for_owner_only
from serving.decisions.database import DecisionDatabase
from serving.http.app import ANSWER_SECONDS, Api, all_endpoints
from serving.http.gate import Gate
from serving.http.live import ActivationLog, LiveRelease, LiveReleaseHooks, describe_activation
from serving.http.metric_files import MetricFiles
from serving.http.metrics import ServiceMetrics
from serving.http.trial import verify_answers
from serving.journal.live import JournalPlace, LiveJournals
from serving.keys.database import KeyDatabase
from serving.keys.file import KeyFile
from serving.keys.limits import KeyLimits
from serving.keys.live import LiveKeys
from serving.keys.sync import KeySync
from serving.release.pull import ReleasePull
from serving.release.release import Release
from serving.release.releases import Activation, Releases
from serving.release.remote import RemoteReleases
from serving.tasks.database import TaskDatabase

logger = logging.getLogger("kizuna.serving")

SWITCH_SECONDS = 0.001
"How long a thread waits for another one: the one that stores events waits several times for each commit."
STATEMENT_SECONDS = 2.0
"""How long a store's database may take. One that hangs takes twice as long, to find out and to connect anew, so that
the thread of a request ends before `ANSWER_SECONDS`."""
FIRST_WORKER = (None, 0, 1)
"It alone logs an activation; all workers switch to the release. Without workers there is no index."
SERVICE_OPTIONS: dict[str, Any] = {
    "metrics": {"enabled": False},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
    "traffic": {"timeout": math.ceil(ANSWER_SECONDS)},
}


def create_pull(metrics: ServiceMetrics) -> ReleasePull | None:
    """What copies releases from shared storage to this host, where there is any; not started yet."""
    try:
        remote = RemoteReleases.at(os.environ.get(environment.RELEASE_STORE))
    except ConfigError as error:
        raise SystemExit(f"kizuna: {error}") from error
    return None if remote is None else ReleasePull(remote, Releases(FOLDER), failed=metrics.count_failure)


def create_live_release(metrics: ServiceMetrics, pull: ReleasePull | None) -> LiveRelease:
    """The active release of this worker; not started yet."""
    folder = FOLDER
    activation_log = ActivationLog(LEDGER, platform.node())

    def on_activation(release: Release, activation: Activation) -> None:
        metrics.count_activation()
        JOURNALS.of(release)
        if bentoml.server_context.worker_index in FIRST_WORKER:
            logger.info("%s", describe_activation(release, activation))
        activation_log.record(release, activation)

    def verify(release: Release) -> None:
        verify_answers(release, all_endpoints(), folder=folder)
        JOURNALS.prepare(release)

    hooks = LiveReleaseHooks(on_activation, metrics.count_failure, verify)
    if pull is not None:
        hooks = replace(hooks, seconds_since_look=lambda: pull.seconds_since_look)
    return LiveRelease(Releases(folder), hooks)


def create_keys(live: LiveRelease, database_url: str | None) -> LiveKeys:
    """The keys in the database, or beside the releases."""
    file = KeyFile(live.folder.parent / KEYS_FILE)
    if database_url and file.path.exists():
        logger.warning("%s is not read, because the keys are in the database", file.path)
    return LiveKeys(None if database_url else file)


def create_key_sync(keys: LiveKeys, limits: KeyLimits, *, database_url: str | None) -> KeySync | None:
    """The thread that exchanges keys and requests a day with the database, where there is one."""
    if not database_url:
        return None

    def data_set() -> str | None:
        return None if LIVE.current is None else LIVE.current.description.data_set

    database = KeyDatabase.at(database_url, LIVE.folder.parent / KEYS_FILE, answer_seconds=STATEMENT_SECONDS)
    return KeySync(keys, limits, database=database, data_set=data_set)


def create_gate(keys: LiveKeys, limits: KeyLimits) -> Gate:
    """Who is answered."""
    hosts = os.environ.get(environment.HOSTS, "").lower().split(",")
    return Gate(
        keys=keys,
        limits=limits,
        hosts=frozenset(host.strip() for host in hosts if host.strip()),
        without_keys=bool(os.environ.get(environment.WITHOUT_KEYS)),
    )


N_WORKERS = int(os.environ.get(environment.WORKERS, "1"))
FOLDER = Path(os.environ.get(environment.RELEASES, "releases"))
LEDGER = Path(os.environ.get(environment.LEDGER, FOLDER.parent / LEDGER_FILE))
METRICS = ServiceMetrics()
PULL = create_pull(METRICS)
LIVE = create_live_release(METRICS, PULL)
DATABASE_URL = os.environ.get(environment.DATABASE_URL)
KEYS = create_keys(LIVE, DATABASE_URL)
LIMITS = KeyLimits(LIVE.folder.parent / KEY_LIMITS_FILE, n_workers=N_WORKERS, has_database=bool(DATABASE_URL))
KEY_SYNC = create_key_sync(KEYS, LIMITS, database_url=DATABASE_URL)
TASKS = TaskDatabase.at(DATABASE_URL, LIVE.folder.parent / TASKS_FILE, answer_seconds=STATEMENT_SECONDS)
DECISIONS = DecisionDatabase.at(DATABASE_URL, LIVE.folder.parent / DECISIONS_FILE, answer_seconds=STATEMENT_SECONDS)
JOURNALS = LiveJournals(JournalPlace(DATABASE_URL, LIVE.folder.parent / EVENTS_FILE))


class Front:
    """Answers every request before BentoML's router sees it, /livez as well: BentoML's errors are no problems."""

    def __init__(self, app: ASGIApp) -> None:
        self._bentoml = app
        gate = create_gate(KEYS, LIMITS)
        self._api = Api(
            LIVE,
            all_endpoints(),
            metrics=METRICS,
            tasks=TASKS,
            decisions=DECISIONS,
            journals=JOURNALS,
            gate=gate,
            ledger=LEDGER,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        is_own = scope["type"] in ("http", "websocket")
        await (self._api if is_own else self._bentoml)(scope, receive, send)


@bentoml.service(
    name="kizuna",
    workers=N_WORKERS,
    **SERVICE_OPTIONS,
)
class Kizuna:
    """Responds from the active release, and switches to a newer one without a restart."""

    @bentoml.on_deployment
    @staticmethod
    def resolve_paths() -> None:
        """Before any worker starts: name this start, and make paths absolute for their other working directory."""
        if environment.RELEASES not in os.environ:
            raise SystemExit(f"kizuna: set {environment.RELEASES} to a release folder, such as var/<data set>/releases")
        os.environ[environment.SERVICE_ID] = f"{time.time_ns():x}-{os.getpid()}"
        for name in (environment.RELEASES, environment.LEDGER):
            if name in os.environ:
                os.environ[name] = str(Path(os.environ[name]).resolve())

    def __init__(self) -> None:
        write_for_owner_only()
        # BentoML's handler writes these lines in the format of its own; without a level they begin at warnings.
        logger.setLevel(logging.INFO)
        sys.setswitchinterval(SWITCH_SECONDS)
        service_id = os.environ.get(environment.SERVICE_ID, "alone")
        METRICS.start(MetricFiles(LIVE.folder.parent / METRICS_FOLDER, service_id))
        LIVE.start()
        if PULL is not None:
            PULL.start()
        if KEY_SYNC is not None:
            KEY_SYNC.start()
        KEYS.refresh()  # reads the file of keys, which would take the first request 5 ms
        # What is loaded now stays. Without this, collections of garbage search through all of it during requests.
        gc.collect()
        gc.freeze()

    def __is_ready__(self) -> bool:
        return LIVE.current is not None

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Stop watching for releases, storage and keys; store the events that wait, and what was counted."""
        if PULL is not None:
            PULL.stop()
        LIVE.stop()
        if KEY_SYNC is not None:
            KEY_SYNC.stop()
        JOURNALS.stop()
        METRICS.stop()


Kizuna.add_asgi_middleware(Front)  # pyright: ignore[reportArgumentType] - its protocol describes a function
