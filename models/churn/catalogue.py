"""The churn models, simplest first: where two are equally good, the one that stands first is taken."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.churn.base_rate import BaseRate
from models.churn.blend import Blend
from models.churn.gradient_boosting import GradientBoosting
from models.churn.logistic import Logistic
from models.churn.recency import Recency
from models.protocols import ChurnModel

CHURN_MODELS: Catalogue[type[ChurnModel]] = Catalogue(
    "models.churn",
    {kind.name: kind for kind in (BaseRate, Recency, Logistic, GradientBoosting, Blend)},
)
