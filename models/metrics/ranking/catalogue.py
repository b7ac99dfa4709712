"""The families of ranking metrics and the evaluation protocols, discovered in this folder and in `protocols/`."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.metrics.ranking.data import MetricFamily
from models.metrics.ranking.splits import EvaluationProtocol

METRIC_FAMILIES: Catalogue[MetricFamily] = Catalogue.of_folder(
    "models.metrics.ranking",
    attribute="METRICS",
    first=("accuracy", "repeats", "variety", "activity", "categories"),
)
"A module that defines `METRICS` is a family; the order is that of reports."

PROTOCOLS: Catalogue[type[EvaluationProtocol]] = Catalogue.of_folder(
    "models.metrics.ranking.protocols", attribute="PROTOCOL"
)
"A module that defines `PROTOCOL` is a protocol of the module's name."
