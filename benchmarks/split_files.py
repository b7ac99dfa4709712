"""Writes a split to files, so that each model, ours or a peer's, is fitted in its own process.

<folder>/training.npz       interactions: customer_ids, item_ids, indptr, items, times, quantities, orders, anonymous_*
<folder>/histories.npz      the same arrays of the customers who get recommendations
<folder>/request.npz        days (the day of each of them), cutoff, masks_seen
<folder>/truth.npz          what they bought; only the evaluation reads it

Plain numpy arrays without objects: a process that has only numpy can read them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, Interactions
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split

Lines = TypeVar("Lines", bound=Histories)


def write_split(split: Split, folder: Path) -> Path:
    """Write the files of a split into a folder; create it if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("training", split.training), ("histories", split.histories), ("truth", split.truth)):
        np.savez(folder / f"{name}.npz", **{column.name: getattr(lines, column.name) for column in fields(lines)})
    cutoff = np.datetime64(split.cutoff, "D")
    np.savez(folder / "request.npz", days=split.days, cutoff=cutoff, masks_seen=np.array(split.masks_seen))
    return folder


def read_split(folder: Path) -> Split:
    """Read a split from its files."""
    with np.load(folder / "request.npz", allow_pickle=False) as query:
        days, masks_seen = query["days"], bool(query["masks_seen"])
        cutoff = date.fromisoformat(str(query["cutoff"]))
    return Split(
        training=_read(folder / "training.npz", Interactions),
        histories=_read(folder / "histories.npz", Histories),
        truth=_read(folder / "truth.npz", Histories),
        cutoff=cutoff,
        days=days,
        masks_seen=masks_seen,
    )


def write_items(items: NDArray[np.integer], path: Path) -> None:
    """Write recommended items, (n, k) codes of the training catalogue; -1 is no item."""
    np.save(path, items.astype(np.int32), allow_pickle=False)


def read_answers(path: Path, split: Split) -> Recommendations:
    """Read recommended items and decode their ids. Scores and stages are not in the file."""
    items = np.load(path, allow_pickle=False)
    return recommendations_of(items, split.histories.customer_ids, item_ids=split.training.item_ids)


def recommendations_of(
    items: NDArray[np.int32], customer_ids: NDArray[np.str_], *, item_ids: NDArray[np.str_]
) -> Recommendations:
    """Recommendations of (n, k) item codes, without scores or stages."""
    none = np.full(items.shape, -1, dtype=np.int32)
    scores = np.full(items.shape, np.nan, dtype=np.float32)
    return Recommendations(
        customer_ids=customer_ids,
        item_ids=item_ids,
        items=items,
        scores=scores,
        stages=none.astype(np.int8),
        contributors=none,
        shortfalls=("",) * len(customer_ids),
    )


def digest_of_files(paths: Iterable[Path], *texts: str) -> str:
    """The first 16 hex digits of SHA-256 over the texts and the contents of the files."""
    digest = hashlib.sha256("\0".join(texts).encode())
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _read(path: Path, kind: type[Lines]) -> Lines:
    with np.load(path, allow_pickle=False) as arrays:
        return kind(**{name: arrays[name] for name in arrays.files})
