"""The churn models, simplest first: of two equally good models, the first one is chosen."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.churn.additive import AdditiveModel

CHURN_MODELS: Catalogue[type[AdditiveModel]] = Catalogue.of_folder(
    "models.churn", attribute="MODEL", first=("base_rate", "recency", "logistic", "gradient_boosting", "blend")
)
