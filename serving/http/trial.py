"""Requests that a release must answer before a worker switches to it, and before it is published.

A field of a request gets a value of the release by its name: three customers, an item, an account, a segment, an event.
Routes that wait for a disk or a database are left out: they fail for other reasons than the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from core.environment import DECISIONS_FILE, TASKS_FILE
from core.errors import BrokenArtifact
from serving.decisions.database import DecisionDatabase
from serving.http.problems import Problem
from serving.http.schema import Endpoint, Request, RequestContext
from serving.release.lookup import IdIndex
from serving.release.release import Release
from serving.release.verification import verify_release
from serving.stock import LiveStock, StockFile
from serving.tasks.database import TaskDatabase


def verify_answers(release: Release, endpoints: Sequence[Endpoint], *, folder: Path) -> None:
    """Raise BrokenArtifact where arrays of a release do not fit together, or a route cannot answer from it.

    `folder` contains the releases. The error names the route and the kind of fault, but no customer.
    """
    verify_release(release)
    _try_routes(release, endpoints, folder=folder)
    if release.experiment is not None:
        # Chance may give every customer of the examples to the champion.
        _try_routes(
            replace(release, recommender=release.experiment.challenger, experiment=None), endpoints, folder=folder
        )


def _try_routes(release: Release, endpoints: Sequence[Endpoint], *, folder: Path) -> None:
    context = RequestContext(
        release,
        LiveStock(StockFile(folder)),
        TaskDatabase.at(None, folder.parent / TASKS_FILE),
        DecisionDatabase.at(None, folder.parent / DECISIONS_FILE),
    )
    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder()
    for endpoint in endpoints:
        if endpoint.waits:
            continue
        for request in example_requests(endpoint.request, release):
            try:
                content = encoder.encode(endpoint.handle(request, context))
                decoder.decode(content)
                _compare_stored(endpoint, request, release=release, content=content)
            except Problem:
                continue  # the release lacks this model, and says so
            except Exception as error:  # arrays that do not fit raise errors of any kind
                raise BrokenArtifact(
                    f"release {release.description.release_id} cannot answer {endpoint.method} {endpoint.template} "
                    f"({type(error).__name__}); run `kizuna release`"
                ) from error


def _compare_stored(endpoint: Endpoint, request: Request, *, release: Release, content: bytes) -> None:
    """Raise ValueError where a stored answer differs from that of the handler."""
    stored = None if endpoint.stored is None else endpoint.stored(release)
    if stored is not None and stored.answer(msgspec.structs.asdict(request)["customer_ids"]) != content:
        raise ValueError("a stored answer is another one")


def example_requests(schema: type[Request], release: Release) -> Iterator[Request]:
    """Requests with values of the release in every required field and in `customer_id`; none where one has no value."""
    fields = msgspec.structs.fields(schema)
    required = [one for one in fields if one.required or one.encode_name == "customer_id"]
    values = {one.encode_name: _values_of(one.encode_name, release) for one in required}
    n_requests = min((len(some) for some in values.values()), default=1)
    for number in range(n_requests):
        yield msgspec.convert({name: some[number] for name, some in values.items()}, schema)


def _values_of(field: str, release: Release) -> list[Any]:
    """Values for a field by its name."""
    customers = _customers_of(release)
    recommender, segments, accounts, predict = release.recommender, release.segments, release.accounts, release.predict
    many: dict[str, Any] = {
        "customer_id": customers,
        "customer_ids": [customers] if customers else [],
        "customers": [{"customer_ids": customers}] if customers else [],
        "item_id": [] if recommender is None else recommender.model.item_ids[:1].tolist(),
        "account_ids": [] if accounts is None else [[name] for name in _some_of(accounts.index)],
        "name": [] if segments is None else [group.name for group in segments.groups][:1],
        "event": [] if predict is None else sorted(predict.events)[:1],
    }
    return many.get(field, [])


def _customers_of(release: Release) -> list[str]:
    """The first, a middle and the last customer of the first part that has customers."""
    recommender = release.recommender
    parts = (release.churn, release.value, release.segments, recommender and recommender.customers)
    for part in parts:
        if part is not None and len(part.index):
            return _some_of(part.index)
    return []


def _some_of(index: IdIndex) -> list[str]:
    n = len(index)
    return [index.name(row) for row in sorted({0, n // 2, n - 1})] if n else []
