"""A split as files, so that each model is fitted and asked in a process of its own, ours or a peer's.

<folder>/learnt_from.npz    interactions: customer_ids, item_ids, indptr, items, times, quantities, orders, anonymous_*
<folder>/asking.npz         the same arrays of those who are asked for
<folder>/asked.npz          asked_on (day of each), cutoff, masks_seen
<folder>/truth.npz          what they bought; only the judge reads it

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

from core.interactions import Histories, Interactions
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split

Lines = TypeVar("Lines", bound=Histories)


def write_split(split: Split, folder: Path) -> Path:
    """Write the files of a split into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("learnt_from", split.training), ("asking", split.histories), ("truth", split.truth)):
        np.savez(folder / f"{name}.npz", **{knob.name: getattr(lines, knob.name) for knob in fields(lines)})
    cutoff = np.datetime64(split.cutoff, "D")
    np.savez(folder / "asked.npz", asked_on=split.days, cutoff=cutoff, masks_seen=np.array(split.masks_seen))
    return folder


def read_split(folder: Path) -> Split:
    """The split of these files."""
    with np.load(folder / "asked.npz", allow_pickle=False) as asked:
        asked_on, masks_seen = asked["asked_on"], bool(asked["masks_seen"])
        cutoff = date.fromisoformat(str(asked["cutoff"]))
    return Split(
        training=_read(folder / "learnt_from.npz", Interactions),
        histories=_read(folder / "asking.npz", Histories),
        truth=_read(folder / "truth.npz", Histories),
        cutoff=cutoff,
        days=asked_on,
        masks_seen=masks_seen,
    )


def write_items(items: np.ndarray, path: Path) -> None:
    """Write (n, k) recommended codes of the catalogue learnt from, -1 where there is none."""
    np.save(path, items.astype(np.int32), allow_pickle=False)


def read_answers(path: Path, split: Split) -> Recommendations:
    """Recommended codes of a split, with the ids that they mean; scores and stages are not handed over."""
    items = np.load(path, allow_pickle=False)
    return answers_of(items, split.histories.customer_ids, split.training.item_ids)


def answers_of(items: np.ndarray, customer_ids: np.ndarray, item_ids: np.ndarray) -> Recommendations:
    """Recommendations that are nothing but (n, k) codes."""
    nothing = np.full(items.shape, -1, dtype=np.int32)
    scores = np.full(items.shape, np.nan, dtype=np.float32)
    return Recommendations(
        customer_ids=customer_ids,
        item_ids=item_ids,
        items=items,
        scores=scores,
        stages=nothing.astype(np.int8),
        contributors=nothing,
        shortfalls=("",) * len(customer_ids),
    )


def digest_of(paths: Iterable[Path], *said: str) -> str:
    """What these files and words are, in 16 letters: the same again only where nothing has changed."""
    found = hashlib.sha256("\0".join(said).encode())
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _read(path: Path, kind: type[Lines]) -> Lines:
    with np.load(path, allow_pickle=False) as arrays:
        return kind(**{name: arrays[name] for name in arrays.files})
