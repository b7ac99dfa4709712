"""The hazard models, simplest first: of two equally good models, the first one is chosen."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.hazard.hazard import Hazard

HAZARD_MODELS: Catalogue[type[Hazard]] = Catalogue.of_folder(
    "models.hazard", attribute="MODEL", first=("kaplan_meier", "logistic_hazard", "boosted_hazard")
)
