"""A fitted model with its card and its feature columns.

<folder>/card.json       the model card
<folder>/columns.json    the features of a churn or hazard model, in order, with their vocabularies
<folder>/customers.npy   digests of the customers that a model was fitted on, where the data have no dates
<folder>/model/          the artifact
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenArtifact
from core.feature_table import FeatureColumn
from core.model_card import ModelCard
from models.artifact import Artifact

CUSTOMERS = "customers.npy"


@dataclass(frozen=True)
class ModelPackage:
    """The unit that is registered, released and loaded. It holds everything that scoring needs."""

    card: ModelCard
    artifact: Artifact
    columns: tuple[FeatureColumn, ...] = ()
    "The features that the model was fitted on; empty for recommenders and text models."
    customers: NDArray[np.uint64] | None = None
    "Digests of the customers that it was fitted on, where no date tells which ones came later."

    @property
    def vocabularies(self) -> dict[str, tuple[str, ...]]:
        """The words behind the codes of each categorical feature, for `compute_features`."""
        return {column.name: column.vocabulary for column in self.columns if column.vocabulary is not None}

    def write(self, folder: Path) -> None:
        """Write the package into a folder, which is created."""
        self.artifact.write(folder / "model")
        (folder / "card.json").write_bytes(msgspec.json.format(msgspec.json.encode(self.card)))
        (folder / "columns.json").write_bytes(msgspec.json.format(msgspec.json.encode(self.columns)))
        if self.customers is not None:
            np.save(folder / CUSTOMERS, self.customers, allow_pickle=False)

    @classmethod
    def read(cls, folder: Path) -> ModelPackage:
        """Read a package. Raises BrokenArtifact where a part is missing or damaged."""
        try:
            columns = msgspec.json.decode((folder / "columns.json").read_bytes(), type=tuple[FeatureColumn, ...])
        except (OSError, msgspec.DecodeError) as fault:
            raise BrokenArtifact(f"{folder}/columns.json cannot be read ({fault}); train again") from fault
        customers = np.load(folder / CUSTOMERS, allow_pickle=False) if (folder / CUSTOMERS).exists() else None
        return cls(read_card(folder), Artifact.read(folder / "model"), columns, customers)

    def with_version(self, version: int) -> ModelPackage:
        """The same package with the version that the registry assigned."""
        return replace(self, card=msgspec.structs.replace(self.card, version=version))


def read_card(folder: Path) -> ModelCard:
    """The card of the package in a folder, without the model. Raises BrokenArtifact."""
    try:
        return msgspec.json.decode((folder / "card.json").read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError) as fault:
        raise BrokenArtifact(f"{folder}/card.json cannot be read ({fault}); train again") from fault
