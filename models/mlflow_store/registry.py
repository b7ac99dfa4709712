"""The registered versions of each kind of model and their aliases, in MLflow's registry.

Every version is a pyfunc model whose code is `models.mlflow_store.pyfunc_<kind>` and whose data is a ModelPackage, so
nothing is pickled. MLflow keeps no history of alias moves: training/run/pipeline.py records them in the ledger.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import mlflow.artifacts
import mlflow.pyfunc
import msgspec
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import DataType, ParamSchema, ParamSpec

from core.catalogue import Catalogue
from core.environment import MLFLOW_TRACKING_URI
from core.errors import BadInput, NotFound, SourceUnavailable
from core.files import describe_disk_fault, name_place
from core.model_card import ModelCard
from core.model_kinds import CHURN, HAZARD, RECOMMENDER, TEXTS, Capability, ModelKind, find_kind
from core.redaction import redact
from models.artifact import Artifact
from models.churn.additive import CHURN_MODELS
from models.hazard.hazard import HAZARD_MODELS, Hazard
from models.mlflow_store.new_store import SQLITE, create_store, refuse_unusable
from models.mlflow_store.package import ModelPackage, read_card
from models.mlflow_store.reachable import refuse_unreachable
from models.protocols import AdditiveChurnModel, ChurnModel, is_additive
from models.texts.text_model import TextModel

CHAMPION, CHALLENGER = "champion", "challenger"
PIP_PACKAGES = ("mlflow", "lightgbm", "msgspec", "numpy", "pandas", "scipy")
MAX_RESULTS = 1_000
"Of a search in MLflow, its own limit."


class RegisteredVersion(msgspec.Struct, frozen=True):
    """One version in the registry."""

    version: int
    aliases: tuple[str, ...]
    card: ModelCard
    "Its `version` is filled in."
    run_id: str
    folder: str
    "The folder of its package: a path or an address that MLflow can read."


class Registry:
    """The registered models of one data set."""

    def __init__(self, tracking_uri: str, data_set: str) -> None:
        self.tracking_uri = tracking_uri
        self.data_set = data_set
        self._client = open_store(tracking_uri)

    def name(self, kind: str) -> str:
        """The name in MLflow, e.g. kizuna.shop.churn."""
        return f"kizuna.{self.data_set}.{kind}"

    def kinds(self) -> list[str]:
        """The kinds of model with a registered version. Raises SourceUnavailable where the store does not answer."""
        # In the filter, _ stands for any letter.
        prefix = self.name("")
        with self._store_errors():
            models = self._client.search_registered_models(f"name LIKE '{prefix}%'", max_results=MAX_RESULTS)
        return sorted(model.name.removeprefix(prefix) for model in models if model.name.startswith(prefix))

    def experiments(self) -> dict[str, str]:
        """The experiment of each kind of model that was trained: its id by name."""
        prefix = self.name("")
        experiments = self._client.search_experiments(filter_string=f"name LIKE '{prefix}%'")
        return {one.name: one.experiment_id for one in experiments if one.name.startswith(prefix)}

    def aliases(self, kind: str) -> dict[str, int]:
        """The version that each alias points at. Raises SourceUnavailable where the store does not answer."""
        with self._store_errors():
            try:
                aliases = self._client.get_registered_model(self.name(kind)).aliases
            except MlflowException as fault:
                if fault.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return {}
                raise
        return {alias: int(version) for alias, version in aliases.items()}

    def versions(self, kind: str) -> list[RegisteredVersion]:
        """Every version, oldest first; empty where nothing was registered."""
        aliases = self.aliases(kind)
        versions = self._client.search_model_versions(f"name='{self.name(kind)}'")
        return sorted((self._to_version(version, aliases) for version in versions), key=lambda each: each.version)

    def find(self, kind: str, version_or_alias: int | str) -> RegisteredVersion:
        """One version by its number or alias. Raises NotFound, which lists the versions."""
        aliases = self.aliases(kind)
        number = aliases.get(str(version_or_alias), version_or_alias)
        try:
            return self._to_version(self._client.get_model_version(self.name(kind), str(int(number))), aliases)
        except (ValueError, MlflowException) as fault:
            versions = ", ".join(str(each.version) for each in self.versions(kind))
            versions = versions or f"none yet, run {find_kind(kind).train_command}"
            raise NotFound(f"no '{version_or_alias}' of {self.name(kind)}; versions: {versions}") from fault

    def package(self, registered: RegisteredVersion) -> ModelPackage:
        """Load the fitted model of a version with its card and its columns."""
        return ModelPackage.read(_local(registered.folder)).with_version(registered.version)

    def artifact(self, registered: RegisteredVersion) -> Artifact:
        """Load the fitted model of a version."""
        return self.package(registered).artifact

    def register(
        self, package: ModelPackage, run_id: str, *, alias: str = CHALLENGER, description: str = ""
    ) -> RegisteredVersion:
        """Store a fitted model as the next version under an alias. An interruption leaves no version.

        MLflow's UI shows the `description`, in Markdown, on the page of the version.
        """
        kind, name = package.card.kind, self.name(package.card.kind)
        source, model_id = self._store(package, run_id)
        if not self._client.search_registered_models(f"name='{name}'"):
            self._client.create_registered_model(name, description=find_kind(kind).predicts)
        created = self._client.create_model_version(
            name, source=source, run_id=run_id, model_id=model_id, description=description
        )
        try:
            self.set_alias(kind, alias, version=int(created.version))
        except BaseException:
            self._client.delete_model_version(name, str(created.version))
            raise
        return self.find(kind, int(created.version))

    def set_alias(self, kind: str, alias: str, *, version: int) -> None:
        """Point an alias at a version. Callers record the move in the ledger (training/run/pipeline.py)."""
        self._client.set_registered_model_alias(self.name(kind), alias, str(version))

    @contextmanager
    def _store_errors(self) -> Generator[None]:
        """Turn an error of the store into SourceUnavailable."""
        try:
            yield
        except MlflowException as fault:
            if describe_disk_fault(fault):
                raise
            raise SourceUnavailable(
                f"MLflow's store {redact(self.tracking_uri)} does not answer ({fault.error_code}); start it or set "
                f"{MLFLOW_TRACKING_URI} to another store"
            ) from fault

    def _store(self, package: ModelPackage, run_id: str) -> tuple[str, str]:
        """Store the model with its run; returns its address and MLflow's id of it."""
        experiment = self._client.get_run(run_id).info.experiment_id
        logged = self._client.create_logged_model(experiment, name=package.card.model, source_run_id=run_id)
        with tempfile.TemporaryDirectory() as folder:
            model = Model(model_id=logged.model_id, run_id=run_id, signature=_signature(package.card.kind))
            with name_place(Path(folder)):
                _save_pyfunc(package, Path(folder), model=model)
            self._client.log_model_artifacts(logged.model_id, str(Path(folder) / "pyfunc"))
        self._client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
        return logged.artifact_location, logged.model_id

    def _to_version(self, stored: ModelVersion, aliases: dict[str, int]) -> RegisteredVersion:
        version = int(stored.version)
        folder = f"{stored.source}/data/kizuna"
        card = read_card(_local(f"{folder}/card.json").parent)
        names = tuple(sorted(alias for alias, pointed in aliases.items() if pointed == version))
        return RegisteredVersion(
            version, names, msgspec.structs.replace(card, version=version), stored.run_id or "", folder
        )


