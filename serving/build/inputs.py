"""What the parts of a release are built from: the champions and the tables of today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.business_summary import BusinessSummary
from core.config.data_set import Config
from core.config.recommender_experiment import RecommenderExperiment
from core.contact_answers import SaveRows
from core.errors import ConfigError, NotFound
from core.feature_table import FeatureTable
from core.model_kinds import CHURN, PREDICT, RECOMMENDER, find_kind, kinds_in_release
from core.recommender_experiment import MODEL_OF_ARM, Arm
from core.window import Cohort
from features.cohort import select_cohort
from features.daily_memo import DailyMemo
from features.labels.labelling import can_churn, explain_other_churn
from features.pipeline import compute_features
from features.save_rows import load_save_rows
from models.mlflow_store.package import ModelPackage
from serving.release.release import ReleasePart
from tables.consents import customers_refusing
from tables.tables import Tables

if TYPE_CHECKING:
    from models.mlflow_store.registry import Registry


SKIPPED = "skipped on request"


@dataclass(frozen=True)
class Champions:
    """The champions that go into a release, by kind, and why other kinds are missing."""

    packages: Mapping[str, ModelPackage]
    missing: Mapping[str, str]
    versions: Mapping[str, int] = field(default_factory=dict[str, int])
    "The version of every champion, of those too that cannot be used; with an experiment, that of the challenger, too."
    challenger: ModelPackage | None = None
    "The second recommender, in an experiment with a champion."

    @classmethod
    def of(
        cls,
        registry: Registry,
        skip: Collection[str] = (),
        *,
        events: Collection[str] = (),
        forced: Collection[tuple[str, int]] = (),
        allow_constant: bool = False,
        experiment: RecommenderExperiment | None = None,
    ) -> Champions:
        """Load every kind's champion, except kinds to skip and champions that cannot be used.

        `events` are those under [predict] in the TOML. `forced` are the champions that were promoted by force, from
        `LedgerState.champions_by_force`. `allow_constant` loads baselines that predict the same for every customer,
        too. `experiment` names the second recommender; raises ConfigError where there is none or it is the champion.
        """
        packages: dict[str, ModelPackage] = {}
        missing: dict[str, str] = {}
        versions: dict[str, int] = {}
        names = [find_kind(f"{PREDICT.name}.{event}") for event in events]
        for kind in [*(kind for kind in kinds_in_release() if kind is not PREDICT), *names]:
            try:
                package = registry.package(registry.find(kind.name, "champion"))
            except NotFound:
                # A kind that is trained only where the TOML asks for it is not missing, nor is one that is optional.
                if not (kind.trained_after or kind.is_optional):
                    missing[kind.name] = (
                        f"there is no champion; run `{kind.train_command}`, then `{kind.promote_command}`"
                    )
                continue
            versions[kind.name] = package.card.version or 0
            is_allowed = allow_constant and package.card.is_constant
            is_forced = (kind.name, package.card.version) in forced
            reason = "" if is_allowed else package.card.explain_refusal(is_forced=is_forced)
            reason = SKIPPED if {kind.name, kind.family} & set(skip) else reason
            if reason:
                missing[kind.name] = reason
            else:
                packages[kind.name] = package
        challenger = (
            load_challenger(registry, experiment, champion=versions[RECOMMENDER.name])
            if experiment is not None and RECOMMENDER.name in packages
            else None
        )
        if RECOMMENDER.name in versions:
            versions |= challenger_version(registry, experiment)
        return cls(packages, missing, versions, challenger)

    def explain_other_churn(self, config: Config) -> str:
        """Why the churn champion does not predict what `[churn]` says today; '' if it does."""
        package = self.packages.get(CHURN.name)
        return "" if package is None else explain_other_churn(package.card.label, config)


def challenger_version(registry: Registry, experiment: RecommenderExperiment | None) -> dict[str, int]:
    """The version of the second recommender, by its name in a release; empty where there is none."""
    if experiment is None:
        return {}
    try:
        registered = registry.find(RECOMMENDER.name, experiment.version_or_alias)
    except NotFound:
        return {}
    return {MODEL_OF_ARM[Arm.CHALLENGER]: registered.version}


def load_challenger(registry: Registry, experiment: RecommenderExperiment, *, champion: int) -> ModelPackage:
    """Load the second recommender of an experiment.

    Raises ConfigError where the registry has no such version, or where it is the champion's.
    """
    setting = f"[recommender_experiment] challenger = {experiment.challenger!r}"
    try:
        package = registry.package(registry.find(RECOMMENDER.name, experiment.version_or_alias))
    except NotFound as fault:
        raise ConfigError(f"{setting}: {fault}") from fault
    if package.card.version == champion:
        raise ConfigError(
            f"{setting} is version {champion}, the champion itself; name another version, or leave the section out"
        )
    return package


@dataclass(frozen=True)
class BuildInputs:
    """What the parts of one release are built from."""

    config: Config
    tables: Tables
    champions: Champions
    cutoff: date
    "Parts use what was known before midnight of this day."
    summary: BusinessSummary | None = None
    "The report and the campaigns, which are computed before; None without pages for people."
    memo: DailyMemo | None = None
    "What inputs of other days have in common with these."

    @cached_property
    def features(self) -> FeatureTable:
        """The features of the cohort at the cutoff, with the vocabularies of the churn champion."""
        churn = self.champions.packages.get(CHURN.name)
        cohort = select_cohort(self.tables, [self.cutoff])
        return compute_features(self.tables, cohort, vocabularies=None if churn is None else churn.vocabularies)

    @cached_property
    def can_churn(self) -> NDArray[np.bool_]:
        """Whether the definition of churn applies to each row of `features`, (n,)."""
        return can_churn(self.tables, Cohort(self.features.customer_ids, self.features.cutoffs))

    @cached_property
    def scoring_opt_outs(self) -> NDArray[np.str_]:
        """Ids of the customers who do not consent to scoring."""
        return customers_refusing(self.tables, "score", cutoff=self.cutoff)

    @cached_property
    def save_rows(self) -> SaveRows | None:
        """Contacts that a save rate is measured on; None without any."""
        return load_save_rows(self.tables, self.cutoff, memo=self.memo)

    def features_for(self, package: ModelPackage) -> FeatureTable:
        """The features with the vocabularies of a champion; computed again if they differ from the churn champion's."""
        now = self.features.vocabularies
        if all(now.get(name) == words for name, words in package.vocabularies.items()):
            return self.features
        cohort = Cohort(self.features.customer_ids, self.features.cutoffs)
        return compute_features(self.tables, cohort, vocabularies=package.vocabularies)


class BuiltPart(NamedTuple):
    """The result of building one part."""

    part: ReleasePart | None
    missing_reason: str = ""
    "Why there is none; empty if nothing is missing, or if the reason is known from the champions."
