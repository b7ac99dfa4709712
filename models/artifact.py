"""The stored form of a fitted model: JSON, text and arrays in a folder, never a pickle.

<folder>/artifact.json      format version, model name, settings and state
<folder>/<name>.npy         one array per array, so that it can be memory-mapped
<folder>/<name>.txt         a LightGBM booster
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenArtifact

FORMAT_VERSION = 2


@dataclass(frozen=True)
class Artifact:
    """The parts of a fitted model: `state` is JSON, `arrays` are numpy without objects, `texts` are strings."""

    model: str
    "The name, in its catalogue, of the class that reads it."
    state: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the artifact into a folder, which is created."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self.arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        for name, text in self.texts.items():
            (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        contents = {
            "format_version": FORMAT_VERSION,
            "model": self.model,
            "state": self.state,
            "arrays": sorted(self.arrays),
            "texts": sorted(self.texts),
        }
        (folder / "artifact.json").write_bytes(msgspec.json.format(msgspec.json.encode(contents)))

    @classmethod
    def read(cls, folder: Path, *, memory_map: bool = False) -> Artifact:
        """Read an artifact. With `memory_map`, the arrays stay on disk and are mapped into memory.

        Raises BrokenArtifact where a part is missing, damaged or of another format version.
        """
        try:
            contents = msgspec.json.decode((folder / "artifact.json").read_bytes())
            if contents["format_version"] != FORMAT_VERSION:
                raise BrokenArtifact(
                    f"{folder} has artifact format {contents['format_version']}, this version reads "
                    f"{FORMAT_VERSION}; train again"
                )
            mode = "r" if memory_map else None
            arrays = {
                name: np.load(folder / f"{name}.npy", mmap_mode=mode, allow_pickle=False) for name in contents["arrays"]
            }
            texts = {name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in contents["texts"]}
            return cls(contents["model"], contents["state"], arrays, texts)
        except (OSError, LookupError, ValueError, TypeError, msgspec.DecodeError) as fault:
            raise BrokenArtifact(
                f"the artifact in {folder} cannot be read ({fault}); train or release again"
            ) from fault