def open_store(tracking_uri: str) -> MlflowClient:
    """MLflow's client of a store. Creates a SQLite store where there is none.

    Raises ConfigError for an address that is no store, SourceUnavailable for a database that does not answer or that
    this version of MLflow cannot use.
    """
    refuse_unreachable(tracking_uri)
    if tracking_uri.startswith(SQLITE):
        create_store(Path(tracking_uri.removeprefix(SQLITE)))
    with refuse_unusable(tracking_uri):
        return MlflowClient(tracking_uri)


def artifact_location(tracking_uri: str) -> str | None:
    """Where a store keeps files: next to a SQLite database; None where a server decides."""
    if not tracking_uri.startswith(SQLITE):
        return None
    return str(Path(tracking_uri.removeprefix(SQLITE)).resolve().parent / "mlartifacts")


def _save_pyfunc(package: ModelPackage, folder: Path, *, model: Model) -> None:
    package.write(folder / "kizuna")
    mlflow.pyfunc.save_model(
        folder / "pyfunc",
        loader_module=f"models.mlflow_store.pyfunc_{find_kind(package.card.kind).family}",
        data_path=str(folder / "kizuna"),
        # Listed here, because MLflow otherwise spends 20 s on working them out.
        pip_requirements=[f"{name}=={installed_version(name)}" for name in PIP_PACKAGES],
        mlflow_model=model,
    )


def _signature(kind: str) -> ModelSignature | None:
    """The parameters that MLflow passes on to `predict`.

    Columns are not part of it: MLflow refuses words in pandas categories, so the pyfunc models check columns.
    """
    if kind != RECOMMENDER.name:
        return None
    return ModelSignature(params=ParamSchema([ParamSpec("k", DataType.long, 10)]))


def _local(address: str) -> Path:
    """A file or folder of the store on this disk, downloaded where needed."""
    path = Path(address.removeprefix("file://"))
    return path if path.exists() else Path(mlflow.artifacts.download_artifacts(artifact_uri=address))


def model_capabilities(kind: ModelKind, model: str) -> frozenset[Capability]:
    """The capabilities that a model declares beyond the protocol of its kind; empty where its kind needs none."""
    if not kind.champion_needs:
        return frozenset()
    models: Catalogue[Any] = Catalogue.of_folder(kind.package, attribute="MODEL")
    return models[model].capabilities


def load_churn_champion(registry: Registry) -> AdditiveChurnModel:
    """Load the churn champion. Raises NotFound where there is none, BadInput where its log-odds are not additive."""
    artifact = registry.artifact(registry.find(CHURN.name, CHAMPION))
    model: ChurnModel = CHURN_MODELS[artifact.model].from_artifact(artifact)
    if not is_additive(model):
        raise BadInput(
            f"the churn champion is {artifact.model}, which gives no reasons; promote another with "
            f"{CHURN.promote_command}"
        )
    return model


def load_hazard_champion(registry: Registry) -> tuple[Hazard, int] | None:
    """Load the hazard champion and its version; None where none was promoted.

    A baseline that is champion only because there was none does not count: it predicts the same for every customer.
    """
    try:
        registered = registry.find(HAZARD.name, CHAMPION)
    except NotFound:
        return None
    if registered.card.is_baseline:
        return None
    artifact = registry.artifact(registered)
    return HAZARD_MODELS[artifact.model].from_artifact(artifact), registered.version


def load_text_champion(registry: Registry) -> TextModel | None:
    """Load the text champion; None where there is none and the word lists in `[causes]` are used."""
    if CHAMPION not in registry.aliases(TEXTS.name):
        return None
    return TextModel.from_artifact(registry.artifact(registry.find(TEXTS.name, CHAMPION)))
