"""The champion as a model that adds up log-odds, for whoever asks what a departure is laid on."""

from __future__ import annotations

from core.errors import BadInput
from models.churn.additive import AdditiveModel
from models.churn.catalogue import CHURN_MODELS
from models.mlflow_store.registry import CHAMPION, Registry


def additive_champion(registry: Registry) -> AdditiveModel:
    """The data set's churn champion. Raises NotFound where there is none, BadInput where it adds up nothing."""
    artifact = registry.artifact(registry.find("churn", CHAMPION))
    model = CHURN_MODELS[artifact.model].from_artifact(artifact)
    if not isinstance(model, AdditiveModel) or not model.columns_:
        raise BadInput(
            f"the champion is {artifact.model}, which knows no reasons; promote one that does: kizuna promote churn"
        )
    return model
